"""Servers and workers of a measurement: started on 127.0.0.1 on a free port, measured by /proc, ended by their id."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".local" / "bench"
TICKS = os.sysconf("SC_CLK_TCK")
_OWN_TIMES, _FROM_CHILDREN = slice(11, 13), slice(13, 15)
"""utime and stime, and those of children that have ended, in /proc/PID/stat after the name (proc(5))."""


class NotThere(RuntimeError):
    """A program that a measurement needs isn't on this machine."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, *, at_most: float = 20) -> None:
    """Return once somebody listens there."""
    until = time.monotonic() + at_most
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on 127.0.0.1:{port}")


def tree(root: int) -> Iterator[int]:
    """Give the id of a process and of all that it started and that lives."""
    yield root
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{root}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                for child in (task / "children").read_text().split():
                    yield from tree(int(child))


def cpu_seconds(root: int) -> float:
    """Return the CPU time that a process and all that it started have used, in steps of a hundredth."""
    used = 0
    for process in tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            used += sum(int(ticks) for ticks in (*fields[_OWN_TIMES], *fields[_FROM_CHILDREN]))
    return used / TICKS


@dataclass
class Running:
    """A process of ours, and where it listens if it does."""

    process: subprocess.Popen[bytes]
    port: int = 0
    url: str = ""
    log: Path = field(default_factory=Path)

    @property
    def cpu(self) -> float:
        """Seconds of CPU used so far, children included."""
        return cpu_seconds(self.process.pid)

    def kill(self) -> None:
        """End it and all that it started at once, as kill -9 does."""
        for process in list(tree(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end; make it after five seconds."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()


def start(command: Sequence[object], *, name: str, env: Mapping[str, str] | None = None, **more: object) -> Running:
    """Start a program; what it prints goes to a file of its name."""
    HOME.mkdir(parents=True, exist_ok=True)
    log = HOME / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(env or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
            **more,  # type: ignore[call-overload]
        )
    return Running(process, log=log)


@contextmanager
def redis() -> Iterator[Running]:
    """Run redis with its append-only file flushed every second, as queues on it are told to."""
    program = shutil.which("redis-server") or HOME / "redis/usr/bin/redis-server"
    if not Path(program).exists():
        raise NotThere("redis-server: see docs/benchmarks.md")
    libraries = {str(found.parent) for found in (HOME / "redis").rglob("*.so*")}
    port = free_port()
    folder = HOME / "redis-data"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
    }
    running = start(
        [program, *(str(part) for name, value in words.items() for part in (f"--{name}", value))],
        name="redis",
        env={"LD_LIBRARY_PATH": ":".join(sorted(libraries))},
    )
    running.port, running.url = port, f"redis://127.0.0.1:{port}/0"
    try:
        wait_for(port)
        yield running
    finally:
        running.stop()


@contextmanager
def postgres() -> Iterator[Running]:
    """Run PostgreSQL as it comes: every commit is on the disk."""
    programs = {name: shutil.which(name) for name in ("initdb", "postgres")}
    if not all(programs.values()):
        raise NotThere("initdb and postgres: see docs/benchmarks.md")
    folder = Path("/tmp") / f"cairn-bench-postgres-{os.getpid()}"  # noqa: S108 (another user must get at it)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # PostgreSQL won't run as root.
    as_user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "nobody")
    subprocess.run(
        [str(programs["initdb"]), "-D", folder / "data", "-U", "bench", "-A", "trust", "--no-instructions"],
        check=True,
        capture_output=True,
        cwd=folder,
        **as_user,
    )
    port = free_port()
    command = [str(programs["postgres"]), "-D", folder / "data", "-p", port, "-h", "127.0.0.1", "-k", folder]
    running = start(command, name="postgres", cwd=folder, **as_user)
    running.port, running.url = port, f"postgresql://bench@127.0.0.1:{port}/postgres"
    try:
        wait_for(port)
        time.sleep(0.5)
        yield running
    finally:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)
