"""How what the slice knows is shown at its doors, and as far as who asks may see."""

from datetime import datetime, time

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.consents import Consent
from chalicelib.enrollment.domain import CheckInPreference, Member, Person, Record
from chalicelib.enrollment.episodes import Episode
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.shapes import (
    CheckInTime,
    Day,
    Quiet,
    ShownChannel,
    ShownConsent,
    ShownEpisode,
    ShownMember,
    ShownPerson,
    ShownPreferences,
    ShownProgramme,
)
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.quiet import QuietHours
from chalicelib.privacy.domain import View


def clock(text: str | None) -> time | None:
    """Read a local time."""
    return time.fromisoformat(text) if text else None


def preference_of(check_in: CheckInTime) -> CheckInPreference:
    """Read when to ask."""
    return CheckInPreference(at=time.fromisoformat(check_in.time), days=frozenset(check_in.days))


def shown_programme(programme: Programme) -> ShownProgramme:
    """Show a programme."""
    return ShownProgramme(
        id=programme.id,
        name=programme.name,
        sender_name=programme.sender_name,
        quiet_from=f"{programme.quiet_hours.start:%H:%M}",
        quiet_to=f"{programme.quiet_hours.end:%H:%M}",
        languages=list(programme.languages),
        caseload=programme.caseload,
        emergency_country=programme.emergency_country,
        every_month=programme.every_month,
        reply_to=programme.reply_to,
    )


def shown_person(record: Record, view: View) -> ShownPerson:
    """Show a person as far as the view goes."""
    person, episode = record.person, record.episode
    if view is View.NAME_ONLY:
        return ShownPerson(id=person.id, name=person.first_name)
    return ShownPerson(
        id=person.id,
        name=person.first_name,
        external_id=person.external_id,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=person.preferred_name,
        language=person.language,
        time_zone=person.zone,
        recovery_date=person.recovery_on if view is View.FULL else None,
        programme_id=episode.programme_id,
        state=episode.state,
    )


def shown_member(member: Member, view: View) -> ShownMember:
    """Show an entry of a programme's list as far as the view goes."""
    name = member.preferred_name or member.given_name
    if view is View.NAME_ONLY:
        return ShownMember(person_id=member.person_id, name=name)
    return ShownMember(
        person_id=member.person_id,
        name=name,
        external_id=member.external_id,
        given_name=member.given_name,
        family_name=member.family_name,
        state=member.state,
        time_zone=member.zone,
        language=member.language,
    )


def shown_episode(episode: Episode) -> ShownEpisode:
    """Show an episode."""
    return ShownEpisode(
        number=episode.number,
        programme_id=episode.programme_id,
        state=episode.state,
        admitted_on=episode.admitted_on,
        changed_at=episode.changed_at,
        graduated_at=episode.graduated_at,
        may_become=sorted(episode.may_become),
    )


def shown_preferences(person: Person, check_in: CheckInPreference | None, default: QuietHours) -> ShownPreferences:
    """Show when a person is asked, and left alone."""
    now = person.quiet_hours(default)
    days: tuple[Day, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    return ShownPreferences(
        check_in=CheckInTime(time=f"{check_in.at:%H:%M}", days=[day for day in days if day in check_in.days])
        if check_in
        else None,
        quiet_hours=Quiet(start=_clock(person.quiet_from), end=_clock(person.quiet_to)),
        quiet_now=Quiet(start=_clock(now.start), end=_clock(now.end)),
    )


def shown_channel(channel: Channel, *, now: datetime) -> ShownChannel:
    """Show a channel."""
    return ShownChannel(
        id=channel.id,
        kind=channel.kind,
        address=channel.address if channel.kind is ChannelKind.EMAIL else None,
        detail=channel.detail,
        verification=channel.verification,
        verified_at=channel.verified_at,
        added_at=channel.added_at,
        heartbeat_at=channel.heartbeat_at,
        usable=channel.is_usable(at=now),
        gone_why=channel.gone_why,
    )


def shown_consent(consent: Consent, *, live: dict[str, Consent]) -> ShownConsent:
    """Show a consent row."""
    return ShownConsent(
        id=consent.id,
        scope=consent.scope,
        action=consent.action,
        at=consent.at,
        expires_at=consent.expires_at,
        value=consent.value,
        text_version=consent.text_version,
        text_hash=consent.text_hash,
        locale=consent.locale,
        via=consent.via,
        by=consent.by,
        on_behalf_of=consent.on_behalf_of,
        ends=consent.ends,
        to=consent.to,
        discloser=consent.discloser,
        is_live=live.get(consent.scope) == consent,
    )


def _clock(at: time | None) -> str | None:
    return f"{at:%H:%M}" if at is not None else None
