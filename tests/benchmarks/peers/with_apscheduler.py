"""APScheduler with its jobs in PostgreSQL: a daily job per person, whose next occurrence it writes by itself."""

import logging
import os
import sys
from datetime import timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from common import (
    A_PERSON,
    A_ROW,
    AT_ONCE,
    CLAIM,
    POSTGRES,
    SAME_WORK,
    TABLE_OF_PEOPLE,
    TABLE_OF_RECORDS,
    WRITE,
    hand_over,
    now,
    people,
)
from psycopg_pool import ConnectionPool

logging.basicConfig(level=logging.ERROR)
records = ConnectionPool(POSTGRES, min_size=4, max_size=AT_ONCE, open=False)


def remind(person: str) -> None:
    """Deliver one reminder."""
    if SAME_WORK:
        with records.connection() as connection:
            connection.execute("select * from person where person = %s", (person,)).fetchone()
            if not connection.execute(CLAIM, (person,)).rowcount:
                return
    hand_over(person)
    with records.connection() as connection:
        connection.execute(WRITE, (person,))


def settings() -> dict[str, object]:
    """Return where its jobs are and how it runs them: all that are due, once each."""
    return {
        "jobstores": {"default": SQLAlchemyJobStore(url=POSTGRES.replace("postgresql://", "postgresql+psycopg://"))},
        "executors": {"default": ThreadPoolExecutor(AT_ONCE)},
        "job_defaults": {"coalesce": True, "misfire_grace_time": 86400},
        "timezone": "UTC",
    }


def fill(number: int) -> None:
    """Begin anew, with as many reminders due now."""
    with records.connection() as connection:
        connection.execute("drop schema public cascade; create schema public")
        connection.execute(TABLE_OF_RECORDS)
        connection.execute(TABLE_OF_PEOPLE)
        with connection.cursor() as cursor:
            cursor.executemany(A_ROW, [(person, *A_PERSON.values()) for person in people(number)])
    filling = BackgroundScheduler(**settings())
    filling.start(paused=True)
    due = now() - timedelta(seconds=1)
    for person in people(number):
        first = due + timedelta(days=1)
        filling.add_job(
            "with_apscheduler:remind", "interval", days=1, start_date=first, next_run_time=due, args=[person], id=person
        )
    # Not shutdown(): its last look at the store would run everything that is due.
    os._exit(0)


if __name__ == "__main__":
    # The store names a job's function by its module, which must be this one and not `__main__`.
    import with_apscheduler

    with_apscheduler.records.open()
    if sys.argv[1] == "fill":
        records.open()
        fill(int(sys.argv[2]))
    else:
        BlockingScheduler(**settings()).start()
