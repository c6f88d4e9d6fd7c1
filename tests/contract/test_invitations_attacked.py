"""Invitations in wrong hands, at the wrong moment, and twice: one supporter at most, and nobody is kept out."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from chalicelib.edge.ids import new_id
from chalicelib.family import service
from chalicelib.family.domain import (
    INVITATION,
    MOST_CODES,
    MOST_CODES_IN_ALL,
    MOST_WRONG,
    NoSuchSupporter,
    Tie,
    What,
    code_of,
    scope_of,
)
from chalicelib.family.kin import Supporter
from chalicelib.family.kin_store import SupporterItem
from chalicelib.family.store import DynamoTies
from chalicelib.family.telling import objection
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.store import DueItem, due_of
from tests import family_api
from tests.family_api import KEYS, NEW, FamilyApi, desk
from tests.toy import NOW

api, ana = family_api.api, family_api.ana

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def wrong(code: int, by: int = 1) -> int:
    return 100_000 + (code - 100_000 + by) % 900_000


def mailed(tie_id: str) -> int:
    """Return how many codes were mailed to the invited address."""
    return sum(f"#supporter_code-{tie_id}-" in item.sk for item in DueItem.scan())


@pytest.mark.parametrize("how", ["revoked", "withdrawn", "expired"])
def test_an_invitation_that_ends_while_the_code_is_under_way_opens_nothing(api: FamilyApi, ana: str, how: str) -> None:
    tie_id, later = api.invite(ana), NOW + MINUTE
    if how == "expired":
        later = NOW + 14 * DAY
        api.at(later - MINUTE)
    api.ask("rosa", tie_id)
    code = api.code(tie_id)
    (mail,) = [due_of(item) for item in DueItem.scan() if f"#supporter_code-{tie_id}-" in item.sk]
    assert objection(mail, now=later - SECOND, desk=desk()) is None
    api.at(later - SECOND)
    if how == "revoked":
        scope = scope_of(tie_id, INVITATION)
        told = api.by(f"{ana}=iop-evening/participant", "POST", f"/people/{ana}/consents/{scope}/revocations")
        assert told.status < 300, told.text
    if how == "withdrawn":
        assert api.own(ana, "DELETE", f"/{tie_id}").status == 204
    api.at(later)

    told = api.accept("rosa", tie_id, code=code)

    assert told.kind == "not-found"
    assert objection(mail, now=later, desk=desk()) is Reason.CANCELLED
    assert api.kin("rosa", "GET", "/supporting").json == {"items": []}
    assert not list(SupporterItem.scan(SupporterItem.sk == "SUPPORTER"))


def test_who_accepted_and_accepts_again_is_told_the_same_whatever_the_person_did_since(
    api: FamilyApi, ana: str
) -> None:
    tie_id = api.invite(ana)
    api.ask("rosa", tie_id)
    code = api.code(tie_id)
    first = api.accept("rosa", tie_id, code=code)
    again = [api.accept("rosa", tie_id, code=code), api.accept("rosa", tie_id, code=111_111)]
    api.own(ana, "DELETE", f"/{tie_id}?block=true")
    again.append(api.accept("rosa", tie_id, code=code))

    assert {(told.status, told.text) for told in again} == {(first.status, first.text)} == {(201, first.text)}
    assert [one["state"] for one in api.own(ana, "GET", "").json["items"]] == ["blocked"]
    # Another account of the same mailbox is another one.
    api.ask("rosa2", tie_id)
    assert api.accept("rosa2", tie_id, code=code).kind == "not-found"
    assert api.kin("rosa2", "GET", "/supporting").json == {"items": []}


class Interrupted(DynamoTies):
    """Ties at whose first write somebody else is faster."""

    def __init__(self, faster: Callable[[], object]) -> None:
        super().__init__()
        self._faster: list[Callable[[], object]] = [faster]

    def save(self, tie: Tie, *, dues: Iterable[Due] = (), supporter: Supporter | None = None) -> bool:
        while self._faster:
            self._faster.pop()()
        return super().save(tie, dues=dues, supporter=supporter)


def accepted(account: str, tie_id: str, code: int, ties: DynamoTies) -> Tie:
    return service.accept(
        tie_id,
        account,
        code,
        zone="UTC",
        secret=KEYS.links[-1],
        known=None,
        now=NOW,
        ties=ties,
        new_id=new_id,
    )[0]


@pytest.mark.parametrize("other", ["rosa", "rosa2"])
def test_of_two_who_accept_at_once_one_is_the_supporter(api: FamilyApi, ana: str, other: str) -> None:
    tie_id = api.invite(ana)
    codes = {}
    for account in ("rosa2", "rosa"):
        api.ask(account, tie_id)
        codes[account] = api.code(tie_id)

    ties = Interrupted(lambda: accepted(other, tie_id, codes[other], DynamoTies()))

    if other == "rosa":
        assert accepted("rosa", tie_id, codes["rosa"], ties).account == "rosa"
    else:
        with pytest.raises(NoSuchSupporter):
            accepted("rosa", tie_id, codes["rosa"], ties)
    found = DynamoTies().find(tie_id)
    assert found is not None
    assert found.account == other
    assert len(list(SupporterItem.scan(SupporterItem.sk == "SUPPORTER"))) == 1
    assert [len(DynamoTies().of_account(account)) for account in ("rosa", "rosa2")] == [
        int(other == account) for account in ("rosa", "rosa2")
    ]


def test_whoever_guesses_keeps_nobody_out(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    api.ask("rosa", tie_id)
    rosas = api.code(tie_id)
    for _ in range(MOST_CODES + 2):
        assert api.ask("mallory", tie_id).status == 202
        for number in range(MOST_WRONG + 1):
            assert api.accept("mallory", tie_id, code=wrong(api.code(tie_id), number + 1)).kind == "not-found"
    assert mailed(tie_id) == 1 + MOST_CODES

    # Hers is as good as before, and she may have another.
    api.ask("rosa", tie_id)
    assert mailed(tie_id) == 2 + MOST_CODES
    assert api.accept("rosa", tie_id, code=rosas).kind == "not-found", "of each account the last one counts"
    assert api.accept("rosa", tie_id).status == 201


def test_however_many_ask_a_mailbox_gets_few_codes_and_others_a_day_later(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    for number in range(MOST_CODES_IN_ALL + 3):
        assert api.ask(f"mallory{number}", tie_id).status == 202
    assert mailed(tie_id) == MOST_CODES_IN_ALL
    last = api.code(tie_id)

    api.at(NOW + DAY)
    api.ask("rosa", tie_id)

    assert mailed(tie_id) == MOST_CODES_IN_ALL + 1
    assert api.code(tie_id) != last
    assert api.accept("rosa", tie_id).status == 201


def test_many_guesses_at_once_are_no_more_than_there_are(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    api.ask("mallory", tie_id)
    code = api.code(tie_id)

    def use_up() -> None:
        for number in range(MOST_WRONG):
            with pytest.raises(NoSuchSupporter):
                accepted("mallory", tie_id, wrong(code, number + 1), DynamoTies())

    # The right one among them, whose write comes after five wrong ones.
    with pytest.raises(NoSuchSupporter):
        accepted("mallory", tie_id, code, Interrupted(use_up))
    found = DynamoTies().find(tie_id)
    assert found is not None
    assert (found.account, found.codes[-1].wrong) == (None, MOST_WRONG)
    assert code_of(KEYS.links[-1], found, found.codes[-1]) == code


def test_nobody_invites_themselves(api: FamilyApi, ana: str) -> None:
    told = api.own(ana, "POST", "", NEW | {"email": "P1@example.com"})

    assert [(one["field"], one["reason"]) for one in told.json["errors"]] == [("email", "is your own")]
    # Nor by another mailbox of theirs.
    tie_id = api.invite(ana, email="ana.elsewhere@example.org")
    assert api.ask(ana, tie_id).status == 202
    assert mailed(tie_id) == 0
    assert api.accept(ana, tie_id, code=123_456).kind == "not-found"


def test_a_member_of_staff_who_is_invited_sees_as_a_supporter_what_is_shared_and_no_more(
    api: FamilyApi, ana: str
) -> None:
    tie_id = api.invite(ana, email="cleo@care.example")
    roles = "cleo=iop-evening/clinician iop-evening/supporter"
    assert api.by(roles, "POST", "/supporting/codes", {"token": api.link(tie_id)}).status == 202
    sent = {"token": api.link(tie_id), "code": api.code(tie_id), "timeZone": "UTC"}
    assert api.by(roles, "POST", "/supporting", sent).status == 201
    seen = api.by(roles, "GET", f"/supporting/{tie_id}")
    assert seen.json["words"], "nothing is shared, whatever their work lets them see"

    api.share(ana, tie_id, What.MILESTONES)
    api.at(NOW + MINUTE)
    seen = api.by(roles, "GET", f"/supporting/{tie_id}")
    assert [name for name in ("milestones", "attendance", "progress", "crisis") if seen.json[name] is not None] == [
        "milestones"
    ]
