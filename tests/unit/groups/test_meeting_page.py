"""The one-tap page of a meeting: it takes an answer or a leave, reads nothing out, and names nobody."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest

from chalicelib.groups import belonging, service
from chalicelib.groups.bells import About, Sort
from chalicelib.groups.domain import Group, Kind, Said
from chalicelib.groups.page import Choice, OneTap, when_of
from chalicelib.groups.series import Cause, Change
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import PERSON, a_recipient, utc
from tests.fakes import FakeRecipients
from tests.fakes_groups import FakeGroups, FakeMembers
from tests.unit.groups.test_meeting_series import SET, THURSDAY, a_part, a_series

START = utc("2026-11-26T23:00")
DAY_BEFORE = utc("2026-11-26T01:00")
ABOUT = About(sort=Sort.DAY, series_id="5e" * 16, on=THURSDAY, at=START)
SIGNER = Signer(("secret",))
NAME = "Thursday circle"


@dataclass
class Site:
    who: Recipient = field(default_factory=lambda: a_recipient(zone="America/Los_Angeles", first_name="Zenobia"))
    groups: FakeGroups = field(default_factory=FakeGroups)
    members: FakeMembers = field(default_factory=FakeMembers)

    def __post_init__(self) -> None:
        group = Group(
            id="60" * 16,
            programme_id="iop-evening",
            kind=Kind.ALUMNI,
            name=NAME,
            language="en",
            facilitators=frozenset({"fay"}),
            is_open=True,
            by="admin",
            made_at=SET,
        )
        self.groups.add(group)
        self.groups.add_series(a_series(a_part()), group, look_at=None)
        belonging.join(group, PERSON, by="staff", now=SET, members=self.members)
        self.page = OneTap(
            signer=SIGNER,
            recipients=FakeRecipients(self.who),
            groups=self.groups,
            members=self.members,
            app_url="https://app.example",
        )

    @property
    def said(self) -> Said | None:
        found = self.members.find("60" * 16, PERSON)
        return found.said(ABOUT.meeting) if found else None

    def visit(self, *, at: datetime = DAY_BEFORE, purpose: Purpose = Purpose.RSVP, picked: str = "") -> Choice:
        claims = Claims(person_id=PERSON, kind=ABOUT.kind, on=THURSDAY, channel_id="mail", revision=1, expires_at=START)
        return Choice(token=SIGNER.token(purpose, claims), now=at, language="en", picked=picked)


@pytest.fixture
def site() -> Site:
    return Site()


def test_looking_changes_nothing_shows_their_own_time_and_names_nobody(site: Site) -> None:
    site.page.take(site.visit(), "answer=no&action=answer")
    before = dict(site.members.rows["60" * 16])

    shown = site.page.show(site.visit())

    assert site.members.rows["60" * 16] == before
    assert "Thursday, November 26, 3:00 PM (PST)" in shown.html
    # Neither a name, nor what was answered before: a forwarded link reads nothing out.
    assert not any(word in shown.html for word in ("Zenobia", NAME, " checked", "video.example", "iop-evening"))
    assert 'value="yes" checked' in site.page.show(site.visit(picked="yes")).html
    assert site.said is Said.NO


def test_the_last_answer_counts_until_the_meeting_begins(site: Site) -> None:
    for said in ("yes", "yes", "maybe", "no", "yes"):
        shown = site.page.take(site.visit(), f"answer={said}&action=answer")
        assert (shown.status, site.said) == (HTTPStatus.OK, Said(said))
    assert "See you there" in shown.html

    late = site.page.take(site.visit(at=START), "answer=no&action=answer")
    assert (late.status, site.said) == (HTTPStatus.CONFLICT, Said.YES)
    begun = site.page.show(site.visit(at=START + timedelta(minutes=5)))
    assert "This meeting has begun" in begun.html
    assert "https://app.example" in begun.html
    assert "This meeting is over" in site.page.show(site.visit(at=START + timedelta(hours=2))).html


def test_one_tap_leaves_the_group_and_so_often_as_it_is_tapped(site: Site) -> None:
    for _ in range(2):
        assert "You have left the group" in site.page.take(site.visit(), "action=leave").html
    assert site.members.size("60" * 16) == 0
    # What the link says afterwards is what it says of a meeting that is off.
    for gone in (
        site.page.take(site.visit(), "answer=yes&action=answer"),
        site.page.take(site.visit(), "answer=perhaps"),
        site.page.show(site.visit()),
    ):
        assert "does not take place" in gone.html
        assert "3:00 PM" not in gone.html, "who left learns no more of when they meet"


def test_who_may_not_hear_of_the_group_just_now_learns_nothing_and_can_leave(site: Site) -> None:
    page = replace(site.page, invited={Kind.ALUMNI: lambda group, who, now: False})  # noqa: ARG005

    for shown in (page.show(site.visit()), page.take(site.visit(), "answer=yes"), page.take(site.visit(), "answer=")):
        assert (shown.status, "This link has run out" in shown.html) == (HTTPStatus.GONE, True)
        assert "3:00 PM" not in shown.html
    assert site.said is None
    assert "You have left the group" in page.take(site.visit(), "action=leave").html


@pytest.mark.parametrize("body", ["", "answer=perhaps", "answer=", "a&b&c", "&".join(["x=1"] * 99), "action=answer"])
def test_what_is_no_answer_asks_again(site: Site, body: str) -> None:
    shown = site.page.take(site.visit(), body)

    assert (shown.status, site.said) == (HTTPStatus.UNPROCESSABLE_ENTITY, None)
    assert "Please choose one" in shown.html


def test_a_link_for_something_else_or_made_up_is_none(site: Site) -> None:
    for visit in (site.visit(purpose=Purpose.READ), replace(site.visit(), token="made-up")):
        for shown in (site.page.show(visit), site.page.take(visit, "answer=yes")):
            assert shown.status is HTTPStatus.NOT_FOUND
    assert site.said is None


@pytest.mark.parametrize(
    "changes",
    [
        {"standing": Standing.ENDED},
        {"channels": ()},
        {"channels": (replace(a_recipient().channels[0], revision=2),)},
        {"person_id": "0e" * 16},
    ],
)
def test_a_link_whose_address_is_not_its_persons_any_more_does_nothing(changes: dict[str, object]) -> None:
    site = Site(who=replace(a_recipient(), **changes))  # type: ignore[arg-type]

    for shown in (site.page.show(site.visit()), site.page.take(site.visit(), "action=leave")):
        assert shown.status is HTTPStatus.GONE
    assert site.members.size("60" * 16) == 1


def test_of_a_meeting_that_is_off_it_says_so_and_takes_no_answer(site: Site) -> None:
    series = site.groups.all_series["5e" * 16]
    service.call_off(series, [THURSDAY], Cause.WEATHER, now=DAY_BEFORE, groups=site.groups)

    for shown in (site.page.show(site.visit()), site.page.take(site.visit(), "answer=yes&action=answer")):
        assert "does not take place" in shown.html
        assert "weather" not in shown.html.lower()
    assert site.said is None


def test_a_meeting_that_was_moved_is_answered_by_an_older_link_too(site: Site) -> None:
    later = START + timedelta(hours=3)
    series = site.groups.all_series["5e" * 16]
    change = Change(on=THURSDAY, set_at=DAY_BEFORE, version=0)
    service.move(series, THURSDAY, at=later, change=change, now=DAY_BEFORE, groups=site.groups)

    assert "6:00 PM (PST)" in site.page.show(site.visit()).html
    site.page.take(site.visit(at=START + timedelta(hours=1)), "answer=maybe&action=answer")
    assert site.said is Said.MAYBE


def test_a_time_is_said_as_people_read_it() -> None:
    say = {"when": "{weekday} {day} {month} {time} {zone}", "am": "AM", "pm": "PM", "weekdays": list("MTWTFSS"),
           "months": list("JFMAMJJASOND")}  # fmt: skip

    assert when_of(utc("2026-11-26T17:05"), "America/New_York", say) == "T 26 N 12:05 PM EST"
    assert when_of(utc("2026-11-27T05:00"), "America/New_York", say) == "F 27 N 12:00 AM EST"
