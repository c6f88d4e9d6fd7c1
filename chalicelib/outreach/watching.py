"""What the tick publishes beside its own counts."""

from chalicelib.edge.clock import utc_now
from chalicelib.edge.log import count
from chalicelib.outreach.switch import switch


def watch() -> None:
    """Publish whether outreach is paused, so that nobody forgets it; the tick sends it off with its own counts."""
    count("Paused", int(switch().paused(utc_now())))
