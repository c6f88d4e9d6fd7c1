"""huey with redis: a task, a hash for the record, and the sorted set of its scheduled tasks for the next occurrence."""

import sys

from common import A_PERSON, AT_ONCE, REDIS, SAME_WORK, hand_over, now, people, tomorrow
from huey import RedisHuey

huey = RedisHuey("bench", url=REDIS, results=False)
redis = huey.storage.conn


@huey.task()
def remind(person: str) -> None:
    """Deliver one reminder."""
    if SAME_WORK:
        assert redis.hgetall(f"person:{person}")
        if not redis.hsetnx(f"record:{person}", "claimed_at", now().isoformat()):
            return
    hand_over(person)
    redis.hset(f"record:{person}", mapping={"status": "sent", "at": now().isoformat()})
    # Straight into the schedule: `schedule()` would take the way round through the queue and cost huey more.
    huey.add_schedule(remind.s(person, eta=tomorrow().replace(tzinfo=None)))


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        redis.flushdb()
        for person in people(int(sys.argv[2])):
            redis.hset(f"person:{person}", mapping=A_PERSON)
            remind(person)
    else:
        huey.create_consumer(workers=AT_ONCE, worker_type="thread", initial_delay=0.01, periodic=False).run()
