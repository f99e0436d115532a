"""One run from its first broker to its verdict."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from rich.console import Console

from tests.chaos import again, drain, evidence, history, status
from tests.chaos.checker import KEPT
from tests.chaos.director import Director
from tests.chaos.field import Field
from tests.chaos.history import History
from tests.chaos.profiles import environment_of
from tests.chaos.site import Site, Wanted, built
from tests.chaos.supervisor import ROOT, stop_all

READY_S = 90.0
LOAD_S = 200.0  # for the load to come to a good end
TOOL_S = 300.0
DIFFERING = (
    "qosresolve_audit_differing",
    "qosresolve_audit_open_without_deadline",
    "qosresolve_audit_unprovable",
)


def run(wanted: Wanted, folder: Path, console: Console) -> int:
    """Run, heal, drain, keep what the topics hold, and let the checker decide: its exit status."""
    folder.mkdir(parents=True)
    (folder / "logs").mkdir()
    with closing(History(folder / "history.jsonl")) as noted:
        with built(wanted, folder, noted) as site:
            _wait_ready(site.field)
            _storm(site, wanted, console)
            _end(site, folder, console, noted)
        noted.note("end")
    return _check(folder)


def _wait_ready(field: Field) -> None:
    end = time.monotonic() + READY_S
    while unready := [place.name for place in field.supervisor.places.values() if not place.ready]:
        if time.monotonic() > end:
            raise TimeoutError(f"not ready within {READY_S:.0f} s: {unready}; see their logs")
        time.sleep(0.2)


def _storm(site: Site, wanted: Wanted, console: Console) -> None:
    """Deal faults until the time is over, or somebody interrupts: then heal and tell all the same."""
    field = site.field
    until = time.monotonic() + wanted.minutes * 60
    director = Director(field, wanted)
    with status.shown(console, lambda: status.line(field, director, until - time.monotonic())):
        try:
            director.run(until)
        except KeyboardInterrupt:
            console.print("interrupted: healing, then telling what came of it")
            field.history.note("interrupted")
        field.stopping.set()
        director.settle()


def _end(site: Site, folder: Path, console: Console, noted: History) -> None:
    field = site.field
    with status.shown(console, lambda: "heal and drain"):
        drain.heal(field)
        site.load.send_signal(signal.SIGTERM)
        code = site.load.wait(LOAD_S)
        if code or field.post.close(60):
            noted.note("broken", name="load", what=f"ended with {code}, or not all was acknowledged")
        drain.drain(field, seconds=field.profile.bound_s)
        _witness(field)
        stop_all(field.supervisor, field.supervisor.of("auditor"))
        stop_all(field.supervisor, field.supervisor.of("worker"))
        _decide_again(field)
        drain.tell_logs(field)
        quiet = next(event["at"] for event in history.read(noted.path) if event.kind == "quiet")
        evidence.take(field.settings, quiet).keep(folder / KEPT)


def _witness(field: Field) -> None:
    """Ask those who watch from outside: the auditors' metrics, and `qosresolve verify`."""
    for place in field.supervisor.of("auditor"):
        metrics = place.told("/metrics")
        differing = sum(_value(metrics, name) for name in DIFFERING)
        told = {"differing": differing, "entries": _value(metrics, "qosresolve_audit_entries_total")}
        field.history.note("auditor", name=place.name, asked=bool(metrics), **told)
    code, said = _tool(field, "verify")
    field.history.note("verify", code=code, said=said)


def _decide_again(field: Field) -> None:
    """Let `qosresolve replay` take every input again: it must decide the same, and write the same journal."""
    code, said = _tool(field, *again.WORDS)
    unequal = again.unequal(field.settings) if code == 0 else None
    field.history.note("replay", code=code, said=said, unequal=unequal)


def _tool(field: Field, *words: str) -> tuple[int, str]:
    """Run a command as an operator would; return its status and what it said."""
    asked = subprocess.run(
        [sys.executable, "-m", "qosresolve", *words],
        cwd=ROOT,
        env=os.environ | environment_of(field.settings),
        capture_output=True,
        text=True,
        timeout=TOOL_S,
        check=False,
    )
    return asked.returncode, asked.stdout + asked.stderr


def _value(metrics: str, name: str) -> float:
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(f"{name} "))


def _check(folder: Path) -> int:
    """Let a process of its own decide: it knows nothing but the history and the topics."""
    with suppress(KeyboardInterrupt):
        command = [sys.executable, "-m", "tests.chaos.checker", str(folder / "history.jsonl")]
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    return 1
