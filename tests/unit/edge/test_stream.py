"""Who follows the table's stream: each listener by itself, each thing once, and what failed comes again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.edge.stream import Stored, follow


@dataclass
class Heard:
    """Follows partitions of one kind, and fails at some."""

    prefix: str
    fails_at: frozenset[str] = frozenset()
    can_not_read: frozenset[str] = frozenset()
    followed: list[str] = field(default_factory=list)
    name: str = "heard"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        if stored.sk in self.can_not_read:
            raise KeyError(stored.sk)
        who = stored.under(self.prefix)
        return (who,) if who else None

    def follow(self, about: tuple[str, ...]) -> int:
        (who,) = about
        if who in self.fails_at:
            raise ConnectionError(who)
        self.followed.append(who)
        return 1


def record(number: int, pk: str, *, name: str = "INSERT", **images: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "dynamodb": {
            "Keys": {"pk": {"S": pk}, "sk": {"S": f"sk-{number}"}},
            "SequenceNumber": str(number),
            **images,
        },
    }


def event(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def failures(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_each_thing_is_looked_at_once_by_each_who_follows_it() -> None:
    a, b = Heard("A#"), Heard("B#")

    answer = follow(event(record(1, "A#x"), record(2, "B#x"), record(3, "A#x"), record(4, "A#y")), (a, b))

    assert failures(answer) == []
    assert (a.followed, b.followed) == (["x", "y"], ["x"])


def test_who_fails_holds_up_no_other_and_the_first_that_failed_comes_again() -> None:
    a, b = Heard("A#", fails_at=frozenset({"y"})), Heard("B#", fails_at=frozenset({"w"}))
    records = [record(1, "A#x"), record(2, "B#w"), record(3, "A#y"), record(4, "B#v"), record(5, "A#z")]

    answer = follow(event(*records), (a, b))

    assert failures(answer) == ["2"]
    assert (a.followed, b.followed) == (["x", "z"], ["v"])


def test_what_can_not_be_read_comes_again_with_all_behind_it() -> None:
    a = Heard("A#")
    broken = record(2, "A#y")
    broken["dynamodb"]["Keys"]["pk"] = {"N": "1"}

    assert failures(follow(event(record(1, "A#x"), broken, record(3, "A#z")), (a,))) == ["2"]
    assert a.followed == ["x"]


def test_what_a_listener_can_not_read_comes_again_and_others_go_on() -> None:
    a, b = Heard("A#", can_not_read=frozenset({"sk-2"})), Heard("A#")

    assert failures(follow(event(record(1, "A#x"), record(2, "A#y"), record(3, "A#z")), (a, b))) == ["2"]
    assert (a.followed, b.followed) == (["x"], ["x", "y", "z"])


def test_a_record_says_what_was_and_what_is() -> None:
    seen: list[Stored] = []

    class Looks(Heard):
        def about(self, stored: Stored) -> tuple[str, ...] | None:
            seen.append(stored)
            return None

    before, now = {"a": {"S": "1"}}, {"a": {"S": "2"}}
    follow(
        event(
            record(1, "A#x", name="MODIFY", OldImage=before, NewImage=now),
            record(2, "A#x", name="REMOVE", OldImage=before),
        ),
        (Looks("A#"),),
    )

    assert [(one.before, one.now, one.was_removed, one.number) for one in seen] == [
        (before, now, False, "1"),
        (before, {}, True, "2"),
    ]
    assert (seen[0].under("A#"), seen[0].under("B#")) == ("x", None)


def test_an_error_is_logged_by_its_kind_and_place_and_never_by_its_text(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    follow(event(record(1, "A#somebody")), (Heard("A#", fails_at=frozenset({"somebody"})),))

    (line,) = [line for line in log() if line.get("message") == "nothing followed"]
    assert (line["listener"], line["error"]) == ("heard", "ConnectionError")
    assert "somebody" not in str(line)
