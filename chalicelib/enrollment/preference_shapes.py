"""What the doors to a person's message preferences take and show."""

from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.preferences import can_be_switched_off, is_off
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.shapes import Id, Quiet
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.sorts import Sort


class CategoryChoice(Wire):
    """Whether messages of a category may come over each kind of channel, as far as there is a consent."""

    category: Id
    email: bool
    push: Annotated[bool, Described(description="Browsers.")]
    mobile: Annotated[bool, Described(description="Apps.")]


class ChannelChoice(Wire):
    """How much messages over a channel may say; never more than was consented to."""

    id: Id
    detail: DetailLevel


class MessagePreferences(Wire):
    """
    All choices of a person. ``categories`` names every one that can be switched off, once.

    Hours of ``quietHours`` that are null are the programme's; ``channels`` that are left out stay as they are.
    """

    categories: Annotated[list[CategoryChoice], Described(max_length=100)]
    channels: Annotated[list[ChannelChoice], Described(max_length=100, default_factory=list)]
    quiet_hours: Quiet = Quiet()
    calendar_invites: Annotated[
        bool, Described(description="E-mails about an appointment bring it as a calendar entry. Off unless chosen.")
    ] = False


class ShownMessagePreferences(MessagePreferences):
    """
    The choices as they are.

    ``always`` are categories that can't be switched off, ``quietNow`` the hours that hold, ``checkIn`` the address of
    when one is asked.
    """

    always: list[str]
    quiet_now: Quiet
    check_in: str


def shown_message_preferences(record: Record, programme: Programme) -> ShownMessagePreferences:
    """Show what a person chose."""
    person, changeable = record.person, can_be_switched_off()
    quiet_now = person.quiet_hours(programme.quiet_hours)
    return ShownMessagePreferences(
        categories=[
            CategoryChoice(
                category=name, **{kind.value: not is_off(record.preferences, name, kind) for kind in ChannelKind}
            )
            for name in changeable
        ],
        channels=[ChannelChoice(id=channel.id, detail=channel.detail) for channel in record.channels],
        quiet_hours=Quiet(
            start=f"{person.quiet_from:%H:%M}" if person.quiet_from else None,
            end=f"{person.quiet_to:%H:%M}" if person.quiet_to else None,
        ),
        calendar_invites=person.calendar_invites,
        always=[
            name
            for name, category in CATEGORIES.items()
            if name not in changeable and category.to in {None, Sort.PERSON}
        ],
        quiet_now=Quiet(start=f"{quiet_now.start:%H:%M}", end=f"{quiet_now.end:%H:%M}"),
        check_in=f"/people/{person.id}/check-in-preferences",
    )
