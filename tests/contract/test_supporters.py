"""The doors about supporters over the table: invited by the person alone, seen by consent, ended without a word."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.family.domain import MOST_A_DAY, What
from chalicelib.family.telling import objection
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.store import DueItem
from tests import family_api
from tests.build import said
from tests.family_api import NEW, FamilyApi, desk
from tests.toy import NOW

api, ana = family_api.api, family_api.ana

CASE_MANAGER = "cara=iop-evening/case-manager"
CLINICIAN = "cleo=iop-evening/clinician"
DAY = timedelta(days=1)
SOME = (What.MILESTONES, What.GENERAL_PROGRESS)
"""All of them are in the matrix test; each costs a write."""


def waiting() -> list[Due]:
    return [
        Due(
            person_id=item.sk.split("#")[1],
            kind=item.sk.split("#")[2],
            on=datetime.fromisoformat(item.sk.split("#")[3]).date(),
            at=NOW,
            due_at=NOW,
            version=1,
        )
        for item in DueItem.scan()
        if item.pk.startswith("DUE#") and "#kin-" in item.sk
    ]


def checked_in(person_id: str, *days_ago: int) -> None:
    for days in days_ago:
        on, at = (NOW - days * DAY).date(), NOW - days * DAY
        answer = said(mood=2, craving=9, plan="talk", note="I drank")
        assert DynamoCheckIns().save(CheckIn(person_id=person_id, on=on).answered(answer, at=at, source=Source.APP))


def test_a_person_invites_and_whoever_has_the_mailbox_accepts(api: FamilyApi, ana: str) -> None:
    told = api.own(ana, "POST", "", NEW)

    assert told.status == 201, told.text
    assert (told.json["state"], {one["state"] for one in told.json["sharing"]}) == ("invited", {"never"})
    tie_id = told.json["id"]
    assert [due.kind for due in waiting()] == [f"supporter_invite-named-{tie_id}"]
    (row,) = [one for one in DynamoPeople().record(ana).consents if one.scope.startswith("supporter:")]  # type: ignore[union-attr]
    assert (row.scope, row.to, row.discloser) == (
        f"supporter:{tie_id}:invitation",
        "Rosa <rosa@example.org>",
        "iop-evening",
    )
    assert (row.value, row.locale, row.text_version, row.expires_at) == ("named", "en", 1, NOW + 14 * DAY)
    assert row.text_hash

    assert api.ask("rosa", tie_id).status == 202
    accepted = api.accept("rosa", tie_id)
    assert (accepted.status, accepted.json) == (201, {"id": tie_id, "name": "Ana"})
    assert api.kin("rosa", "GET", "/supporting").json == {"items": [{"id": tie_id, "name": "Ana"}]}
    assert api.own(ana, "GET", "").json["items"][0]["state"] == "active"


def test_staff_alone_invite_nobody_and_share_nothing(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    body = {"textVersion": 1, "locale": "en", "ends": "episode"}
    for whom in (CASE_MANAGER, CLINICIAN, "admin=iop-evening/program-admin", "rosa=iop-evening/supporter"):
        assert api.by(whom, "POST", f"/people/{ana}/supporters", NEW).status in {403, 404}, whom
        path = f"/people/{ana}/supporters/{tie_id}"
        assert api.by(whom, "PUT", f"{path}/sharing/milestones", body).status in {403, 404}, whom
        assert api.by(whom, "PUT", f"{path}/pause", {"paused": True}).status in {403, 404}, whom
        assert api.by(whom, "DELETE", path).status in {403, 404}, whom
        assert api.by(whom, "GET", f"{path}/view").status in {403, 404}, whom
    scope = f"supporter:{tie_id}:milestones"
    sent = {"scope": scope, "textVersion": 1, "locale": "en"}
    assert api.by(CASE_MANAGER, "POST", f"/people/{ana}/consents", sent).kind == "invalid"
    # They see who it is, to give them a sign-in.
    (shown,) = api.by(CASE_MANAGER, "GET", f"/people/{ana}/supporters").json["items"]
    assert (shown["firstName"], shown["email"]) == ("Rosa", "rosa@example.org")
    assert [task["kind"] for task in api.send("GET", f"/people/{ana}/tasks").json["items"]] == ["supporter_sign_in"]


def test_what_cannot_be_taken_is_named(api: FamilyApi, ana: str) -> None:
    told = api.own(ana, "POST", "", NEW | {"firstName": " ", "email": "rosa at home"})

    assert {one["field"] for one in told.json["errors"]} == {"firstName", "email"}
    assert api.own(ana, "POST", "", NEW | {"textVersion": 2}).kind == "conflict"
    tie_id = api.invite(ana)
    path, body = f"/{tie_id}/sharing/milestones", {"textVersion": 1, "locale": "en"}
    for end in ({}, {"until": "2026-11-01T00:00:00Z"}, {"until": "2028-01-01T00:00:00Z"}):
        assert api.own(ana, "PUT", path, body | end).kind == "invalid", end
    assert api.own(ana, "PUT", f"/{tie_id}/sharing/scores", body | {"ends": "episode"}).kind == "not-found"


def test_one_sees_what_is_shared_and_nothing_else(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    nothing = api.view("rosa", tie_id)
    assert nothing.json["words"] == "Nothing is shared right now. You can still be there for each other."
    checked_in(ana, 1, 3)

    api.share(ana, tie_id)
    api.at(NOW + timedelta(seconds=1))
    shown = api.view("rosa", tie_id)

    assert shown.json["words"] is None
    assert [one["text"] for one in shown.json["milestones"]] == ["24 hours", "7 days", "14 days", "30 days"]
    assert shown.json["attendance"] == {
        "came": 0,
        "didNot": 0,
        "text": "No session was noted in the last four weeks.",
    }
    assert shown.json["progress"]["text"] == "Did the daily check-in on 2 of the last 7 days."
    assert shown.json["crisis"] == {"alert": False, "text": None, "howToHelp": []}
    assert shown.json["familySessions"] == []
    assert shown.json["notice"]["statement"].startswith("42 CFR part 2 prohibits unauthorized use or disclosure")
    for private in ("drank", "craving", "mood", "TBH", "Lee", "example", ana, "2026-1"):
        assert private not in shown.text, private
    # And by no other door.
    for path in ("check-ins", "attendance", "achievements", "consents", "tasks", "supporters", "progress", "audit"):
        assert api.kin("rosa", "GET", f"/people/{ana}/{path}").kind == "forbidden", path


def test_each_look_is_written_down_with_its_consent(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    row = api.share(ana, tie_id, What.MILESTONES).json["sharing"][0]
    api.toy.audit.written.clear()

    api.view("rosa", tie_id)

    about = [(one.field, one.action, one.consent_id, one.relationship) for one in api.toy.audit.written if one.subject]
    assert about == [
        ("supporters", "read", None, "supporter"),
        ("milestones", "read", row["consentId"], "supporter"),
    ]


def states(api: FamilyApi, person: str, tie_id: str) -> dict[str, Any]:
    """Bring what is shared into each state in turn, and give what the supporter sees then."""
    seen = {"never": api.view("rosa", tie_id)}
    api.share(person, tie_id, *SOME, until=(NOW + DAY).isoformat())
    api.own(person, "PUT", f"/{tie_id}/pause", {"paused": True})
    api.at(NOW + timedelta(seconds=1))
    seen["paused"] = api.view("rosa", tie_id)
    api.own(person, "PUT", f"/{tie_id}/pause", {"paused": False})
    api.at(NOW + timedelta(seconds=2))
    assert api.view("rosa", tie_id).json["milestones"] is not None
    api.at(NOW + DAY)
    seen["expired"] = api.view("rosa", tie_id)
    api.share(person, tie_id, *SOME)
    api.at(NOW + DAY + timedelta(seconds=1))
    assert api.view("rosa", tie_id).json["milestones"] is not None
    for what in SOME:
        assert api.own(person, "DELETE", f"/{tie_id}/sharing/{what}").status == 200
    api.at(NOW + DAY + timedelta(seconds=2))
    seen["revoked"] = api.view("rosa", tie_id)
    api.share(person, tie_id, *SOME)
    assert api.own(person, "DELETE", f"/{tie_id}").status == 204
    api.at(NOW + DAY + timedelta(seconds=3))
    seen["removed"] = api.view("rosa", tie_id)
    return seen


def test_never_paused_expired_revoked_and_removed_look_the_same(api: FamilyApi, ana: str) -> None:
    seen = states(api, ana, api.supporter(ana))

    assert {told.status for told in seen.values()} == {200}
    assert len({told.text for told in seen.values()}) == 1
    assert not {"revoke", "remov", "paus", "expire", "withdr"} & set(seen["never"].text.lower().split())


def test_a_pause_is_a_row_and_goes_on_no_longer_than_what_it_paused(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    until = (NOW + 2 * DAY).isoformat().replace("+00:00", "Z")
    api.share(ana, tie_id, What.MILESTONES, until=until)

    paused = api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True}).json["sharing"]
    assert [(one["what"], one["state"]) for one in paused if one["state"] != "never"] == [("milestones", "paused")]
    assert paused[0]["until"] == until
    # What is paused can be taken back as well.
    assert api.own(ana, "DELETE", f"/{tie_id}/sharing/milestones").json["sharing"][0]["state"] == "revoked"
    api.share(ana, tie_id, What.MILESTONES, until=until)
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True})
    api.at(NOW + 3 * DAY)
    assert api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": False}).json["sharing"][0]["state"] == "expired"
    rows = api.by(f"{ana}=iop-evening/participant", "GET", f"/people/{ana}/consents").json["items"]
    acts = [row["action"] for row in rows if row["scope"].endswith(":milestones")]
    assert acts == ["granted", "paused", "revoked", "granted", "paused", "resumed"]


def test_what_ends_with_the_episode_ends_then(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    api.share(ana, tie_id, What.MILESTONES)
    api.at(NOW + timedelta(seconds=1))
    assert api.view("rosa", tie_id).json["milestones"] is not None

    told = api.by(CLINICIAN, "POST", f"/people/{ana}/transitions", {"to": "discharged_early"})

    assert told.status in {200, 201}, told.text
    assert api.view("rosa", tie_id).json["milestones"] is None
    assert api.own(ana, "GET", "").json["items"][0]["sharing"][0]["state"] == "expired"


def test_the_person_looks_at_exactly_what_the_supporter_sees(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    checked_in(ana, 2)
    before = api.own(ana, "GET", f"/{tie_id}/view").json
    api.ask("rosa", tie_id)
    api.accept("rosa", tie_id)
    assert api.view("rosa", tie_id).json == before
    for number, what in enumerate(SOME):
        api.share(ana, tie_id, what)
        api.at(NOW + timedelta(seconds=number + 1))
        assert api.own(ana, "GET", f"/{tie_id}/view").json == api.view("rosa", tie_id).json, what
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True})
    assert api.own(ana, "GET", f"/{tie_id}/view").json == api.view("rosa", tie_id).json == before


def test_a_forwarded_link_is_worth_nothing_without_the_mailbox(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)

    # Whoever was sent the link asks, and the code goes to the address that was invited.
    assert api.ask("mallory", tie_id).status == 202
    (code,) = [due for due in waiting() if due.kind.startswith("supporter_code")]
    assert code.person_id == f"kin-{tie_id}"
    for guess in (100_000, 481_920, 999_999):
        assert api.accept("mallory", tie_id, code=guess).kind == "not-found"
    # A code is one account's: what was mailed for another is no use to Rosa, and the other way round.
    for_mallory = api.code(tie_id)
    assert api.accept("rosa", tie_id, code=for_mallory).kind == "not-found"
    api.ask("rosa", tie_id)
    assert api.accept("mallory", tie_id).kind == "not-found"
    assert api.accept("rosa", tie_id).status == 201


def test_unknown_used_expired_and_withdrawn_invitations_are_answered_alike(api: FamilyApi, ana: str) -> None:
    used = api.supporter(ana, "rosa")
    withdrawn = api.invite(ana, email="b@example.org")
    api.own(ana, "DELETE", f"/{withdrawn}")
    revoked = api.invite(ana, email="c@example.org")
    scope = f"supporter:{revoked}:invitation"
    api.by(f"{ana}=iop-evening/participant", "POST", f"/people/{ana}/consents/{scope}/revocations")
    unknown = "0" * 32
    expired = api.invite(ana, email="d@example.org")
    tokens = {name: api.link(name) for name in (used, withdrawn, revoked, unknown)} | {"guessed": "x" * 40}
    answers = []
    api.at(NOW + timedelta(seconds=1))
    for name, token in [*tokens.items(), (expired, api.link(expired))]:
        if name == expired:
            api.at(NOW + 14 * DAY)
        asked = api.kin("eve", "POST", "/supporting/codes", {"token": token})
        sent = {"token": token, "code": 123_456, "timeZone": "UTC"}
        told = api.kin("eve", "POST", "/supporting", sent)
        page = api.by("", "GET", f"/i/{token}")
        kept = {key: value for key, value in told.json.items() if key != "instance"}
        answers.append((asked.status, asked.text, told.status, kept, page.status, page.text.replace(token, "")))

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][2] == 404
    assert not [due for due in waiting() if due.kind.startswith("supporter_code") and used not in due.kind]


def test_the_page_behind_the_link_names_nobody_and_changes_nothing(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    before = len(list(DueItem.scan()))

    page = api.by("", "GET", f"/i/{api.link(tie_id)}")

    assert page.status == 200
    for private in ("Ana", "Lee", "Rosa", "Evening", "recovery", "program", ana):
        assert private not in page.text.replace(api.link(tie_id), ""), private
    assert len(list(DueItem.scan())) == before
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_code_is_tried_a_few_times_and_asked_for_a_few_times(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    api.ask("rosa", tie_id)
    right = api.code(tie_id)
    for _ in range(5):
        assert api.accept("rosa", tie_id, code=100_000 + (right + 1) % 900_000).kind == "not-found"
    assert api.accept("rosa", tie_id, code=right).kind == "not-found"
    for _ in range(9):
        assert api.ask("rosa", tie_id).status == 202
    assert len([due for due in waiting() if due.kind.startswith("supporter_code")]) == 5
    # After half an hour a code is none any more.
    last = api.code(tie_id)
    api.at(NOW + timedelta(minutes=31))
    assert api.accept("rosa", tie_id, code=last).kind == "not-found"


def test_a_person_who_invites_a_thousand_reaches_a_few(api: FamilyApi, ana: str) -> None:
    told = [
        api.own(ana, "POST", "", NEW | {"email": f"friend{number}@example.org"}) for number in range(MOST_A_DAY + 3)
    ]

    assert [one.status for one in told] == [201] * MOST_A_DAY + [429] * 3
    assert told[-1].headers["Retry-After"]
    assert len([due for due in waiting() if due.kind.startswith("supporter_invite")]) == MOST_A_DAY
    # Nor do withdrawn ones make room for others that day, and an address has one invitation at a time.
    api.own(ana, "DELETE", f"/{told[0].json['id']}")
    assert api.own(ana, "POST", "", NEW | {"email": "more@example.org"}).kind == "too-soon"
    api.at(NOW + DAY)
    assert api.own(ana, "POST", "", NEW | {"email": "FRIEND1@example.org"}).kind == "conflict"


def test_a_supporter_of_one_learns_nothing_of_another(api: FamilyApi, ana: str) -> None:
    ben = api.person(2, givenName="Ben")
    of_ana = api.supporter(ana, "rosa")
    of_ben = api.supporter(ben, "omar")
    api.share(ana, of_ana, What.MILESTONES)
    api.share(ben, of_ben, What.MILESTONES)
    api.at(NOW + timedelta(seconds=1))

    def kept(told: Any) -> dict[str, Any]:
        return {key: value for key, value in told.json.items() if key != "instance"}

    foreign, unknown = (api.view("rosa", tie_id) for tie_id in (of_ben, "0" * 32))
    assert kept(foreign) == kept(unknown)
    assert foreign.status == 404
    for path in ("milestones", "attendance", "supporters", "concerns"):
        told, nobody = (api.kin("rosa", "GET", f"/people/{one}/{path}") for one in (ben, "f" * 32))
        assert (told.status, kept(told)) == (nobody.status, kept(nobody)) == (404, kept(nobody)), path
    for act in ("concerns", "help-now", "help"):
        body = {"worry": "soon", "text": "Hm."} if act == "concerns" else None
        assert api.kin("rosa", "POST", f"/supporting/{of_ben}/{act}", body).kind == "not-found"
    # Somebody who supports both sees each by what that one shares.
    both = api.supporter(ben, "rosa")
    assert api.view("rosa", both).json["milestones"] is None
    assert api.view("rosa", of_ana).json["milestones"] is not None
    assert [one["name"] for one in api.kin("rosa", "GET", "/supporting").json["items"]] == ["Ana", "Ben"]


def test_who_is_removed_sees_what_they_would_if_nothing_were_shared_and_who_leaves_is_gone(
    api: FamilyApi, ana: str
) -> None:
    tie_id = api.supporter(ana)
    nothing = api.view("rosa", tie_id).text
    api.share(ana, tie_id, What.MILESTONES)

    assert api.own(ana, "DELETE", f"/{tie_id}?block=true").status == 204
    api.at(NOW + timedelta(seconds=1))

    assert api.view("rosa", tie_id).text == nothing
    assert api.kin("rosa", "GET", f"/people/{ana}/milestones").kind == "forbidden"
    assert [one["name"] for one in api.kin("rosa", "GET", "/supporting").json["items"]] == ["Ana"]
    # For good: neither the address nor the account comes back by mistake.
    assert api.own(ana, "POST", "", NEW).kind == "conflict"
    other = api.invite(ana, email="rosa.other@example.org")
    api.ask("rosa", other)
    assert api.accept("rosa", other, code=123_456).kind == "not-found"

    assert api.kin("rosa", "DELETE", f"/supporting/{tie_id}").status == 204
    assert api.view("rosa", tie_id).kind == "not-found"
    assert api.kin("rosa", "GET", "/supporting").json == {"items": []}


def test_a_token_without_the_role_opens_nothing(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    api.share(ana, tie_id, What.MILESTONES)
    for whom in ("rosa=iop-morning/supporter", "rosa=iop-evening/participant", "rosa="):
        assert api.by(whom, "GET", f"/supporting/{tie_id}").status in {403, 404}, whom
    assert api.by("rosa=iop-morning/supporter", "GET", "/supporting").json == {"items": []}


@pytest.mark.parametrize("named", [True, False])
def test_the_invitation_says_who_invited_only_where_they_agreed(api: FamilyApi, ana: str, *, named: bool) -> None:
    from chalicelib.family.handlers import everybody  # noqa: PLC0415 (kept for a process)

    everybody.cache_clear()
    tie_id = api.invite(ana, named=named)
    recipient = everybody().load(f"kin-{tie_id}", now=NOW)

    assert recipient is not None
    assert recipient.inviter == ("Ana" if named else "")
    assert [due.kind.split("-")[1] for due in waiting()] == ["named" if named else "plain"]
    everybody.cache_clear()


def test_what_waits_is_not_sent_once_it_is_taken_back(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    (invitation,) = waiting()
    assert objection(invitation, now=NOW, desk=desk()) is None

    api.own(ana, "DELETE", f"/{tie_id}")

    assert objection(invitation, now=NOW + timedelta(seconds=1), desk=desk()) is Reason.CANCELLED
