"""Celery with redis: a task, a hash for the record, and the next occurrence by its `eta`, in another queue."""

import os
import sys
from pathlib import Path

from celery import Celery
from common import A_PERSON, AT_ONCE, REDIS, SAME_WORK, hand_over, now, people, tomorrow
from redis import Redis

app = Celery("with_celery", broker=REDIS)
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = int(os.environ.get("BENCH_PREFETCH", "4"))
if os.environ.get("BENCH_ACKS_LATE"):
    app.conf.task_acks_late = True
    app.conf.broker_transport_options = {"visibility_timeout": 10}
redis = Redis.from_url(REDIS)


@app.task
def remind(person: str) -> None:
    """Deliver one reminder."""
    if SAME_WORK:
        assert redis.hgetall(f"person:{person}")
        if not redis.hsetnx(f"record:{person}", "claimed_at", now().isoformat()):
            return
    hand_over(person)
    redis.hset(f"record:{person}", mapping={"status": "sent", "at": now().isoformat()})
    # A queue that no worker reads today: in the same queue, workers would hold every task until its hour in memory.
    remind.apply_async((person,), eta=tomorrow(), queue="tomorrow")


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        redis.flushdb()
        with app.producer_pool.acquire() as producer:
            for person in people(int(sys.argv[2])):
                redis.hset(f"person:{person}", mapping=A_PERSON)
                remind.apply_async((person,), producer=producer)
    else:
        pool = os.environ.get("BENCH_CELERY_POOL", "threads")
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error"]
        command = [str(Path(sys.executable).parent / "celery"), "-A", "with_celery", "worker"]
        os.execv(command[0], [*command, "-P", pool, "-c", str(AT_ONCE), *quiet])  # noqa: S606 (no shell wanted)
