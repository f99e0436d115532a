"""Samples through the intake's own reading, and what came of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qosresolve.contracts.policy.file import read_text
from qosresolve.errors import ConfigError, PoisonRecordError
from qosresolve.intake import cloudevents, detect, rules_file
from qosresolve.intake.leftovers import Examined, examined
from qosresolve.intake.mapping import ForeignFormat
from qosresolve.intake.paths import Json
from qosresolve.intake.rules import Rules

NONE = "-"

_YAML = (".yaml", ".yml")
_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one sample: what it says, or why that is not known. `note` is for its author."""

    sample: str
    found: Examined | None = None
    error: str = ""
    remedy: str = ""
    note: str = ""

    @property
    def understood(self) -> bool:
        """Tell whether all of it was understood."""
        return self.found is not None and not self.found.reading.refused


def sorted_out(files: Sequence[str]) -> tuple[str, tuple[Path, ...]]:
    """Return the mapping or rules file, `-` for none, and the samples. Raises ConfigError without samples."""
    named = files[0] == NONE or Path(files[0]).suffix.lower() in _YAML
    samples = files[1:] if named else files
    if not samples:
        raise ConfigError("there is no sample", setting="SAMPLE", remedy="name at least one file with JSON")
    return files[0] if named else NONE, tuple(map(Path, samples))


def rules_of(file: str) -> Rules:
    """Return the rules that samples are read by. Raises ConfigError."""
    return rules_file.shipped() if file == NONE else rules_file.load(read_text(Path(file)), file)


def tried(rules: Rules, samples: Sequence[Path], topic_format: str) -> Iterator[Trial]:
    """Yield what becomes of each sample.

    Raises ConfigError for a format that nobody knows, and a file that cannot be read.
    """
    if topic_format not in detect.names(rules):
        remedy = f"write one of {', '.join(detect.names(rules))}"
        raise ConfigError(f"{topic_format!r} is not known", setting="--format", remedy=remedy)
    for name, value in _values(samples):
        yield _tried(name, value, topic_format, rules)


def _tried(name: str, value: bytes, topic_format: str, rules: Rules) -> Trial:
    try:
        said = detect.read(topic_format, (), value, rules)
        found = examined(
            cloudevents.opened((), value).payload,
            lambda payload: detect.interpreted(topic_format, payload, rules),
            lambda told: detect.left_out(told, rules),
        )
    except PoisonRecordError as error:
        return Trial(name, error=str(error), remedy=error.remedy, note=_unlike(value, _own(rules)))
    note = _taken(said.format, _own(rules)) if topic_format == detect.AUTO else ""
    return Trial(name, Examined(said, found.left_out), note=note)


def _own(rules: Rules) -> list[ForeignFormat]:
    """Return the mappings that the file has brought."""
    shipped = rules_file.shipped().mappings
    return [item for item in rules.mappings if isinstance(item, ForeignFormat) and item not in shipped]


def _unlike(value: bytes, own: Sequence[ForeignFormat]) -> str:
    """Return why the file's mappings are not for a payload that nobody understands."""
    payload = _decoded(value) if own else None
    if not isinstance(payload, dict):
        return ""
    found = ((item.name, item.unlike(payload)) for item in own)
    return "; ".join(f"{name} does not fit at {', '.join(paths)}" for name, paths in found if paths)


def _taken(took: str, own: Sequence[ForeignFormat]) -> str:
    """Return that another format takes what was meant for the file's mapping."""
    if len(own) != 1 or took == own[0].name:
        return ""
    return f"{took} takes it, not {own[0].name}: set the topic's format, or here --format {own[0].name}"


def _decoded(value: bytes) -> Json:
    try:
        return cloudevents.opened((), value).payload
    except PoisonRecordError:
        return None  # which the sample's own error tells


def _values(samples: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of each sample. Raises ConfigError for a file that cannot be read."""
    for file in samples:
        try:
            value = file.read_bytes()
        except OSError as error:
            remedy = "name files that this user may read"
            raise ConfigError(f"{file}: {error.strerror}", setting="SAMPLE", remedy=remedy) from None
        if file.suffix.lower() not in _LINES:
            yield str(file), value
            continue
        for number, row in enumerate(value.splitlines(), 1):
            if row.strip():
                yield f"{file}:{number}", row
