from dataclasses import replace

import pytest

from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.deciding import Defer, Send, Skip, decide
from chalicelib.outreach.domain import Reason, Standing
from tests.build import a_device, a_due, a_recipient, a_schedule, an_email, utc

NINE = utc("2026-11-25T14:00")


def test_the_device_comes_before_the_address() -> None:
    verdict = decide(a_due(), a_recipient(channels=(an_email(), a_device())), now=NINE)

    assert isinstance(verdict, Send)
    assert [channel.id for channel in verdict.channels] == ["phone", "mail"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"standing": Standing.ON_HOLD}, Reason.ON_HOLD),
        ({"standing": Standing.ENDED}, Reason.ENDED),
        ({"standing": Standing.NONE}, Reason.NO_EPISODE),
        ({"standing": Standing.ALUMNI}, Reason.NO_CONSENT),
        ({"consents": frozenset[str]()}, Reason.NO_CONSENT),
        ({"channels": ()}, Reason.NO_CHANNEL),
        ({"channels": (an_email(usable=False),)}, Reason.NO_CHANNEL),
        ({"channels": (an_email(),), "consents": frozenset({"contact_push"})}, Reason.NO_CHANNEL),
    ],
)
def test_nobody_is_reached_without_standing_consent_and_address(changed: dict[str, object], reason: Reason) -> None:
    recipient = replace(a_recipient(), **changed)  # type: ignore[arg-type]

    assert decide(a_due(), recipient, now=NINE) == Skip(reason=reason)


def test_alumni_are_reached_by_a_consent_of_their_own() -> None:
    consents = frozenset({"contact_email", "alumni_contact"})

    verdict = decide(a_due(), a_recipient(standing=Standing.ALUMNI, consents=consents), now=NINE)

    assert isinstance(verdict, Send)


def test_quiet_hours_put_a_check_in_off_until_they_end() -> None:
    early = a_schedule(at="07:30")

    verdict = decide(a_due(early), a_recipient(schedule=early), now=utc("2026-11-25T12:30"))

    assert verdict == Defer(until=utc("2026-11-25T13:00"))


def test_quiet_hours_over_midnight_end_on_the_next_day() -> None:
    late = a_schedule(at="21:30")
    recipient = a_recipient(schedule=late, quiet=("21:00", "03:00"))

    verdict = decide(a_due(late, after="2026-11-25T12:00"), recipient, now=utc("2026-11-26T02:30"))

    assert verdict == Defer(until=utc("2026-11-26T08:00"))


def test_what_quiet_hours_would_make_too_late_is_skipped() -> None:
    late = a_schedule(at="21:30")

    verdict = decide(a_due(late, after="2026-11-25T12:00"), a_recipient(schedule=late), now=utc("2026-11-26T02:30"))

    assert verdict == Skip(reason=Reason.LATE)


def test_after_an_outage_it_goes_out_until_the_window_closes() -> None:
    recipient = a_recipient(quiet=("00:00", "00:00"))

    assert isinstance(decide(a_due(), recipient, now=utc("2026-11-26T08:59")), Send)
    assert decide(a_due(), recipient, now=utc("2026-11-26T09:00")) == Skip(reason=Reason.LATE)


def test_an_address_is_asked_about_before_it_is_confirmed_and_without_consent() -> None:
    due = replace(a_due(), kind=confirm_kind("phone", 1))
    recipient = a_recipient(channels=(an_email(), a_device(usable=False)), consents=frozenset())

    verdict = decide(due, recipient, now=due.at)

    assert isinstance(verdict, Send)
    assert [channel.id for channel in verdict.channels] == ["phone"]
