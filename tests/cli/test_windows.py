"""Maintenance windows by hand: what is typed is understood or refused before anything is sent."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qosresolve.cli.windows import view
from qosresolve.cli.windows.entering import Said, window
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.errors import ConfigError
from qosresolve.settings import load
from tests.cli.conftest import Run

YEAR = datetime.now(UTC).year + 1  # a window that is over is refused
SAID = Said(f"{YEAR}-06-01T02:00:00Z", f"{YEAR}-06-01T04:00:00Z", "", "", "", "", "", "", "")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(f"{YEAR}-{text}").timestamp() * 1_000)


def made(window_id: str = "w", **changes: object) -> MaintenanceWindow:
    """Return a window of one night."""
    whole = MaintenanceWindow(
        window_id, ms("06-01T02:00Z"), ms("06-01T04:00Z"), entered_at=ms("05-01T00:00Z")
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


# -- what was typed


def test_times_with_an_offset_are_instants() -> None:
    """Whatever the zone in which it repeats."""
    for zone in ("", "Asia/Tokyo"):
        found = window("w", replace(SAID, zone=zone))
        assert (found.starts_at, found.ends_at) == (ms("06-01T02:00Z"), ms("06-01T04:00Z"))


def test_times_without_one_are_local_to_the_zone() -> None:
    """Whoever plans a window thinks in the time of its site."""
    said = replace(SAID, begins=f"{YEAR}-06-01T02:00", ends=f"{YEAR}-06-01T04:00", zone="Europe/Berlin")
    found = window("w", said)
    assert (found.starts_at, found.ends_at) == (ms("06-01T00:00Z"), ms("06-01T02:00Z"))
    assert found.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"begins": f"{YEAR}-06-01T02:00"}, "has no zone"),
        ({"begins": "tomorrow"}, "is not an instant"),
        ({"begins": "tomorrow", "zone": "UTC"}, "is not an instant"),
        ({"zone": "Europe/Atlantis"}, "is not a time zone"),
        ({"recurrence": "FREQ=HOURLY"}, "FREQ=HOURLY"),
        ({"ends": SAID.begins}, "ends before it begins"),
        ({"begins": "2020-06-01T02:00:00Z", "ends": "2020-06-01T04:00:00Z"}, "over already"),
        ({"begins": "2026-03-29T02:30", "zone": "Europe/Berlin"}, "never show 2026-03-29T02:30"),
    ],
)
def test_what_would_be_refused_is_refused_here(changes: dict[str, str], problem: str) -> None:
    """With the remedy, before a broker is asked for."""
    with pytest.raises(ConfigError, match=problem) as refused:
        window("w", replace(SAID, **changes))
    assert refused.value.remedy


def test_a_wrong_window_exits_2(cli: Run) -> None:
    """No broker is needed to say so."""
    result = cli("windows", "set", "w", "--from", SAID.begins, "--to", SAID.ends, "--rrule", "FREQ=HOURLY")
    assert result.exit_code == 2
    assert "FREQ=HOURLY" in result.stderr
    assert "remedy:" in result.stderr


# -- what is shown


def test_partitions_that_know_the_same_are_one_row() -> None:
    """When each of them entered it is no difference."""
    one, later = made(), made(entered_at=ms("05-02T00:00Z"))
    (found,) = view.known({0: (one,), 1: (later,), 2: (one,)})
    assert (found.window, found.partitions) == (later, (0, 1, 2))
    assert view.notes([found], (0, 1, 2)) == []


def test_partitions_that_differ_are_told() -> None:
    """Missing in one, or another content: both with the remedy."""
    found = view.known({0: (made(), made("v")), 1: (made(site="s"), made("v")), 2: (made("v"),)})
    assert [(item.window.window_id, item.partitions) for item in found] == [
        ("v", (0, 1, 2)),
        ("w", (0,)),
        ("w", (1,)),
    ]
    missing, different = view.notes(found, (0, 1, 2))
    assert missing.startswith("w is not known in partitions 2: ")
    assert different.startswith("w is not the same in all partitions: ")


def test_the_next_occurrence() -> None:
    """The one that holds, else the next, else none."""
    nightly = made(recurrence="FREQ=DAILY;COUNT=2")
    first, second = (ms("06-01T02:00Z"), ms("06-01T04:00Z")), (ms("06-02T02:00Z"), ms("06-02T04:00Z"))
    instants = ("05-30T00:00Z", "06-01T03:00Z", "06-01T04:00Z", "06-02T05:00Z")
    assert [view.upcoming(nightly, ms(at)) for at in instants] == [first, first, second, None]


def test_what_would_hold_is_shown_in_both_times(capsys: pytest.CaptureFixture[str]) -> None:
    """Local time of the zone and UTC, how many more there are, and what is in scope."""
    nightly = made(zone="Asia/Tokyo", recurrence="FREQ=DAILY;COUNT=20", site="TYO", tier="gold")
    view.preview(nightly, [], as_json=False)
    shown = capsys.readouterr().out
    assert "w would hold for site TYO, tier gold" in shown
    assert f"{YEAR}-06-01 11:00:00+0900" in shown
    assert f"{YEAR}-06-01 02:00:00.000Z" in shown
    assert "and 12 more, the last until" in shown
    assert "open reports in its scope: 0 of 0" in shown


def test_the_list_is_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A row each, what differs below it, and the partitions that nobody ever worked on."""
    broken = made("broken", zone="Gone/Away", product_id="P1")
    states = {0: PartitionState(0, (), "", (made(), broken)), 1: PartitionState(1, (), "", (broken,))}
    monkeypatch.setattr(view, "contracts_for", lambda _: None)
    monkeypatch.setattr(view, "partition_states", lambda *_: states)
    monkeypatch.setattr(view, "places", lambda *_: [("t", number) for number in range(3)])
    view.show(load(), every=False, as_json=False)
    shown = capsys.readouterr().out
    assert "left out: 'Gone/Away' is not a time zone" in shown
    assert "everything" in shown
    assert "w is not known in partitions 1: wait for the workers" in shown
    assert "no worker has ever worked on partitions 2" in shown


def test_what_was_lifted_is_listed_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is kept for those who have not looked yet; only `--all` shows it, with when it was lifted."""
    gone = made(lifted_at=ms("05-02T00:00Z"))
    states = {0: PartitionState(0, (), "", (gone, made("other"))), 1: PartitionState(1, (), "", (gone,))}
    monkeypatch.setattr(view, "contracts_for", lambda _: None)
    monkeypatch.setattr(view, "partition_states", lambda *_: states)
    monkeypatch.setattr(view, "places", lambda *_: [])
    listed = []
    for every in (False, True):
        view.show(load(), every=every, as_json=True)
        listed.append(json.loads(capsys.readouterr().out)["windows"])
    assert [item["window_id"] for item in listed[0]] == ["other"]
    assert [(item["window_id"], item["lifted_at"], item["next"] is None) for item in listed[1]] == [
        ("other", None, False),
        ("w", gone.lifted_at, True),
    ]
    view.show(load(), every=True, as_json=False)
    assert f"lifted {YEAR}-05-02 00:00:00" in capsys.readouterr().out


def test_one_that_was_entered_anew_is_listed_beside_those_that_were_lifted() -> None:
    """Each entering is a row, and partitions are told to differ only in what is in force."""
    first, second = (made(entered_at=at, lifted_at=at + 1) for at in (10, 20))
    found = view.known({0: (first, second, made()), 1: (replace(first, lifted_at=12), made())})
    assert [(item.window.entered_at, item.window.lifted_at, item.partitions) for item in found] == [
        (20, 21, (0,)),
        (10, 11, (0, 1)),
        (made().entered_at, None, (0, 1)),
    ]
    assert view.notes(found, (0, 1)) == []
