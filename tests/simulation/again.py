"""Whether a second message about the same occurrence was right: only where its category declares it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from chalicelib.outreach.category import IfUnknown
from chalicelib.outreach.domain import ChannelKind, Status
from tests.simulation import naive
from tests.simulation.expected import SLACK
from tests.simulation.facts import Facts, Name, Taken, Written, text_of

LIVES = 91.0
"""How long a delivery lives at most: what it read is no older than that when it sends."""


class Again:
    """What was told more than once: ``found`` is what was wrong, ``counts`` what was as declared."""

    def __init__(self, facts: Facts, written: Mapping[Name, Sequence[Written]]) -> None:
        self._facts = facts
        self._written = written
        self.found: list[tuple[Name, str]] = []
        self.counts: Counter[str] = Counter()

    def look(self, name: Name, told: list[Taken]) -> None:
        """Look at what told of one occurrence."""
        # Over each of the channels where it goes over all of them.
        apart = {taken.channel.id if naive.category(taken.name[1]).every_channel else "" for taken in told}
        for channel_id in apart:
            self._was_told_once_over(name, [one for one in told if channel_id in {"", one.channel.id}])

    def _was_told_once_over(self, name: Name, told: list[Taken]) -> None:
        told = sorted(told, key=lambda taken: (taken.attempt, taken.at))
        for before, after in pairwise(told):
            verdict = self._why_again(name, before, after)
            if verdict.startswith("!"):
                self.found.append((name, verdict[1:]))
            else:
                self.counts[verdict] += 1

    def _why_again(self, name: Name, before: Taken, after: Taken) -> str:  # noqa: PLR0911 (one line per reason)
        """Return why a second message was right, or, with an exclamation mark, why it wasn't."""
        pair = ", ".join(f"{one.channel.id} {naive.utc(one.at):%d %H:%M:%S}" for one in (before, after))
        if before.name != after.name:
            return f"!by {text_of(before.name)} and by {text_of(after.name)} ({pair})"
        category = naive.category(before.name[1])
        if before.attempt == after.attempt:
            return f"!twice by one attempt ({pair})"
        claim = self._claim_of(after)
        if claim is None:
            return f"!without a claim ({pair})"
        stored = [
            one
            for one in self._written[before.name]
            if one.how in {"end", "received"} and one.at < claim.at and one.entry and one.entry.status is Status.SENT
        ]
        reported = [one for one in self._facts.reports if one.name == before.name and one.at < claim.started - SLACK]
        if claim.entry and claim.entry.fallback:
            return self._why_an_email_too(before, after, stored, pair)
        if stored:
            return f"!although the ledger said sent ({pair})"
        match category.if_unknown:
            case IfUnknown.LEAVE:
                return f"!although it is declared to be left ({pair})"
            case IfUnknown.ASK_THEN_AGAIN:
                first = self._claim_of(before)
                waited = claim.at - (first.at if first else before.started)
                if waited < category.settles_in.total_seconds() - 2 * SLACK - LIVES:
                    return f"!after {waited:.0f} s, before reports had their time ({pair})"
                if reported:
                    return f"!although it had been reported ({pair})"
        return f"doubled as declared ({category.if_unknown}): {naive.name_of_category(name[1])}"

    def _why_an_email_too(self, before: Taken, after: Taken, stored: list[Written], pair: str) -> str:
        within = naive.category(before.name[1]).receipt_within
        if within is None or after.channel.kind is not ChannelKind.EMAIL:
            return f"!nothing says that another follows ({pair})"
        if before.channel.kind is ChannelKind.EMAIL:
            # The e-mail that followed a push was itself without an outcome.
            return "doubled as declared (ask_then_again): the e-mail after a push"
        if after.started < before.at + within.total_seconds() - LIVES - 2 * SLACK:
            return f"!too soon after the push ({pair})"
        if any(one.entry and one.entry.received_at for one in stored):
            return f"!although the device had reported the push ({pair})"
        return "e-mail after a push that no device reported"

    def _claim_of(self, taken: Taken) -> Written | None:
        claims = [
            one
            for one in self._written[taken.name]
            if one.at <= taken.at
            and one.entry is not None
            and one.entry.status is Status.CLAIMED
            and one.entry.attempt == taken.attempt
        ]
        return claims[-1] if claims else None
