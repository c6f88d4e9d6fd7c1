"""Hand claimed messages to the providers, several at once, and write down what came of each."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib.outreach import collecting
from chalicelib.outreach.cases import Case, Outcome, each_open, open_cases
from chalicelib.outreach.categories import category_of, closes_at
from chalicelib.outreach.domain import Channel, ChannelKind, Due, Entry, Reason, Status
from chalicelib.outreach.ports import Handed, Letter, Means, NotAccepted, Refused

GONE = "refused by the provider"


def compose(case: Case, channel: Channel, *, means: Means) -> Letter:
    """Return the message of a case for one of its channels."""
    closes = closes_at(case.due, case.person.zone)
    return means.senders[channel.kind].compose(case.claim, case.person, channel, closes_at=closes)


def first_letter(case: Case, *, means: Means) -> Letter | None:
    """
    Return the message for the first of a case's channels, so that a fault of it is known before anything is claimed.

    Of what goes over all channels each is composed when its turn comes: one that can't be must not hold up the others.
    """
    is_for_all = category_of(case.due.kind).every_channel and not case.claim.fallback
    return None if is_for_all else compose(case, case.channels[0], means=means)


def hand_over(cases: Iterable[Case], *, now: datetime, means: Means) -> None:
    """Send all at once, since a slow provider for one must not make others late; then write down what came of it."""
    sending = open_cases(cases)
    for case, result in zip(sending, means.each(lambda case: _send(case, now=now, means=means), sending), strict=True):
        if isinstance(result, Entry):
            case.entry = result
        elif isinstance(result, NotAccepted):
            each_open([case], lambda case: _release(case, now=now, means=means))
        else:
            # It may have gone out: the claim stays, and reports decide (claiming.take_over).
            case.outcome, case.error = Outcome.UNSETTLED, result
    ended = open_cases(cases)
    if ended:
        means.dues.put([watch for case in ended if (watch := _watch(case, now=now)) is not None])
        for case, is_ours in zip(ended, means.ledger.end([case.claim for case in ended]), strict=True):
            case.outcome = Outcome(case.claim.status.value) if is_ours else _overtaken(case, means=means)
    for case in ended:
        if case.outcome is not Outcome.UNSETTLED:
            collecting.finish(case.claim, case.person, now=now, means=means)
    for case in sending:
        for channel in case.gone:
            means.suppressions.channel_is_gone(
                case.due.person_id, channel.id, why=GONE, now=now, revision=channel.revision
            )


def _overtaken(case: Case, *, means: Means) -> Outcome:
    """Say how a case ended whose claim was taken over while it was sent; what is known to be sent is written down."""
    present = means.ledger.get(case.due.person_id, case.due.kind, case.due.on)
    if present is None or present.status is not Status.CLAIMED:
        # Whoever was faster to end it wrote the truth as well; or it is our own end, and the store's answer got lost.
        return Outcome(case.claim.status.value)
    if case.claim.status is Status.SENT:
        sent = replace(case.claim, attempt=present.attempt)
        if means.ledger.swap(sent, before=present):
            return Outcome.SENT
    return Outcome.UNSETTLED


def _release(case: Case, *, now: datetime, means: Means) -> None:
    if case.before is None and case.claim.attempt > 1:
        # An earlier attempt may have gone out: the count goes on, nobody waits for reports twice, and what it told of
        # is told by no other message.
        unknown = replace(case.claim, status=Status.FAILED, reason=Reason.UNKNOWN)
        collecting.finish(unknown, case.person, now=now, means=means)
        settled = now - category_of(case.due.kind).settles_in
        means.ledger.swap(replace(case.claim, claimed_at=settled, carries=()), before=case.claim)
    else:
        collecting.give_back(case.claim, case.person, now=now, means=means)
        if case.before:
            means.ledger.swap(replace(case.before, attempt=case.claim.attempt), before=case.claim)
        else:
            means.ledger.release(case.claim)
    case.outcome, case.entry = Outcome.NOT_ACCEPTED, None


def _send(case: Case, *, now: datetime, means: Means) -> Entry | Exception:
    """Try each channel until one takes the message; return how that ended, or what stopped it."""
    category = category_of(case.due.kind)
    if category.every_channel and not case.claim.fallback:
        return _send_to_all(case, now=now, means=means)
    patience = category.patience
    for channel in case.channels:
        try:
            letter = case.letter if channel is case.channels[0] and case.letter else compose(case, channel, means=means)
            handed = means.senders[channel.kind].send(letter)
        except Refused as refusal:
            if refusal.gone:
                case.gone.append(channel)
            continue
        except NotAccepted as busy:
            # Another way is better than a late one, but not than one that is busy for a moment.
            if channel is case.channels[-1] or now - case.due.at < patience:
                return busy
            continue
        except Exception as error:  # noqa: BLE001 (it may have gone out)
            return error
        return replace(
            case.claim,
            status=Status.SENT,
            ended_at=now,
            channel_id=channel.id,
            channel_kind=channel.kind,
            provider_id=handed.provider_id,
            template=letter.template,
        )
    if case.claim.fallback:
        # The push before it was taken, whatever became of the e-mail.
        return replace(case.claim, status=Status.SENT)
    # An earlier attempt may have gone out, whatever this one was told.
    reason = Reason.UNKNOWN if case.claim.attempt > 1 else Reason.REFUSED
    return replace(case.claim, status=Status.FAILED, ended_at=now, reason=reason)


def _send_to_all(case: Case, *, now: datetime, means: Means) -> Entry | Exception:
    """
    Try every channel; return how that ended, or what stopped all of them.

    What an e-mail took is written down as that, and then as what took it first: where no e-mail did, one follows as it
    does a push that nobody saw.
    """
    ways: list[str] = []
    took: list[tuple[Channel, Letter, Handed]] = []
    stopped: list[Exception] = []
    for channel in case.channels:
        try:
            letter = compose(case, channel, means=means)
            took.append((channel, letter, means.senders[channel.kind].send(letter)))
            what = "sent"
        except Refused as refusal:
            what = "refused"
            if refusal.gone:
                case.gone.append(channel)
        except Exception as error:  # noqa: BLE001 (one way's fault must not hold up the others)
            what = "not_accepted" if isinstance(error, NotAccepted) else "unknown"
            stopped.append(error)
        ways.append(f"{channel.kind}:{channel.id}:{what}")
    if took:
        channel, letter, handed = min(took, key=lambda one: one[0].kind is not ChannelKind.EMAIL)
        return replace(
            case.claim,
            status=Status.SENT,
            ended_at=now,
            channel_id=channel.id,
            channel_kind=channel.kind,
            provider_id=handed.provider_id,
            template=letter.template,
            ways=tuple(ways),
        )
    if stopped:
        # What may have gone out all the same is not given back as if it hadn't.
        return max(stopped, key=lambda error: not isinstance(error, NotAccepted))
    reason = Reason.UNKNOWN if case.claim.attempt > 1 else Reason.REFUSED
    return replace(case.claim, status=Status.FAILED, ended_at=now, reason=reason, ways=tuple(ways))


def _watch(case: Case, *, now: datetime) -> Due | None:
    """Return when to look whether a device reported the push, if an e-mail could follow it."""
    within = category_of(case.due.kind).receipt_within
    if within is None or case.claim.fallback or case.claim.channel_kind in {None, ChannelKind.EMAIL}:
        return None
    if not any(channel.kind is ChannelKind.EMAIL for channel in case.channels):
        return None
    return replace(case.due, at=now.replace(microsecond=0) + within)
