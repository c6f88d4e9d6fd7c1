"""When nothing that can wait is sent."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.outreach.recurrence import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local wall times between which nothing that can wait is sent; may run over midnight; equal means none."""

    start: time
    end: time

    def ends_after(self, instant: datetime, zone: str) -> datetime | None:
        """Return when the quiet hours around ``instant`` end, in UTC; None if it is not within them."""
        local = instant.astimezone(ZoneInfo(zone))
        clock = local.time().replace(tzinfo=None)
        if self.start < self.end:
            inside, over_midnight = self.start <= clock < self.end, False
        else:
            inside, over_midnight = clock >= self.start or clock < self.end, clock >= self.start
        if not inside or self.start == self.end:
            return None
        end = resolve(local.date() + timedelta(days=over_midnight), self.end, zone)
        # Where clocks go back over the end, the first such instant may lie behind us: it is no longer quiet.
        return end if end > instant else None

    def begins_after(self, instant: datetime, zone: str) -> datetime | None:
        """Return when quiet hours begin next after ``instant``, in UTC; None if there are none."""
        if self.start == self.end:
            return None
        today = instant.astimezone(ZoneInfo(zone)).date()
        begins = (resolve(today + timedelta(days=days), self.start, zone) for days in range(3))
        return next(begin for begin in begins if begin > instant)
