"""From options to what is replayed. Every option that cannot be meant is named, with what to write."""

from collections.abc import Mapping
from pathlib import Path

from qosresolve.cli.times import instant, now_ms
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy.words import parse_duration
from qosresolve.errors import ConfigError
from qosresolve.replay.explain.reading import held
from qosresolve.replay.rerun.question import ANY, Bound, Question
from qosresolve.settings import Settings, load
from qosresolve.topics import Names

_ID = 36  # characters of a report's id


def canonical(file: Path) -> bytes:
    """Return a policy file's canonical form. Raises PolicyFileError."""
    return policy_file.compile(policy_file.load(file))


def question(
    settings: Settings,
    *,
    bounds: tuple[str, str],
    names: Mapping[str, str],
    policy: bytes | None,
    tolerance: str,
    whole: bool,
) -> Question:
    """Return what is asked. Raises ConfigError that names the option."""
    since, until = (
        bound(settings, text, name) for text, name in zip(bounds, ("--from", "--to"), strict=True)
    )
    if since.at is not None and until.at is not None and since.at >= until.at:
        raise ConfigError("it is not before --to", setting="--from", remedy="exchange the two")
    wanted = dict(names)
    if names["report"]:
        wanted |= _report(settings, names)
    return Question(
        since=since,
        until=until,
        policy=policy,
        tolerance=0 if policy is None else _duration(tolerance, "--tolerance"),
        whole=whole,
        **wanted,
    )


def bound(settings: Settings, text: str, option: str) -> Bound:
    """Return one end of the range: an instant, a time ago, or the place of an input."""
    if not text:
        return ANY
    if "/" in text:
        return Bound(where=_place(settings, text, option))
    if text[0].isdigit() and text[-1].isalpha() and text[-1] != "Z":
        return Bound(at=now_ms() - _duration(text, option))
    return Bound(at=instant(text, option=option))


def _place(settings: Settings, text: str, option: str) -> tuple[str, int, int]:
    topic, *numbers = text.split("/")
    inputs = Names(settings.prefix).inputs
    if topic not in inputs or len(numbers) != 2 or not all(map(str.isdigit, numbers)):
        raise ConfigError(
            f"{text!r} is no place of an input",
            setting=option,
            remedy=f"write TOPIC/PARTITION/OFFSET, e.g. {inputs[0]}/0/4711; inputs are {', '.join(inputs)}",
        )
    return topic, int(numbers[0]), int(numbers[1])


def _duration(text: str, option: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        problem, remedy = error.args
        raise ConfigError(problem, setting=option, remedy=remedy) from None


def _report(settings: Settings, names: Mapping[str, str]) -> dict[str, str]:
    """Return product and id of a report. One that is held no more has to be named in full."""
    text = names["report"]
    found = [key for key in held(settings, text) if names["product"] in ("", key[0])]
    if len(found) == 1:
        ((product, report),) = found
        return {"product": product, "report": report}
    if found:
        raise ConfigError(
            f"{text!r} may be any of {len(found)} reports, such as {found[0][1]} and {found[1][1]}",
            setting="--report",
            remedy="write more of its id",
        )
    if len(text) != _ID:
        raise ConfigError(
            f"no report is held whose id is or begins with {text!r}",
            setting="--report",
            remedy="a report that is held no more has to be named in full; see `qosresolve reports list`",
        )
    return {"report": text}


def shadow(settings: Settings, into: str, file: Path | None) -> Settings | None:
    """Return the settings of who writes shadow topics, None where nobody does. Raises ConfigError."""
    if not into:
        if file is not None:
            raise ConfigError(
                "nothing is written without --into", setting="--into-config", remedy="add --into"
            )
        return None
    base = settings if file is None else load(file)
    made = load(overrides=[f"prefix={into}"])  # so that a bad prefix is refused as anywhere else
    return base.model_copy(update={"prefix": made.prefix})
