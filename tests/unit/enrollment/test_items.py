"""What is written comes back the same, whatever it is."""

from dataclasses import is_dataclass
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.consents import Consent
from chalicelib.enrollment.domain import Carer, Member, Person
from chalicelib.enrollment.episodes import Episode
from chalicelib.enrollment.import_store import _packed, _unpacked
from chalicelib.enrollment.items import (
    CarerItem,
    ChannelItem,
    ConsentItem,
    EpisodeItem,
    PersonItem,
    carer_item,
    carer_of,
    channel_item,
    channel_of,
    consent_item,
    consent_of,
    episode_item,
    episode_of,
    person_item,
    person_of,
)
from chalicelib.enrollment.programme_store import (
    MemberItem,
    ProgrammeItem,
    member_item,
    member_of_item,
    programme_item,
    programme_of,
)
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.upload import Line

TEXT = st.text(min_size=1, max_size=20)
ID = st.text("0123456789abcdef", min_size=32, max_size=32)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(1, 99),
    datetime: st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    date: st.dates(date(1900, 1, 1)),
    time: st.times().map(lambda at: at.replace(microsecond=0)),
}
Built = TypeVar("Built")


def any_of(kind: type[Built], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Built]:
    """Give any instance of a dataclass, every field filled from its type."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name not in known}
    return st.builds(kind, **known, **{name: _any(hint) for name, hint in hints.items()})


def _any(hint: Any) -> st.SearchStrategy[Any]:
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint):
        return any_of(cast("type", hint))
    if get_origin(hint) is tuple:
        return st.lists(_any(get_args(hint)[0]), max_size=4).map(tuple)
    if get_args(hint):
        return st.one_of(*(_any(part) for part in get_args(hint)))
    return st.from_type(hint)


@given(any_of(Person, id=ID))
def test_a_person_comes_back(person: Person) -> None:
    item = PersonItem()
    item.from_dynamodb_dict(person_item(person).to_dynamodb_dict())

    assert person_of(item) == person


@given(any_of(Episode))
def test_an_episode_comes_back(episode: Episode) -> None:
    item = EpisodeItem()
    item.from_dynamodb_dict(episode_item("p", episode).to_dynamodb_dict())

    assert episode_of(item) == episode


@given(any_of(Channel, id=ID))
def test_a_channel_comes_back(channel: Channel) -> None:
    item = ChannelItem()
    item.from_dynamodb_dict(channel_item("p", channel).to_dynamodb_dict())

    assert channel_of(item) == channel


@given(any_of(Consent, person_id=ID, scope=st.sampled_from(["contact_email", f"supporter:{'0' * 32}:attendance"])))
def test_a_consent_comes_back(consent: Consent) -> None:
    item = ConsentItem()
    item.from_dynamodb_dict(consent_item(consent).to_dynamodb_dict())

    assert consent_of(item) == consent


@given(any_of(Carer, subject=ID))
def test_a_carer_comes_back(carer: Carer) -> None:
    item = CarerItem()
    item.from_dynamodb_dict(carer_item("p", carer).to_dynamodb_dict())

    assert carer_of(item) == carer


@given(any_of(Programme))
def test_a_programme_comes_back(programme: Programme) -> None:
    item = ProgrammeItem()
    item.from_dynamodb_dict(programme_item(programme).to_dynamodb_dict())

    assert programme_of(item) == programme


@given(any_of(Member, person_id=ID))
def test_a_member_comes_back(member: Member) -> None:
    item = MemberItem()
    item.from_dynamodb_dict(member_item(member).to_dynamodb_dict())

    assert member_of_item(item) == member


@given(st.lists(any_of(Line)))
def test_rows_that_wait_come_back(lines: list[Line]) -> None:
    assert _unpacked(_packed(lines)) == lines
