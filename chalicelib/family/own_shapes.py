"""What the doors take and show by which somebody accepts an invitation, and says how they are reached."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.enrollment.device_shapes import Subscription
from chalicelib.enrollment.shapes import Clock, Quiet
from chalicelib.family.kin import Supporter
from chalicelib.outreach.domain import ChannelKind

Locale = Literal["en", "es"]
Token = Annotated[str, Described(min_length=1, max_length=512, description="What the invitation's link ends with.")]


class AskedCode(Wire):
    """The link whose address is to get a code."""

    token: Token


class Acceptance(Wire):
    """The link, the code that was mailed to the invited address, and the zone of whoever accepts."""

    token: Token
    code: Annotated[int, Described(ge=0, le=999_999)]
    time_zone: Annotated[str, Described(max_length=64)]


class WeeklyChoice(Wire):
    """When the week's message comes."""

    day: Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    time: Clock


class SupporterChoices(Wire):
    """What one says of oneself as a supporter, all of it. ``updates``: be told once a week of what is new."""

    first_name: Annotated[str, Described(max_length=200)]
    language: Locale
    time_zone: Annotated[str, Described(max_length=64)]
    email: Annotated[str, Described(max_length=320)]
    quiet_hours: Quiet
    weekly: WeeklyChoice
    updates: bool


class ShownDevice(Wire):
    """An address or a device; it is used once it is confirmed over itself."""

    id: str
    kind: ChannelKind
    address: str | None
    usable: bool


class ShownSelf(SupporterChoices):
    """Oneself as a supporter."""

    mail_off: Annotated[list[str], Described(description="Categories that were stopped by an e-mail's link.")]
    devices: list[ShownDevice]


class NewDevice(Wire):
    """A browser that is to get pushes."""

    subscription: Subscription


def shown_self(supporter: Supporter, *, at: datetime) -> ShownSelf:
    """Show a supporter to themselves."""
    quiet = supporter.quiet_hours
    return ShownSelf(
        first_name=supporter.first_name,
        language="es" if supporter.language == "es" else "en",
        time_zone=supporter.zone,
        email=supporter.email.address,
        quiet_hours=Quiet(start=f"{quiet.start:%H:%M}" if quiet else None, end=f"{quiet.end:%H:%M}" if quiet else None),
        weekly=WeeklyChoice.model_validate({"day": supporter.weekly.day, "time": f"{supporter.weekly.at:%H:%M}"}),
        updates=supporter.updates,
        mail_off=sorted(supporter.mail_off),
        devices=[
            ShownDevice(
                id=one.id,
                kind=one.kind,
                # A device's address is not shown: who has it can send to it.
                address=one.address if one.kind is ChannelKind.EMAIL else None,
                usable=one.is_usable(at=at),
            )
            for one in supporter.channels
        ],
    )
