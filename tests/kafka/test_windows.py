"""Maintenance windows of a partition: set and lifted in the order of its records, kept with its state."""

from dataclasses import replace

import pytest

from qosresolve.contracts.windows import DAY, write_body
from qosresolve.core.facts import WindowLifted, WindowSet
from qosresolve.core.inputs import Command
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.policy import Policies
from qosresolve.core.vocabulary import Verb
from qosresolve.core.windows import covering
from qosresolve.kafka import windows
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.windows import AHEAD, BACK, LIFT, SET, Windows
from qosresolve.topics import PARTITION
from tests.kafka.bench import POLICY_A, Bench, journal, of, products
from tests.kafka.harness import RECORDS, command, degradation, wall_ms

HOUR = 3_600_000
NOW = wall_ms()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def window(window_id: str = "w", **changes: object) -> MaintenanceWindow:
    """Return a window of all products, an hour before and after now."""
    return replace(MaintenanceWindow(window_id, NOW - HOUR, NOW + HOUR), **changes)  # type: ignore[arg-type]


def setting(made: MaintenanceWindow, **changes: object) -> Command:
    """Return the order to set a window."""
    return command("", Verb.SET_WINDOW, field=SET, value=write_body(made), **changes)


def lifting(window_id: str, **changes: object) -> Command:
    """Return the order to lift one."""
    return command("", Verb.SET_WINDOW, field=LIFT, value=window_id, **changes)


def known(partition: Partition) -> list[str]:
    """Return the ids of the committed windows that are in force."""
    return [item.window_id for item in partition.state.windows if item.lifted_at is None]


def opened(bench: Bench, product: str) -> bool:
    """Tell whether a product has a report."""
    return bool(bench.partition.store.get(product).reports)


# -- orders


def test_a_window_is_for_the_records_after_it(bench: Bench) -> None:
    """Which window a decision saw is order: within a batch it begins and ends between two records."""
    before, inside, after = products(3)
    bench.take(bench.record(degradation(before, 1)))
    bench.take(bench.record(setting(window())))
    bench.take(bench.record(degradation(inside, 1)))
    bench.take(bench.record(lifting("w", reason="done")))
    bench.take(bench.record(degradation(after, 1)))
    outputs = bench.commit()
    assert [opened(bench, product) for product in (before, inside, after)] == [True, False, True]
    entries = journal(outputs)
    assert [str(entry.outcome) for entry in entries if not entry.product_id] == ["control", "control"]
    (entered,) = entries[1].facts
    assert isinstance(entered, WindowSet)
    assert entered.window == replace(window(), entered_at=entries[1].now)
    assert entries[3].facts == (WindowLifted("w", "done"),)


def test_the_partition_record_remembers_them(bench: Bench) -> None:
    """They travel with the positions; a partition that starts from the record sees them."""
    bench.take(bench.record(setting(window())), bench.record(setting(window("other", product_id="nobody"))))
    (record,) = of(bench.commit(), PARTITION)
    state = RECORDS.read_partition(record.value or b"")
    assert [item.window_id for item in state.windows] == ["w", "other"]
    restored = Bench()
    restored.partition.start(replace(state, positions=restored.partition.state.positions))
    restored.take(restored.record(degradation("P1", 1)))
    restored.commit()
    assert not opened(restored, "P1")
    assert known(restored.partition) == ["w", "other"]


def test_an_order_that_was_aborted_is_none(bench: Bench) -> None:
    """The windows are part of the overlay."""
    bench.take(bench.record(setting(window())))
    bench.partition.rewind()
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    assert opened(bench, "P1")
    assert known(bench.partition) == []


def test_one_of_the_same_id_replaces(bench: Bench) -> None:
    """What was entered under an id before does not hold any more."""
    bench.take(bench.record(setting(window())))
    bench.take(bench.record(setting(window(product_id="nobody"))))
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    assert opened(bench, "P1")
    assert known(bench.partition) == ["w"]


def test_an_order_sent_twice_changes_nothing(bench: Bench) -> None:
    """A window goes on being entered when it was; lifting what is not there is no mistake."""
    bench.take(bench.record(setting(window())))
    bench.commit()
    first = bench.partition.state.windows
    bench.take(bench.record(setting(window())), bench.record(lifting("nothing")))
    entries = journal(bench.commit())
    assert [(str(entry.outcome), str(entry.rule)) for entry in entries] == [("noOp", "NothingChanges")] * 2
    assert bench.partition.state.windows == first


RESTRICTED = replace(POLICY_A, roles={**POLICY_A.roles, "set-window": ("service-manager",)})


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (setting(window(ends_at=NOW - 2 * HOUR)), "BadWindow"),
        (setting(window(starts_at=NOW - 3 * HOUR, ends_at=NOW - 2 * HOUR)), "BadWindow"),
        (setting(window(recurrence="FREQ=HOURLY")), "BadWindow"),
        (setting(window(zone="Mars/Olympus")), "BadWindow"),
        (command("", Verb.SET_WINDOW, field=SET, value="{}"), "BadWindow"),
        (command("", Verb.SET_WINDOW, field="", value=write_body(window())), "BadWindow"),
        (setting(window(), role="visitor"), "RoleNotAllowed"),
        (lifting("w", role="visitor"), "RoleNotAllowed"),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(bench: Bench, order: Command, rule: str) -> None:
    """It is answered by a rule, never buried, and changes nothing."""
    bench.known[POLICY_A.hash] = replace(bench.known[POLICY_A.hash], active=RESTRICTED)
    bench.take(bench.record(order))
    outputs, staging = bench.commit_staging()
    (entry,) = journal(outputs)
    assert (str(entry.outcome), str(entry.rule), entry.facts) == ("refused", rule, ())
    told = [(command_id, bool(error.remedy)) for command_id, error in staging.refusals]
    assert told == ([(order.command_id, True)] if rule == "BadWindow" else []), "the log says why"
    assert known(bench.partition) == []


def test_there_are_not_too_many(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partition record travels in every transaction: one more is refused, a replacement is not."""
    monkeypatch.setattr(windows, "MOST", 2)
    orders = [window("a"), window("b"), window("c"), window("a", reason="longer")]
    bench.take(*(bench.record(setting(item)) for item in orders))
    outcomes = [(str(entry.outcome), str(entry.rule)) for entry in journal(bench.commit())]
    assert outcomes == [("control", "")] * 2 + [("refused", "BadWindow"), ("control", "")]


@pytest.mark.slow
def test_they_are_not_too_large(bench: Bench) -> None:
    """As many and as long as may be, lifted ones too: the partition record fits into what its topic takes."""
    long = {name: f"{name}{'x' * 240}" for name in ("site", "tier", "service_id", "reason")}
    start = NOW // DAY * DAY
    for number in range(1_200):
        item = window(f"{number % 450:05}{'x' * 240}", starts_at=start, ends_at=start + DAY, **long)
        bench.take(bench.record(setting(replace(item, reason=f"{number}{'y' * 240}"))))
    outputs = bench.commit()
    assert {str(entry.rule) for entry in journal(outputs)} == {"", "BadWindow"}
    assert 400_000 < len(of(outputs, PARTITION)[0].value or b"") < 800_000


# -- what decisions see


def test_without_windows_the_policies_are_handed_on(bench: Bench) -> None:
    """Who has none pays nothing."""
    policies = bench.policies(POLICY_A.hash)
    assert Windows().beside(policies, NOW) is policies


def test_decisions_see_the_weeks_around_them(bench: Bench) -> None:
    """Of three years of nights only those that can matter are handed to a decision, the same all day."""
    start = NOW // DAY * DAY
    nightly = window(starts_at=start, ends_at=start + HOUR, recurrence="FREQ=DAILY", entered_at=start)
    later = window("later", starts_at=start + 300 * DAY, ends_at=start + 301 * DAY, entered_at=start)
    policies, made = bench.policies(POLICY_A.hash), Windows((nightly, later))
    for days in (0, 100, 290):
        at = start + days * DAY + 5 * HOUR
        seen = made.beside(policies, at)
        (first,) = [item for item in seen.windows if item.window_id == "w"]
        assert len(first.spans) <= BACK + AHEAD + 1
        assert (start + days * DAY, start + days * DAY + HOUR) in first.spans
        assert made.beside(policies, at + HOUR) is seen
    assert [item.window_id for item in made.beside(policies, start).windows] == ["w"]
    assert [item.window_id for item in made.beside(policies, start + 295 * DAY).windows] == ["w", "later"]


def test_another_policy_is_another_sight(bench: Bench) -> None:
    """What was handed out for one active policy is not handed out for the next."""
    one, other = bench.known.values()
    made = Windows((window(entered_at=NOW),))
    assert made.beside(one, NOW).active is one.active
    assert made.beside(other, NOW).active is other.active


# -- what was lifted or replaced


def obeyed(made: Windows, order: Command, minutes: int) -> Windows:
    """Return what an order makes of windows, some minutes from now."""
    return made.obey(order, NOW + minutes * 60_000)[0]


def spans(made: Windows, policies: Policies, at: int = NOW) -> list[tuple[int, int]]:
    """Return the time in minutes from now that decisions see."""
    seen = covering(made.beside(policies, at).windows)
    return [((start - NOW) // 60_000, (end - NOW) // 60_000) for start, end in seen]


def test_what_a_lifted_window_did_is_kept(bench: Bench) -> None:
    """Who looks later sees it up to there; lifted again it is not."""
    made = obeyed(Windows(), setting(window()), 0)
    made = obeyed(made, lifting("w"), 30)
    assert [(item.window_id, item.entered_at, item.lifted_at) for item in made.known] == [
        ("w", NOW, NOW + HOUR // 2)
    ]
    assert spans(made, bench.policies(POLICY_A.hash)) == [(0, 30)]
    assert made.obey(lifting("w"), NOW + HOUR) == (made, None)


def test_what_a_replaced_window_did_is_kept(bench: Bench) -> None:
    """One that is prolonged holds on without a gap; the same entered anew after a lift is another."""
    policies = bench.policies(POLICY_A.hash)
    made = obeyed(Windows(), setting(window()), 0)
    made = obeyed(made, setting(window(ends_at=NOW + 2 * HOUR)), 30)
    assert spans(made, policies) == [(0, 120)]
    made = obeyed(made, lifting("w"), 40)
    made = obeyed(made, setting(window()), 50)
    assert spans(made, policies) == [(0, 40), (50, 60)]
    assert [item.entered_at - NOW for item in made.known] == [0, 30 * 60_000, 50 * 60_000]


def test_what_never_held_is_not_kept() -> None:
    """Lifted before it began, it did nothing; nor did one that nobody understood."""
    made = obeyed(Windows(), setting(window(starts_at=NOW + HOUR // 2)), 0)
    assert obeyed(made, lifting("w"), 10).known == ()
    broken = Windows((window(zone="Gone/Away", entered_at=NOW),))
    assert obeyed(broken, lifting("w"), 10).known == ()


def test_a_partition_record_keeps_what_was_lifted(bench: Bench) -> None:
    """It is bytes in every transaction like those in force, and is read again with its end."""
    lifted = window(entered_at=NOW - HOUR, lifted_at=NOW - HOUR // 2)
    bench.partition.start(replace(bench.partition.state, windows=(lifted,)))
    bench.take(bench.record(degradation("P1", 1)))
    (record,) = of(bench.commit(), PARTITION)
    assert RECORDS.read_partition(record.value or b"").windows == (lifted,)
    assert opened(bench, "P1")


def test_not_too_many_that_were_lifted_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are; they do not count as windows in force."""
    monkeypatch.setattr(windows, "MOST", 1)
    monkeypatch.setattr(windows, "MOST_LIFTED", 2)
    made = Windows()
    for number in range(4):
        made = obeyed(made, setting(window(reason=str(number))), number)
    assert [(item.reason, item.lifted_at is None) for item in made.known] == [
        ("1", False),
        ("2", False),
        ("3", True),
    ]


# -- what is kept


def test_what_is_long_over_is_dropped() -> None:
    """It goes when no decision sees it any more: so when it goes makes no difference."""
    made = Windows((window(entered_at=NOW), window("weekly", recurrence="FREQ=WEEKLY", entered_at=NOW)))
    end = NOW + HOUR
    assert made.kept(end + BACK * DAY) is made
    assert [item.window_id for item in made.kept(end + (BACK + 1) * DAY).known] == ["weekly"]


def test_what_was_lifted_is_dropped_as_if_it_had_ended() -> None:
    """Its successor of the same id stays, and one that is not understood any more goes too."""
    lifted = window(entered_at=NOW - HOUR, lifted_at=NOW)
    broken = replace(lifted, zone="Gone/Away")
    weekly = window(recurrence="FREQ=WEEKLY", entered_at=NOW)
    made = Windows((lifted, broken, weekly))
    assert made.kept(NOW + BACK * DAY) is made
    assert made.kept(NOW + (BACK + 1) * DAY).known == (weekly,)


def test_a_commit_drops_what_is_long_over(bench: Bench) -> None:
    """The partition record stays small without anybody lifting what has ended."""
    old = window("old", entered_at=NOW - 90 * DAY, starts_at=NOW - 90 * DAY, ends_at=NOW - 80 * DAY)
    state = replace(bench.partition.state, windows=(old, window(entered_at=NOW)))
    bench.partition.start(state)
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    assert known(bench.partition) == ["w"]
    assert not opened(bench, "P1")


def test_one_that_is_not_understood_any_more_is_left_out(bench: Bench) -> None:
    """A zone that a newer tzdata has no more must not stop a partition; the record keeps the window."""
    broken = window("broken", zone="Gone/Away", entered_at=NOW)
    bench.partition.start(replace(bench.partition.state, windows=(broken,)))
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    assert opened(bench, "P1")
    assert known(bench.partition) == ["broken"]
