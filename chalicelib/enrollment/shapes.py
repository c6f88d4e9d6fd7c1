"""What the slice's doors take and show."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.edge.http import Instant, Wire
from chalicelib.enrollment.channels import Verification
from chalicelib.enrollment.consents import Action, Ends, Via
from chalicelib.enrollment.device_shapes import App, Subscription
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.privacy.domain import Caseload

Clock = Annotated[str, Described(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, `HH:MM`.")]
Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Text = Annotated[str, Described(max_length=200)]
Id = Annotated[str, Described(max_length=100)]


class Quiet(Wire):
    """Local times between which nothing that can wait is sent; null: the programme's own."""

    start: Annotated[Clock | None, Described(alias="from")] = None
    end: Annotated[Clock | None, Described(alias="to")] = None


class ProgrammeEdit(Wire):
    """A programme's own choices; what is left out stays."""

    name: Text | None = None
    sender_name: Annotated[Text | None, Described(description="Seen on locked screens: keep it neutral.")] = None
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    languages: Annotated[list[Text], Described(max_length=10)] | None = None
    caseload: Caseload | None = None
    emergency_country: Annotated[Text | None, Described(description="ISO 3166-1 alpha-2.")] = None
    every_month: Annotated[
        bool | None, Described(description="Months 4 to 11 are milestones too, of dates that are set from then on.")
    ] = None
    reply_to: Annotated[
        str | None,
        Described(max_length=320, description="A mailbox that somebody reads: answers to messages go there."),
    ] = None


class NewProgramme(ProgrammeEdit):
    """A programme to set up; what is left out takes its default."""

    id: Id
    name: Text


class ShownProgramme(Wire):
    """A programme."""

    id: str
    name: str
    sender_name: str
    quiet_from: str
    quiet_to: str
    languages: list[str]
    caseload: Caseload
    emergency_country: str
    every_month: bool
    reply_to: str | None


class ProgrammeList(Wire):
    """The programmes in which one has a role."""

    items: list[ShownProgramme]


class CheckInTime(Wire):
    """When to ask: local time and weekdays."""

    time: Clock
    days: Annotated[list[Day], Described(min_length=1, max_length=7)]


class NewPerson(Wire):
    """Somebody to enrol. ``emailAttested``: the programme has checked that the address is theirs."""

    external_id: Id
    given_name: Text
    family_name: Text
    preferred_name: Text | None = None
    email: Annotated[str, Described(max_length=320)] | None = None
    email_attested: bool = False
    time_zone: Id
    language: Id
    admitted_on: date
    recovery_date: date | None = None
    state: State = State.ENROLLED
    quiet_hours: Quiet = Quiet()
    check_in: CheckInTime | None = None


class PersonEdit(Wire):
    """What to change; what is left out stays, null takes away. A recovery date has a door of its own."""

    given_name: Text | None = None
    family_name: Text | None = None
    preferred_name: Text | None = None
    language: Id | None = None
    time_zone: Id | None = None


class ShownPerson(Wire):
    """A person, as far as who asks may see; null where that is no further."""

    id: str
    name: Annotated[str, Described(description="What to call them.")]
    external_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    preferred_name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    recovery_date: date | None = None
    programme_id: str | None = None
    state: State | None = None


class ShownMember(Wire):
    """A person in a programme's list."""

    person_id: str
    name: str
    external_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    state: State | None = None
    time_zone: str | None = None
    language: str | None = None


class ShownEpisode(Wire):
    """One stay in a programme; ``mayBecome`` are the states that it can go to."""

    number: int
    programme_id: str
    state: State
    admitted_on: date
    changed_at: datetime
    graduated_at: datetime | None
    may_become: list[State]


class EpisodeList(Wire):
    """A person's episodes, in order."""

    items: list[ShownEpisode]


class Transition(Wire):
    """Where the present episode goes."""

    to: State


class Readmission(Wire):
    """A new episode for somebody whose last one is over."""

    programme_id: Id
    admitted_on: date


class Preferences(Wire):
    """When a person wants to be asked, and left alone."""

    check_in: CheckInTime
    quiet_hours: Quiet = Quiet()


class ShownPreferences(Wire):
    """When a person is asked; null if never. ``quietNow`` are the hours that hold, the programme's where left open."""

    check_in: CheckInTime | None
    quiet_hours: Quiet
    quiet_now: Quiet


class NewChannel(Wire):
    """An address (``kind`` email), a browser (push) or an app (mobile) to add; it is used once it is confirmed."""

    kind: ChannelKind
    address: Annotated[str, Described(max_length=320)] | None = None
    subscription: Subscription | None = None
    app: App | None = None
    detail: DetailLevel = DetailLevel.DISCREET


class ChannelEdit(Wire):
    """What to change; another address is to be confirmed anew."""

    address: Annotated[str, Described(max_length=320)] | None = None
    detail: DetailLevel | None = None


class ShownChannel(Wire):
    """A way to reach the person. A device's address is not shown: who has it can send to it."""

    id: str
    kind: ChannelKind
    address: str | None
    detail: DetailLevel
    verification: Verification
    verified_at: datetime | None
    added_at: datetime
    heartbeat_at: datetime | None
    usable: bool
    gone_why: str | None


class ChannelList(Wire):
    """A person's channels."""

    items: list[ShownChannel]


class NewConsent(Wire):
    """Agreement to a text that was shown; ``value`` is what was chosen where there is a choice."""

    scope: Id
    text_version: Annotated[int, Described(ge=1)]
    locale: Literal["en", "es"]
    value: Text | None = None
    expires_at: Instant | None = None


class ShownConsent(Wire):
    """One act: granted, revoked, paused or resumed. ``isLive``: it decides that there is a consent now."""

    id: str
    scope: str
    action: Action
    at: datetime
    expires_at: datetime | None
    value: str | None
    text_version: int | None
    text_hash: str | None
    locale: str | None
    via: Via
    by: str
    on_behalf_of: str | None
    ends: Annotated[Ends | None, Described(description="An event that it expires with, where that is no date.")]
    to: Annotated[str | None, Described(description="Who may be told, where the scope doesn't say so.")]
    discloser: Annotated[str | None, Described(description="The programme that tells them.")]
    is_live: bool


class ConsentList(Wire):
    """All consent rows of a person, oldest first."""

    items: list[ShownConsent]


class ShownText(Wire):
    """A consent's text as it is to be shown now."""

    scope: str
    version: int
    locale: str
    body: str
    sha256: str


class LocaleQuery(Wire):
    """In which language."""

    locale: Literal["en", "es"] = "en"


class SignIn(Wire):
    """An account: Cognito's ``sub``."""

    subject: Annotated[str, Described(pattern=r"^[A-Za-z0-9-]{1,128}$")]


class ShownCarer(Wire):
    """A member of the care team."""

    subject: str
    since: datetime


class CareTeam(Wire):
    """Who cares for a person."""

    items: list[ShownCarer]
