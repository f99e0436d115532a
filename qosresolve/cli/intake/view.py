"""How samples and what they become are shown."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from qosresolve.cli.intake import trial
from qosresolve.cli.intake.trial import Trial
from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.policy import view as policy_view
from qosresolve.cli.times import shown
from qosresolve.contracts.policy.findings import PolicyFileError
from qosresolve.intake.leftovers import Examined
from qosresolve.intake.reading import Observation, Reading, Reply

REFUSED, SOME_NOT = 2, 1

Rows = list[tuple[str, ...]]


def check(file: str, samples: Sequence[Path], topic_format: str, *, as_json: bool) -> int:
    """Show what samples become; return the exit status."""
    try:
        rules = trial.rules_of(file)
    except PolicyFileError as error:
        policy_view.refused(error, as_json=as_json)
        return REFUSED
    trials = list(trial.tried(rules, samples, topic_format))
    ok = all(item.understood for item in trials)
    if as_json:
        dump({"ok": ok, "samples": [_plain(item) for item in trials]})
    else:
        _shown(trials)
    return 0 if ok else SOME_NOT


def _plain(item: Trial) -> dict[str, object]:
    told = {"sample": item.sample, "understood": item.understood, "note": item.note}
    if item.found is None:
        return told | {"error": item.error, "remedy": item.remedy}
    return told | asdict(item.found.reading) | {"left_out": dict(item.found.left_out)}


def _shown(trials: Sequence[Trial]) -> None:
    screen = console()
    for item in trials:
        if item.found is None:
            line(f"{item.sample}: not understood: {item.error}")
            line(f"  remedy: {item.remedy}")
        else:
            line(f"{item.sample}: {item.found.reading.format}")
            _tables(screen, item.found)
        if item.note:
            line(f"  note: {item.note}")
    understood = sum(item.understood for item in trials)
    line(f"{understood} of {len(trials)} samples understood")


def _tables(screen: Console, found: Examined) -> None:
    said = found.reading
    for number, observation in enumerate(said.observations, 1):
        screen.print(table(f"degradation event {number}", ("field", "is"), _observed(observation)))
    for number, reply in enumerate(said.replies, 1):
        screen.print(table(f"answer {number} ({reply.channel})", ("field", "is"), _answered(reply)))
    rows = _others(said)
    if rows:
        screen.print(table("what else is in it", ("part", "becomes", "because"), rows))
    left = [(path, reason or "no reason is known") for path, reason in found.left_out.items()]
    if left:
        screen.print(table("nothing is made of", ("field", "because"), left))


def _observed(item: Observation) -> Rows:
    told = {
        **asdict(item),
        "objects": " or ".join(item.objects),
        "observed_at": _when(item.observed_at),
        "marks": " ".join(item.marks),
        "sequence": item.sequence or "",
    }
    return [(name, str(value)) for name, value in told.items() if value]


def _answered(item: Reply) -> Rows:
    answer = item.answer
    expected = answer.expected_at
    told = {
        **asdict(answer),
        "at": _when(answer.at),
        "expected_at": shown(expected) if expected is not None else "",
    }
    return [(name, str(value)) for name, value in told.items() if value]


def _others(said: Reading) -> Rows:
    return [
        *((item.what, "ignored", item.reason) for item in said.ignored),
        *((item.what, "dead letter", f"{item.reason}; {item.remedy}") for item in said.refused),
        *(
            (f"answer ({item.channel})", "parked", f"{item.reason}: {', '.join(item.identifiers) or 'none'}")
            for item in said.unmatched
        ),
    ]


def _when(at: int) -> str:
    return shown(at) if at else "when the record was written"
