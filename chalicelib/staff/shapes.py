"""What the slice's doors take and show."""

from datetime import datetime, time
from typing import Annotated, Literal, get_args

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.enrollment.channels import Verification
from chalicelib.enrollment.programmes import LONGEST_NAME
from chalicelib.enrollment.shapes import ShownChannel
from chalicelib.enrollment.showing import shown_channel
from chalicelib.outreach.quiet import QuietHours
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Hours, Member
from chalicelib.staff.phones import Phone

Clock = Annotated[str, Described(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, `HH:MM`.")]
Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Text = Annotated[str, Described(max_length=LONGEST_NAME)]


class Working(Wire):
    """When somebody works: local times of one day, on these weekdays."""

    days: Annotated[list[Day], Described(max_length=7)]
    start: Annotated[Clock, Described(alias="from")]
    end: Annotated[Clock, Described(alias="to", description="Later than `from`: no shift goes over midnight.")]

    def hours(self) -> Hours:
        """Return them as the slice knows them."""
        return Hours(days=frozenset(self.days), start=time.fromisoformat(self.start), end=time.fromisoformat(self.end))


class Quiet(Wire):
    """Local times between which nothing that can wait is sent; the same twice: none."""

    start: Annotated[Clock, Described(alias="from")]
    end: Annotated[Clock, Described(alias="to")]

    def hours(self) -> QuietHours:
        """Return them as outreach knows them."""
        return QuietHours(start=time.fromisoformat(self.start), end=time.fromisoformat(self.end))


class OwnHours(Wire):
    """What a member of staff chooses for themselves."""

    time_zone: Annotated[Text, Described(description="A zone of the IANA database.")]
    language: Text
    working: Working
    quiet_hours: Annotated[Quiet | None, Described(description="Null: the programme's own.")] = None
    digest: Annotated[bool, Described(description="Tell them each working day how many things are due.")] = True


class PutMember(OwnHours):
    """A member of staff as their programme wants them; what is left out takes its default."""

    first_name: Text
    roles: Annotated[
        list[Role], Described(max_length=len(Role), description="What they do; what they may see, sign-in says.")
    ]
    email: Annotated[str | None, Described(max_length=254, description="Null: no message reaches them.")] = None
    email_attested: Annotated[
        bool, Described(description="The programme has checked that it is theirs; otherwise it is asked over itself.")
    ] = False


class ShownAddress(Wire):
    """A member's address. ``trouble``: why nothing goes there, or what a provider said of it."""

    address: str
    verification: Verification
    verified_by: Annotated[str | None, Described(description="The account that attested to it, or `holder`.")]
    verified_at: datetime | None
    usable: bool
    trouble: str | None


class ShownPhone(Wire):
    """A member's number for text messages: to themselves as it is, to others its last digits."""

    number: str
    confirmed: Annotated[bool, Described(description="Pages go there: its holder gave the code that was sent there.")]


class ShownMember(Wire):
    """A member of staff. ``reachable``: a message can reach them; where nobody else is, others are told instead."""

    programme_id: str
    account: str
    first_name: str
    roles: list[Role]
    language: str
    time_zone: str
    working: Working
    quiet_hours: Quiet | None
    digest: bool
    email: ShownAddress | None
    devices: Annotated[list[ShownChannel], Described(description="The browsers that pages go to as well.")]
    phone: ShownPhone | None
    active: bool
    reachable: bool
    at_work: bool
    changed_by: Annotated[str, Described(description="An account, `holder`, or `provider`.")]
    changed_at: datetime
    removed_at: datetime | None
    version: int


class MemberList(Wire):
    """Members of staff: those who are, then those who were, each by first name."""

    items: list[ShownMember]


def shown_member(member: Member, *, now: datetime, is_own: bool = False) -> ShownMember:
    """Show a member as they are at this instant; ``is_own``: to themselves."""
    quiet = member.quiet_hours
    return ShownMember(
        programme_id=member.programme_id,
        account=member.account,
        first_name=member.first_name,
        roles=sorted(member.roles),
        language=member.language,
        time_zone=member.zone,
        working=Working(
            days=[day for day in get_args(Day) if day in member.hours.days],
            start=f"{member.hours.start:%H:%M}",
            end=f"{member.hours.end:%H:%M}",
        ),
        quiet_hours=Quiet(start=f"{quiet.start:%H:%M}", end=f"{quiet.end:%H:%M}") if quiet else None,
        digest=member.digest,
        email=_shown_address(member, now=now),
        devices=[shown_channel(one, now=now) for one in member.devices],
        phone=_shown_phone(member.phone, is_own=is_own),
        active=member.is_active,
        reachable=member.is_reachable(at=now),
        at_work=member.is_active and member.works_at(now),
        changed_by=member.put_by,
        changed_at=member.put_at,
        removed_at=member.removed_at,
        version=member.version,
    )


def _shown_phone(phone: Phone | None, *, is_own: bool) -> ShownPhone | None:
    if phone is None or not phone.number:
        return None
    return ShownPhone(number=phone.number if is_own else phone.shown, confirmed=phone.is_confirmed)


def _shown_address(member: Member, *, now: datetime) -> ShownAddress | None:
    email = member.email
    if email is None:
        return None
    trouble = email.why_unusable(at=now)
    if trouble is None and email.complained_at is not None:
        trouble = "a message there was called spam"
    return ShownAddress(
        address=email.address,
        verification=email.verification,
        verified_by=email.verified_by,
        verified_at=email.verified_at,
        usable=email.is_usable(at=now),
        trouble=trouble,
    )
