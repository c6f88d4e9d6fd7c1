"""A programme with its staff on duty, and what happens there: calls, looks, and an end."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.crisis import handling, service
from chalicelib.crisis.domain import Crisis, Disposition
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.handling import By
from chalicelib.privacy.domain import Role
from tests.build import utc
from tests.fakes_crisis import Site, a_call, a_member

NOW = utc("2026-11-26T07:00")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PRIM, SEC, SUP, PEER, BOSS = (
    a_member("prim", at=NOW),
    a_member("sec", at=NOW),
    a_member("sup", at=NOW),
    a_member("peer", Role.PEER_SPECIALIST, at=NOW),
    a_member("boss", Role.PROGRAM_ADMIN, at=NOW),
)
ROTA = Duty(
    primary=(PRIM.id,), secondary=(SEC.id,), supervisor=(SUP.id,), everybody=(PRIM.id, SEC.id, SUP.id, PEER.id, BOSS.id)
)
DANA = By(account="prim", programme_id="iop")
SAM = By(account="sec", programme_id="iop")


def sweep(site: Site, at: datetime) -> int:
    return service.sweep(now=at, desk=site.desk(), spent=lambda: 0.0)


def pass_by(site: Site, first: int, last: int) -> None:
    for minute in range(first, last + 1):
        sweep(site, NOW + minute * MINUTE)


def called(site: Site, at: datetime = NOW, **changes: Any) -> Crisis:
    service.press(a_call(at, **changes), now=at, desk=site.desk())
    return present(site)


def present(site: Site, caller: str = "p1") -> Crisis:
    crisis = site.crises.present_of(caller)
    assert crisis is not None
    return crisis


def whats(site: Site, crisis: Crisis) -> list[str]:
    return [event.what.value for event in site.crises.log(crisis.id)]


def over(site: Site, end: Disposition, *, at: datetime = NOW) -> Crisis:
    crisis = site.crises.present_of("p1") or called(site, at)
    for act in (handling.acknowledge, lambda *a, **k: handling.contact(*a, note=None, **k)):
        act(crisis.id, DANA, now=at + MINUTE, desk=site.desk())
    return handling.resolve(crisis.id, DANA, disposition=end, note="Talked.", now=at + 30 * MINUTE, desk=site.desk())


def decide(site: Site, by: By) -> Crisis:
    return handling.decide_welfare_check(
        present(site).id, by, wanted=True, note="Called 911.", now=NOW + 50 * MINUTE, desk=site.desk()
    )


class Broken:
    """Stands for whatever can't be reached."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_args: object, **_named: object) -> Any:
            raise ConnectionError(name)

        return fail
