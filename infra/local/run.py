"""`make run`: bring the whole of Cairn up on this computer, and down again on Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from infra import keys, package
from infra.local import processes, seed, stack
from infra.local.people import PROGRAMMES, ROLES, SignIns, address_of
from infra.local.places import CLOCK, ENDPOINTS, LOCAL, LOGS, STATE, TMP, choose_ports, clock_offset

LONGEST_LOG = 50_000_000
"""Bytes; an older log makes room."""

_started = time.monotonic()


class Stop(Exception):
    """Someone asked the stack to stop."""


def main() -> None:
    """Bring the stack up, wait, and stop it in good order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _asked_to_stop)
    running: list[subprocess.Popen[bytes]] = []
    try:
        bring_up(running)
        watch(running)
    except Stop:
        print("\nStopping. State is kept; `make run` goes on from here.", flush=True)
    finally:
        # A second Ctrl-C must not cut the saving of state short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        ENDPOINTS.unlink(missing_ok=True)
        for process in running:
            if not processes.stop(process.pid):
                print("  it had to be killed; what was written in the last moments may be lost")
        if running:
            say("stopped")


def bring_up(running: list[subprocess.Popen[bytes]]) -> None:
    """Start every part and put demo data in; what was started is added to ``running``."""
    for folder in (LOCAL, STATE, LOGS, TMP):
        folder.mkdir(parents=True, exist_ok=True)
    clear_up()
    ports = choose_ports()
    with ThreadPoolExecutor(max_workers=1) as beside:
        packaging = beside.submit(package.package, "local")
        running.append(processes.start_emulator(ports["aws"]))
        say(f"the AWS emulator answers on port {ports['aws']}")
        made = packaging.result()
    say("Cairn is packaged" if made else "the package is unchanged")
    done, outputs = stack.deploy(ports)
    say(f"the stack is {done}")
    keys.put_keys(stack.aws("secretsmanager", ports["aws"]))
    seed.sender(stack.aws("sesv2", ports["aws"]))
    running.append(processes.start_server(ports, stack.stage_url(ports["aws"], outputs)))
    say(f"the public address answers on port {ports['api']}, the inbox on port {ports['inbox']}")
    if clock_offset():
        say(f"the clock is moved by {clock_offset() / 3600:.1f} hours; `make clock TO=now` puts it back")
    found: dict[str, Any] = {
        "api": f"http://127.0.0.1:{ports['api']}",
        "inbox": f"http://127.0.0.1:{ports['inbox']}",
        "push": f"http://127.0.0.1:{ports['inbox']}",
        "aws": f"http://127.0.0.1:{ports['aws']}",
        "user_pool": outputs["UserPoolId"],
        "client_id": outputs["UserPoolClientId"],
        "table": outputs["TableName"],
        "tick": outputs["TickName"],
        "escalate": outputs["EscalateName"],
        "operate": outputs["OperateName"],
        "deliver_queue": outputs["DeliverQueueUrl"],
        "page_queue": outputs["PageQueueUrl"],
        "import_queue": outputs["ImportQueueUrl"],
        "fan_out_queue": outputs["FanOutQueueUrl"],
        "fan_out_dead_queue": outputs["FanOutDeadQueueUrl"],
        "report_queue": outputs["ReportQueueUrl"],
        "report_dead_queue": outputs["ReportDeadQueueUrl"],
        "deliver_dead_queue": outputs["DeliverDeadQueueUrl"],
        "import_dead_queue": outputs["ImportDeadQueueUrl"],
        "clock": str(CLOCK),
        "pids": {"run": os.getpid(), "emulator": running[0].pid, "server": running[1].pid},
    }
    _write(ENDPOINTS, found)
    sign_ins = SignIns(stack.aws("cognito-idp", ports["aws"]), pool=outputs["UserPoolId"], client=found["client_id"])
    seed.demo(found, sign_ins, say)
    announce(found)


def clear_up() -> None:
    """Deal with what an earlier run left: a run that still lives is an error, its orphans are stopped."""
    left = processes.left_over()
    if "run" in left:
        raise SystemExit(f"Cairn runs here already (process {left['run']}): stop it there, or with `make stop`.")
    for name, pid in left.items():
        say(f"stopping the {name} that an earlier run left behind")
        processes.stop(pid)
    processes.PIDS.write_text(json.dumps({"run": os.getpid()}))
    ENDPOINTS.unlink(missing_ok=True)
    # Unpacked functions, one copy for each process that ran them: thousands of files, so nobody waits for it.
    if any(TMP.iterdir()):
        TMP.rename(LOCAL / f"tmp-{time.time_ns()}")
        TMP.mkdir()
    threading.Thread(target=_remove_old, daemon=True).start()
    for log in LOGS.glob("*.log"):
        if log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.old"))


def watch(running: list[subprocess.Popen[bytes]]) -> None:
    """Wait; ends with an error if a part stops by itself."""
    while True:
        time.sleep(0.5)
        for process in running:
            if process.poll() is not None:
                name = "emulator" if process is running[0] else "server"
                raise SystemExit(f"The {name} stopped by itself: see {LOGS / f'{name}.log'}")


def announce(found: dict[str, Any]) -> None:
    """Say where everything is."""
    memory = sum(processes.resident_mb(pid) for pid in _all(found["pids"]["emulator"]))
    print(
        f"""
ready after {time.monotonic() - _started:.0f} s, {memory:.0f} MB of memory in use

  API     {found["api"]}  (described at {found["api"]}/openapi.json)
  Inbox   {found["inbox"]}
  AWS     {found["aws"]}  (emulated; any access key but one of 12 digits)

  Sign in {" ".join(ROLES)}
          make token ROLE=clinician [PROGRAMME={PROGRAMMES[0]}]     for example {address_of("clinician", PROGRAMMES[0])}
  Time    make day                     plays a day of check-ins
          make clock TO="tomorrow 08:00 America/New_York"

Ctrl-C stops everything and keeps its state.""",
        flush=True,
    )


def say(what: str) -> None:
    """Show progress."""
    print(f"  {time.monotonic() - _started:5.1f} s  {what}", flush=True)


def _all(emulator: int) -> list[int]:
    return [os.getpid(), emulator, *processes.children_of(emulator), *processes.children_of(os.getpid())]


def _write(path: Path, content: dict[str, Any]) -> None:
    # Whoever waits for the file must never see half of it.
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1))
    fresh.replace(path)


def _remove_old() -> None:
    for folder in LOCAL.glob("tmp-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _asked_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


if __name__ == "__main__":
    main()
