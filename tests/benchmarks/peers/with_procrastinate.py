"""procrastinate with PostgreSQL: a task, a row for the record, and the next occurrence by its `schedule_at`."""

import asyncio
import sys

from common import (
    A_PERSON,
    A_ROW,
    AT_ONCE,
    CLAIM,
    POSTGRES,
    PROVIDER_SECONDS,
    SAME_WORK,
    TABLE_OF_PEOPLE,
    TABLE_OF_RECORDS,
    WRITE,
    people,
    take,
    tomorrow,
)
from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

app = App(connector=PsycopgConnector(conninfo=POSTGRES, min_size=4, max_size=AT_ONCE + 4))
records = AsyncConnectionPool(POSTGRES, min_size=4, max_size=AT_ONCE, open=False)


@app.task
async def remind(person: str) -> None:
    """Deliver one reminder."""
    if SAME_WORK:
        async with records.connection() as connection:
            await (await connection.execute("select * from person where person = %s", (person,))).fetchone()
            claimed = await connection.execute(CLAIM, (person,))
            if not claimed.rowcount:
                return
    take(person)
    if PROVIDER_SECONDS:
        await asyncio.sleep(PROVIDER_SECONDS)
    async with records.connection() as connection:
        await connection.execute(WRITE, (person,))
    await remind.configure(schedule_at=tomorrow()).defer_async(person=person)


async def fill(number: int) -> None:
    """Begin anew, with as many reminders due now."""
    async with app.open_async(), records, records.connection() as connection:
        await connection.execute("drop schema public cascade; create schema public")
        await connection.execute(TABLE_OF_RECORDS)
        await connection.execute(TABLE_OF_PEOPLE)
        async with connection.cursor() as cursor:
            await cursor.executemany(A_ROW, [(person, *A_PERSON.values()) for person in people(number)])
        await connection.commit()
        await app.schema_manager.apply_schema_async()
        for start in range(0, number, 1000):
            await remind.batch_defer_async(*({"person": person} for person in people(number)[start : start + 1000]))


async def work() -> None:
    """Run a worker."""
    async with app.open_async(), records:
        await app.run_worker_async(concurrency=AT_ONCE, delete_jobs="successful")


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[2])) if sys.argv[1] == "fill" else work())
