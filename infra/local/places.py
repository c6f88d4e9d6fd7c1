"""Where the laptop's stack keeps its things, what it listens on, and what time it takes it to be."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
# Tests run a stack of their own beside a developer's.
LOCAL = Path(os.environ.get("CAIRN_LOCAL_DIR") or ROOT / ".local").resolve()
STATE, TMP, LOGS = LOCAL / "state", LOCAL / "tmp", LOCAL / "logs"
ENDPOINTS, PORTS, CLOCK, SECRETS = (
    LOCAL / "endpoints.json",
    LOCAL / "ports.json",
    LOCAL / "clock",
    LOCAL / "sign-ins.json",
)
EMULATOR_PYTHON = ROOT / ".venv-emulator" / "bin" / "python"

USUAL_PORTS = {"aws": 4566, "api": 8600, "inbox": 8601}
REGION, ACCOUNT = "us-east-1", "000000000000"


def endpoints() -> dict[str, Any]:
    """Return what `make run` wrote about the running stack; ends the command if it isn't running."""
    if not ENDPOINTS.exists():
        raise SystemExit("Cairn isn't running here: start it with `make run` in another terminal.")
    found: dict[str, Any] = json.loads(ENDPOINTS.read_text())
    if not is_alive(found["pids"]["emulator"]):
        raise SystemExit("Cairn has stopped: start it with `make run` in another terminal.")
    return found


def choose_ports() -> dict[str, int]:
    """Return a free port for each part: the one of last time, else the usual one, else any."""
    last = json.loads(PORTS.read_text()) if PORTS.exists() else {}
    chosen: dict[str, int] = {}
    for part, usual in USUAL_PORTS.items():
        wanted = last.get(part, usual)
        port = next((port for port in (wanted, usual) if port not in chosen.values() and is_free(port)), None)
        port = port or _any_free()
        if port != wanted:
            print(f"  port {wanted} is taken: {part} listens on {port}")
        chosen[part] = port
    PORTS.write_text(json.dumps(chosen))
    return chosen


def is_free(port: int) -> bool:
    """Say whether nobody on this machine listens on the port."""
    with socket.socket() as probe:
        # As servers do it, or the port of a stack that stopped a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_alive(pid: int) -> bool:
    """Say whether there is a process of this id that we may signal."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def clock_offset() -> float:
    """Return the seconds that the stack's clock is ahead of the real one."""
    try:
        return float(CLOCK.read_text() or 0)
    except FileNotFoundError:
        return 0.0


def stack_now() -> datetime:
    """Return what time it is for the stack, in UTC."""
    return datetime.now(UTC) + timedelta(seconds=clock_offset())
