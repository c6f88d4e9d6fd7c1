"""The link of a meeting through its doors: who forwards it, taps twice, comes late or scans it does no harm by it."""

import json
from datetime import datetime, timedelta

import boto3
import pytest

from chalicelib.edge.keys import keys
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.service import move_episode
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.groups.bells import About, Sort
from chalicelib.groups.domain import Said
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.page_routes import _one_tap
from chalicelib.groups.series import named
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import utc
from tests.groups_api import FAY, Api, enrol
from tests.streaming import Item, scan
from tests.toy import NOW, Told

FORM = "application/x-www-form-urlencoded"
START = utc("2026-11-26T23:00")


class Linked(Api):
    """A group of an alumna who said nothing yet, and the links of its first two meetings."""

    def __init__(self) -> None:
        super().__init__()
        self.ana = enrol(1)
        self.path = self.group(name="Thursday circle")
        self.group_id = self.path.rpartition("/")[2]
        self.plan = self.series(self.path)
        assert self.send("PUT", f"{self.path}/members/{self.ana}").status == 204
        self.first, self.second = (str(one["id"]) for one in self.meetings(self.path)[:2])

    def link(self, meeting: str, *, at: datetime = START) -> str:
        series_id, on = named(meeting)
        who = DynamoPeople().load(self.ana, now=NOW)
        assert who
        channel = who.channels[0]
        claims = Claims(
            person_id=self.ana,
            kind=About(sort=Sort.DAY, series_id=series_id, on=on, at=at).kind,
            on=on,
            channel_id=channel.id,
            revision=channel.revision,
            expires_at=at + timedelta(hours=1),
        )
        return f"/m/{Signer(keys().links).token(Purpose.RSVP, claims)}"

    def tap(self, link: str, body: str = "answer=yes&action=answer") -> Told:
        return self.send("POST", link, body, Content_Type=FORM)

    def said(self, meeting: str) -> Said | None:
        member = DynamoMembers().find(self.group_id, self.ana)
        return member.said(meeting) if member else None


@pytest.fixture
def api(aws: None) -> Linked:
    del aws
    secret = json.dumps({"links": {"k1": "secret"}, "vapid_private": "x", "vapid_public": ""})
    boto3.client("secretsmanager").create_secret(Name="cairn/keys", SecretString=secret)
    keys.cache_clear()
    _one_tap.cache_clear()
    return Linked()


def everything() -> list[Item]:
    return sorted(scan(), key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def test_a_scanner_that_follows_every_link_changes_nothing_whatever_it_picks(api: Linked) -> None:
    before = everything()
    for link in (api.link(api.first), f"{api.link(api.first)}?answer=yes", f"{api.link(api.second)}?answer=no&utm=x"):
        for _ in range(3):
            told = api.send("GET", link)
            assert (told.status, told.headers["Cache-Control"]) == (200, "no-store")

    assert everything() == before


def test_who_a_link_was_forwarded_to_learns_nobodys_name_group_or_answer(api: Linked) -> None:
    api.tap(api.link(api.first), "answer=no&action=answer")

    for told in (api.send("GET", api.link(api.first)), api.tap(api.link(api.first), "answer=maybe&action=answer")):
        assert told.status == 200
        assert not [
            word for word in ("Ana1", "Quintero", "circle", "video.example", "iop-", " checked") if word in told.text
        ]


def test_a_link_that_is_used_twice_takes_the_last_word_of_its_own_meeting_only(api: Linked) -> None:
    for answer in ("yes", "yes", "no", "maybe"):
        assert api.tap(api.link(api.first), f"answer={answer}&action=answer").status == 200

    assert (api.said(api.first), api.said(api.second)) == (Said.MAYBE, None)
    # One of another date answers that one; none can be made of it by hand.
    assert api.tap(api.link(api.second, at=START + timedelta(days=7))).status == 200
    assert (api.said(api.first), api.said(api.second)) == (Said.MAYBE, Said.YES)
    made_up = api.link(api.first)[:-4] + "AAAA"
    assert (api.tap(made_up).status, api.send("GET", made_up).status) == (404, 404)


def test_after_it_was_called_off_or_has_begun_a_link_takes_nothing(api: Linked) -> None:
    off = {"dates": ["2026-11-26"], "cause": "weather"}
    assert api.send("POST", f"{api.plan}/cancellations", off).status == 200
    for told in (api.send("GET", api.link(api.first)), api.tap(api.link(api.first))):
        assert ("does not take place" in told.text, "weather" in told.text.lower()) == (True, False)
    api.at(START + timedelta(days=7))
    late = api.tap(api.link(api.second, at=START + timedelta(days=7)))

    assert (late.status, api.said(api.first), api.said(api.second)) == (409, None, None)


@pytest.mark.parametrize("how", ["leaves", "is taken out", "dies"])
def test_after_somebody_is_in_the_group_no_more_their_link_brings_them_back_nowhere(api: Linked, how: str) -> None:
    link = api.link(api.first)
    if how == "leaves":
        assert "You have left" in api.tap(link, "action=leave").text
    elif how == "is taken out":
        assert api.send("DELETE", f"{api.path}/members/{api.ana}", by=FAY).status == 204
    else:
        move_episode(api.ana, State.DECEASED, now=NOW, people=DynamoPeople())

    for told in (api.send("GET", link), api.tap(link)):
        assert not [word for word in ("3:00 PM", "See you", "Will you") if word in told.text]
    assert api.said(api.first) is None
    assert api.send("GET", f"{api.path}/meetings/{api.first}/answers").json["yes"] == 0
