"""Mappings: what each key of their file does to a payload, and what is wrong told with line and key."""

import pytest

from qosresolve.contracts.policy.findings import PolicyFileError
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake import mapping_path, rules_file
from qosresolve.intake.mapping_path import Scope
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Mark, Observation, Reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.times import instant

BASE = {
    "name": "probe",
    "fits": "probe",
    "kind": "{text: raise}",
    "indicator": "metric",
    "objects": "target",
}
PAYLOAD = {"probe": 1, "metric": "latency", "target": "ne-1"}


def _text(**keys: str) -> str:
    return "\n".join(f"{key}: {value}" for key, value in (BASE | keys).items() if value)


def _read(payload: Json, rules: Rules | None = None, /, **keys: str) -> Reading:
    mapping = rules_file.load(_text(**keys), "probe.yaml").mappings[0]
    return mapping.read(PAYLOAD | payload, rules or Rules())


def _one(payload: Json, rules: Rules | None = None, /, **keys: str) -> Observation:
    (found,) = _read(payload, rules, **keys).observations
    return found


def _ms(text: str) -> int:
    found = instant(text)
    assert found is not None
    return found.at


# -- paths


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, 2], "c.d": 3}]),
        ("a.b[0]", [1]),
        ("a.b[*]", [1, 2]),
        ("a.b[7]", []),
        ('a."c.d"', [3]),
        ("$.x.y", [9]),
        ("one.z", [4]),
        ("many[*].z", [5, 6]),
        ("many.z", []),
        ("none.z", []),
        ("null", []),
        ("a.b.c", []),
    ],
)
def test_paths(path: str, found: list[Json]) -> None:
    """Fields, members, names in quotes, the root; an array of one is its member, of more it is not."""
    member = {"a": {"b": [1, 2], "c.d": 3}, "one": [{"z": 4}], "many": [{"z": 5}, {"z": 6}], "null": None}
    assert list(mapping_path.parse(path).values(Scope(member, {"x": {"y": 9}}))) == found


@pytest.mark.parametrize(
    "path", ["", ".", "a..b", "a b", "[0]", ".a", "a[x]", 'a."b', "$.", "a.", "a]b", "a[0]b"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    """With what would be one."""
    with pytest.raises(ValueError, match="path") as caught:
        mapping_path.parse(path)
    assert len(caught.value.args) == 2


# -- fields


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("a", "1"),
        ("[none, b]", "2"),
        ("{path: [none, b]}", "2"),
        ("{text: x}", "x"),
        ('{template: "{a}/{b}"}', "1/2"),
        ('[{template: "{a}/{none}"}, {template: "only {b}"}]', "only 2"),
        ("{path: w, words: {Up And Running: 7}}", "7"),
        ("[{path: w, words: {other: 7}}, {text: else}]", "else"),
        ("{path: u, match: '/([0-9]+)$'}", "42"),
        ("[{path: u, match: '([A-Z]+)'}, a]", "1"),
        ("[{path: a, when: none}, {path: b, when: a}]", "2"),
        ("[{path: a, when: {path: b, equals: 3}}, {path: b, when: {path: a, equals: [0, 1]}}]", "2"),
        ("{path: a, when: {path: none, absent: true}}", "1"),
        ("{path: a, when: {path: b, unless: [1, 2]}}", ""),
        ("none", ""),
    ],
)
def test_a_field_is_the_first_thing_that_is_found(keys: str, value: str) -> None:
    """Paths, constants, templates, translations, parts, conditions; what has no word counts as missing."""
    payload = {"a": 1, "b": "2", "w": "UP_AND_RUNNING", "u": "http://x/items/42"}
    assert _one(payload, cause_id=keys).cause_id == value


def test_objects_are_all_that_is_found() -> None:
    """In their order, each once; the first that the inventory knows counts."""
    found = _one({"n": ["a", "b"], "m": "b"}, objects="[n, m, target]")
    assert found.objects == ("a", "b", "ne-1")


def test_numbers_units_and_raw_text_are_as_everywhere() -> None:
    """The rules' indicators and units apply; sequence is a number, also in quotes."""
    rules = Rules(indicators={"latency": "delay"}, units={"delay": "s"})
    found = _one({"v": 0.5, "t": "0.2", "n": "17"}, rules, value="v", threshold="t", sequence="n")
    assert (found.indicator, found.value, found.threshold, found.unit) == ("delay", "500", "200", "ms")
    assert (found.raw, found.sequence) == ("0.5 s > 0.2 s", 17)


@pytest.mark.parametrize(
    ("word", "severity", "marks"),
    [
        ("P1", Severity.CRITICAL, ()),
        ("minor", Severity.MINOR, ()),
        ("odd", Severity.MAJOR, (Mark.SEVERITY_ASSUMED,)),
    ],
)
def test_severity(word: str, severity: Severity, marks: tuple[Mark, ...]) -> None:
    """Own words first, known ones after them, else what the rules assume, marked."""
    found = _one(
        {"s": word, "at": "2026-03-01T12:00:00Z"},
        severity="[{path: s, words: {p1: critical}}, s]",
        observed_at="at",
    )
    assert (found.severity, found.marks) == (severity, marks)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("raise", DegradationKind.RAISE),
        ("UPDATE", DegradationKind.UPDATE),
        ("abate", DegradationKind.ABATE),
        ("Resolved", DegradationKind.ABATE),
    ],
)
def test_kind_without_words(word: str, kind: DegradationKind) -> None:
    """Our own words, and those that say everywhere that it is over."""
    assert _one({"k": word}, kind="k").kind is kind


@pytest.mark.parametrize(
    ("direction", "bad_below", "kind"),
    [
        ("UP", frozenset[str](), DegradationKind.RAISE),
        ("DOWN", frozenset[str](), DegradationKind.ABATE),
        ("UP", frozenset({"latency"}), DegradationKind.ABATE),
        ("DOWN", frozenset({"latency"}), DegradationKind.RAISE),
    ],
)
def test_a_direction_is_bad_or_good_by_its_indicator(
    direction: str, bad_below: frozenset[str], kind: DegradationKind
) -> None:
    """Rising is bad, but where the rules say that falling is."""
    rules = Rules(bad_below=bad_below)
    assert _one({"d": direction}, rules, kind="", direction="d").kind is kind


def test_object_kind() -> None:
    """A resource, unless it is said to be a service."""
    assert _one({}).object_kind is ObjectKind.RESOURCE
    assert _one({}, object_kind="{text: service}").object_kind is ObjectKind.SERVICE


# -- times

AT = "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("given", "keys", "at", "marks"),
    [
        (AT, "at", AT, ()),
        (1772366400, "{path: at, format: s}", AT, ()),
        ("1772366400000", "{path: at, format: ms}", AT, ()),
        (1772366400000, "{path: at, format: us}", AT, (Mark.TIME_UNIT_GUESSED,)),
        ("01.03.2026 13:00", '{path: at, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}', AT, ()),
        ("01.03.2026 12:00", '{path: at, format: "%d.%m.%Y %H:%M"}', AT, (Mark.TIME_ZONE_ASSUMED,)),
        ("2026-03-01T13:00:00", "{path: at, zone: Europe/Berlin}", AT, ()),
        ("2026-03-01T12:00:00", "at", AT, (Mark.TIME_ZONE_ASSUMED,)),
        ("2026-03-01T12:00:00Z", "{path: at, zone: Europe/Berlin}", AT, ()),
        ("rubbish", '[{path: at, format: "%d.%m.%y"}, other]', "2026-03-02T00:00:00Z", ()),
        ("", "at", "", (Mark.TIME_ASSUMED,)),
        (None, "at", "", (Mark.TIME_ASSUMED,)),
    ],
)
def test_times(given: Json, keys: str, at: str, marks: tuple[Mark, ...]) -> None:
    """Any format that intake knows, one of one's own, and a zone for those that have none."""
    payload = {"at": given, "other": "2026-03-02T00:00:00Z"}
    found = _one(payload, observed_at=keys, severity="{text: major}")
    assert (found.observed_at, found.marks) == (_ms(at) if at else 0, marks)


# -- members, what is passed over, and what is missing


def test_each_member_is_read_for_itself() -> None:
    """What is ignored has its reason, what lacks something is refused, the others are taken."""
    members = [{"m": "a"}, {"m": "beat"}, {"x": 1}, 7]
    keys = {
        "each": "list",
        "indicator": "m",
        "objects": "$.target",
        "ignore": "{path: m, equals: beat, reason: a heartbeat}",
    }
    said = _read({"list": members}, **keys)
    assert [item.indicator for item in said.observations] == ["a"]
    assert [(item.what, item.reason) for item in said.ignored] == [("list[1]", "a heartbeat")]
    assert [item.what for item in said.refused] == ["list[2]", "list[3]"]
    assert "no indicator" in said.refused[0].reason


@pytest.mark.parametrize("members", [None, [], "x"])
def test_nothing_under_each_is_refused(members: Json) -> None:
    """A payload that fits and says nothing is never passed over silently."""
    with pytest.raises(PoisonRecordError):
        _read({"list": members}, each="list", objects="$.target")


@pytest.mark.parametrize("missing", ["indicator", "objects", "kind"])
def test_what_is_missing_is_named(missing: str) -> None:
    """An observation needs all three."""
    with pytest.raises(PoisonRecordError, match=f"no {missing}") as caught:
        _read({}, **{missing: "none"})
    assert "mapping" in caught.value.remedy


@pytest.mark.parametrize(
    ("payload", "fits"),
    [
        ({"a": 1, "b": "Two"}, True),
        ({"a": 0, "b": "two"}, True),
        ({"a": 1, "b": 3}, False),
        ({"b": "two"}, False),
        ([], False),
        (None, False),
    ],
)
def test_fits(payload: Json, fits: bool) -> None:
    """All conditions have to hold; what does not is named for whoever wonders."""
    mapping = rules_file.load(_text(fits="[a, {path: b, equals: two}]"), "x").mappings[0]
    assert mapping.fits(payload) is fits


# -- what is wrong in the file


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"name": "Probe 1"}, 'm.yaml:1:7: name: "Probe 1" is no name'),
        ({"fits": ""}, "fits: is missing"),
        ({"fits": "[]"}, "fits everything"),
        ({"severty": "x"}, 'severty: is not a known key; did you mean "severity"?'),
        ({"indicator": "a b"}, 'm.yaml:4:12: indicator.path[0]: "a b" is no path'),
        ({"kind": "{text: rise}"}, 'm.yaml:3:1: kind: "rise" is not a known word; did you mean "raise"?'),
        ({"kind": "{path: k, words: {BAD: worse}}"}, '"worse" is not a known word'),
        ({"kind": ""}, "says neither kind nor direction"),
        ({"severity": "{text: terrible}"}, '"terrible" is not a known word'),
        ({"objects": "[target, {path: x, txt: y}]"}, "m.yaml:5:29: objects[1].txt: is not a known key"),
        ({"value": "{path: a, text: b}"}, "names no place, or several"),
        ({"value": "{words: {a: b}}"}, "names no place, or several"),
        ({"value": '{template: "no braces"}'}, "has no path in braces"),
        ({"value": '{template: "{a"}'}, "has no path in braces"),
        ({"value": '{path: a, match: "("}'}, "is no regular expression"),
        ({"value": '{path: a, match: "a"}'}, "has 0 groups"),
        ({"value": "{path: a, when: {equals: 1}}"}, "value.when.path: is missing"),
        ({"value": "{path: a, when: {path: a, equals: 1, absent: true}}"}, "asks several things at once"),
        ({"observed_at": "{path: a, format: seconds}"}, 'format "seconds" is not known'),
        ({"observed_at": '{path: a, format: "%d.%m. %H:%M"}'}, 'format "%d.%m. %H:%M" has no year'),
        ({"observed_at": "{path: a, zone: Berlin}"}, '"Berlin" is no time zone'),
        ({"ignore": "{path: a}"}, "ignore.reason: is missing"),
        ({"name": "tmf642"}, '"tmf642" is the name of a built-in format'),
        ({"name": "auto"}, '"auto" is the name of a built-in format'),
    ],
)
def test_what_is_wrong_is_told_with_its_place(keys: dict[str, str], told: str) -> None:
    """File, line, key, problem and remedy, as in a policy file."""
    with pytest.raises(PolicyFileError) as caught:
        rules_file.load(_text(**keys), "m.yaml")
    assert told in str(caught.value)
    assert all(finding.line and finding.remedy for finding in caught.value.findings)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """An operator mends a file in one go."""
    with pytest.raises(PolicyFileError) as caught:
        rules_file.load(_text(name="A B", kind="{text: x}", value="[1 2"), "m.yaml")
    assert "is not YAML" in str(caught.value)
    with pytest.raises(PolicyFileError) as caught:
        rules_file.load(_text(name="A B", kind="{text: x}", when="1"), "m.yaml")
    assert len(caught.value.findings) == 3
