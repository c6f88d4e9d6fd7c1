"""Start and stop what the stack consists of, also after an earlier `make run` was killed without cleaning up."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from infra.local.places import ACCOUNT, EMULATOR_PYTHON, LOCAL, LOGS, REGION, ROOT, STATE, TMP, is_alive

PIDS = LOCAL / "pids.json"
GRACE = 60.0
"""Seconds that the emulator may take to write its state when it stops."""


def start_emulator(port: int) -> subprocess.Popen[bytes]:
    """Start the AWS emulator on this port of 127.0.0.1 and wait until it answers."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(TMP),
        "TMPDIR": str(TMP),
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(STATE),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(LOCAL / "s3"),
        "LOG_LEVEL": "INFO",
        # Parts that would listen on ports of their own.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
    }
    command = [str(EMULATOR_PYTHON), "-m", "ministack"]
    return _start("emulator", command, environment, f"http://127.0.0.1:{port}/_ministack/health")


def start_server(ports: Mapping[str, int], stage_url: str) -> subprocess.Popen[bytes]:
    """Start the public address, mail, push service and inbox; ``stage_url`` is where the gateway's stage answers."""
    options = [f"--{part}={port}" for part, port in ports.items()]
    command = [sys.executable, "-m", "infra.local.server.main", *options, f"--stage-url={stage_url}"]
    return _start("server", command, dict(os.environ), f"http://127.0.0.1:{ports['inbox']}/health")


def _start(name: str, command: list[str], environment: dict[str, str], health: str) -> subprocess.Popen[bytes]:
    with (LOGS / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    remember(name, process.pid)
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        if process.poll() is not None:
            raise SystemExit(f"{name} stopped at once: see {LOGS / f'{name}.log'}")
        try:
            with urllib.request.urlopen(health, timeout=2):  # noqa: S310 (our own address)
                return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"{name} does not answer at {health}: see {LOGS / f'{name}.log'}")


def remember(name: str, pid: int) -> None:
    """Write down a process that belongs to the stack."""
    known = json.loads(PIDS.read_text()) if PIDS.exists() else {}
    PIDS.write_text(json.dumps({**known, name: pid}))


def left_over() -> dict[str, int]:
    """Return the processes of an earlier run that still live, by name."""
    known: dict[str, int] = json.loads(PIDS.read_text()) if PIDS.exists() else {}
    words = {"emulator": "ministack", "server": "infra.local.server", "run": "infra.local.run"}
    # A process id is used again after a restart of the machine: look at what it runs.
    return {
        name: pid
        for name, pid in known.items()
        if pid != os.getpid() and is_alive(pid) and words[name] in command_of(pid)
    }


def command_of(pid: int) -> str:
    """Return the command line of a process, empty if it is gone."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def stop(pid: int, *, grace: float = GRACE) -> bool:
    """Ask the process to stop and wait; kill it after ``grace`` seconds and return False."""
    if not _signal(pid, signal.SIGTERM):
        return True
    until = time.monotonic() + grace
    while time.monotonic() < until:
        _reap(pid)
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    _signal(pid, signal.SIGKILL)
    _reap(pid)
    return False


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def resident_mb(pid: int) -> float:
    """Return the memory that the process holds, in MB; 0 if it is gone."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(shown.stdout or 0) / 1024


def children_of(pid: int) -> list[int]:
    """Return the process ids of the children of a process."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in shown.stdout.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def functions_of(emulator: int) -> dict[int, str]:
    """Return the processes that run Cairn's functions: id, and the folder it runs in, which names the function."""
    found = {pid: command_of(pid) for pid in children_of(emulator)}
    return {
        pid: Path(command.split()[-1]).parent.name for pid, command in found.items() if "ministack-lambda-" in command
    }
