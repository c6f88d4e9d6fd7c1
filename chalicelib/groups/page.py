"""The one-tap page of a meeting: say whether one comes, or leave its group. It names nobody, and no group."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from chalicelib.edge import pages
from chalicelib.edge.pages import Shown, Visit
from chalicelib.errors import Conflict, NotFound
from chalicelib.groups.answering import LinkOver, Opened, answer_meeting, open_link
from chalicelib.groups.belonging import Members, belongs
from chalicelib.groups.domain import Kind, Said
from chalicelib.groups.ringing import ANYBODY, Invited, everybody
from chalicelib.groups.service import Groups
from chalicelib.helplines.domain import resources
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients
from chalicelib.outreach.recurrence import local_date

FOLDER = Path(__file__).parent / "pages"
MOST_FIELDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Visit):
    """A visit to the page; ``picked``: what is chosen on it."""

    picked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTap:
    """
    The page over its ports. ``app_url``: the web client, where the meeting is behind a sign-in.

    ``invited`` is asked, by the kind of group, whether a member may hear of its meetings just now.
    """

    signer: Signer
    recipients: Recipients
    groups: Groups
    members: Members
    app_url: str
    invited: Mapping[Kind, Invited] = field(default_factory=lambda: ANYBODY)

    def show(self, visit: Choice) -> Shown:
        """Show the question, or why there is none. Changes nothing: mail scanners follow every link."""
        try:
            visit, opened = self._open(visit)
        except LinkForged:
            return self._word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        except LinkOver:
            return self._word(visit, "over", status=HTTPStatus.GONE)
        meeting = opened.meeting
        if refused := self._refused(opened, visit):
            return refused
        if meeting is None or meeting.off or not opened.group.is_live:
            return self._word(visit, "off")
        if visit.now >= meeting.at:
            begun = "begun" if visit.now < meeting.ends else "past"
            return self._word(visit, begun, leads=visit.now < meeting.ends)
        return self._question(visit, opened)

    def take(self, visit: Choice, body: str) -> Shown:
        """Take what was sent: an answer, or that one leaves the group."""
        try:
            visit, opened = self._open(visit)
        except LinkForged:
            return self._word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        except LinkOver:
            return self._word(visit, "over", status=HTTPStatus.GONE)
        return self._taken(visit, opened, _read(body))

    def _taken(self, visit: Choice, opened: Opened, sent: dict[str, str]) -> Shown:
        if sent.get("action") == "leave":
            self.members.leave(opened.group.id, opened.recipient.person_id, at=visit.now)
            return self._word(visit, "left")
        if refused := self._refused(opened, visit):
            return refused
        if sent.get("answer") not in set(Said):
            return self._question(visit, opened, status=HTTPStatus.UNPROCESSABLE_ENTITY, choose=True)
        said, who = Said(sent["answer"]), opened.recipient.person_id
        try:
            answer_meeting(opened.met, who, said, now=visit.now, members=self.members)
        except NotFound:
            # It is off, or they left: neither is the link's to say more about.
            return self._word(visit, "off")
        except Conflict:
            return self._word(visit, "past", status=HTTPStatus.CONFLICT)
        return self._word(visit, said.value, changes=True)

    def _refused(self, opened: Opened, visit: Choice) -> Shown | None:
        """Return what somebody is told who left the group, or may not hear of it now; None if the page is theirs."""
        group, who = opened.group, opened.recipient.person_id
        member = self.members.find(group.id, who)
        if member is None or not belongs(group, member, opened.recipient):
            return self._word(visit, "off")
        if not self.invited.get(group.kind, everybody)(group, who, visit.now):
            return self._word(visit, "over", status=HTTPStatus.GONE)
        return None

    def trouble(self, visit: Choice) -> Shown:
        """Show that something broke on our side: a person must never meet a blank page."""
        return self._word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)

    def _open(self, visit: Choice) -> tuple[Choice, Opened]:
        claims: Claims = self.signer.open(Purpose.RSVP, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            language = recipient.language if recipient.language in pages.LANGUAGES else visit.language
            visit = replace(visit, language=language, country=recipient.country)
        return visit, open_link(claims, recipient, groups=self.groups)

    def _question(
        self, visit: Choice, opened: Opened, *, status: HTTPStatus = HTTPStatus.OK, choose: bool = False
    ) -> Shown:
        say = _say(visit.language)
        meeting = opened.meeting
        when = when_of(meeting.at, opened.recipient.zone, say) if meeting else ""
        html = pages.render(
            FOLDER,
            "answer.html",
            language=visit.language,
            numbers=resources(visit.country),
            title=say["title"],
            say=say,
            when=when,
            said=[(said.value, say["answers"][said.value]) for said in (Said.YES, Said.MAYBE, Said.NO)],
            picked=visit.picked,
            choose=choose,
        )
        return Shown(html=html, status=status)

    def _word(
        self,
        visit: Choice,
        name: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        changes: bool = False,
        leads: bool = False,
    ) -> Shown:
        say = _say(visit.language)
        heading, *lines = say[name]
        html = pages.render(
            FOLDER,
            "word.html",
            language=visit.language,
            numbers=resources(visit.country),
            title=say["title"],
            say=say,
            heading=heading,
            lines=lines,
            changes=changes,
            leads=self.app_url if leads else "",
        )
        return Shown(html=html, status=status)


def when_of(at: datetime, zone: str, say: dict[str, Any]) -> str:
    """Return an instant as a person in this zone reads it: day, time and what the zone is called then."""
    local = at.astimezone(ZoneInfo(zone))
    on = local_date(at, zone)
    hour, half = local.hour % 12 or 12, say["pm"] if local.hour >= 12 else say["am"]  # noqa: PLR2004 (noon)
    return str(say["when"]).format(
        weekday=say["weekdays"][on.weekday()],
        month=say["months"][on.month - 1],
        day=on.day,
        time=f"{hour}:{local.minute:02} {half}",
        zone=local.tzname(),
    )


def _say(language: str) -> dict[str, Any]:
    return pages.words(FOLDER / "words.json", language)


def _read(form: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        return {}
