"""One product that anything may happen to: `python -m tests.core.machine` (`make properties`).

A hypothesis state machine over the whole core: every kind of input, right and wrong, under several policies,
with maintenance windows and with a timer that is punctual, early, late or out of date. After every input all
that `invariants` states must hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from qosresolve.core.calendar import Calendar
from qosresolve.core.case import Case
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import Answer, Cause, Deadline, Finding, Received
from qosresolve.core.policy import (
    HoldRule,
    IndicatorRule,
    Override,
    Party,
    Policies,
    Target,
    ThresholdRule,
)
from qosresolve.core.report import RING_SIZE
from qosresolve.core.spans import united
from qosresolve.core.step import step
from qosresolve.core.targets import CLOCKS
from qosresolve.core.vocabulary import (
    AnswerState,
    ClockName,
    DegradationKind,
    ObjectKind,
    Outcome,
    RootCauseKind,
    Severity,
    Verb,
)
from qosresolve.core.windows import Window
from tests.core import invariants
from tests.core.builders import (
    BRONZE,
    CARRIER,
    DAY,
    GOLD,
    HOUR,
    MINUTE,
    POLICY,
    PRODUCT,
    THEIRS,
    TOPICS,
    at,
    command,
    sample,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qosresolve.core.facts import Entry
    from qosresolve.core.inputs import Input

# -- policies: the plain one, and what it has not

_UNPROMISED = dict.fromkeys(GOLD.targets, Target(None, None))
_BERLIN = Calendar("berlin", "Europe/Berlin", (((480, 1080),),) * 5 + ((), ()), holidays=("2026-04-03",))
_HOLDS = {
    "customer": HoldRule(CLOCKS),
    "access": HoldRule((ClockName.RESTORE,), at_most=30 * MINUTE),
    "supplier": HoldRule((ClockName.RESTORE,)),
    "maintenance": HoldRule(CLOCKS),
}
_RICH = replace(
    POLICY,
    calendars={**POLICY.calendars, "berlin": _BERLIN},
    default_indicator=IndicatorRule(5 * MINUTE, Severity.WARNING, silence_after=40 * MINUTE),
    indicators={
        "jitter": IndicatorRule(0, Severity.MAJOR),
        "loss": IndicatorRule(3 * MINUTE, Severity.MINOR, open_after=10 * MINUTE, silence_after=20 * MINUTE),
    },
    plan=tuple(
        replace(node, slot="business", not_before=20 * MINUTE, fallback=("second-line",))
        if node.name in ("repair", "analyseFurther")
        else node
        for node in POLICY.plan
    ),
    parties={
        "carrier": CARRIER,
        "backbone": Party("backbone", ("bb",), 30 * MINUTE, THEIRS, serves=("svc-1", "cpe-7")),
        "detour": Party("detour", ("dt",), 50 * MINUTE, THEIRS, work_around=True),
    },
    chain=tuple(replace(level, calendar="business" if level.level == 5 else "") for level in POLICY.chain),
    times=replace(POLICY.times, hold_backdate=2 * HOUR, check_within=10 * MINUTE),
    holds=_HOLDS,
    overrides=(Override({Severity.MAJOR: Target(20 * MINUTE, 90 * MINUTE)}, indicator="loss"),),
    work_thresholds=(ThresholdRule(50, 1), ThresholdRule(90, 4)),
    overdue_level=6,
    falls_retarget=True,
)
_VACANT = tuple(
    replace(level, target="" if level.level == 2 else level.target, calendar="business")
    for level in POLICY.chain
)
POLICIES = {
    policy.hash: policy
    for policy in (
        replace(POLICY, hash="plain"),
        replace(
            POLICY,
            hash="bronze",
            default_tier="bronze",
            tiers={"gold": BRONZE, "bronze": BRONZE},
            holds=_HOLDS,
        ),
        replace(POLICY, hash="unpromised", tiers={"gold": replace(GOLD, targets=_UNPROMISED)}, chain=_VACANT),
        replace(_RICH, hash="rich"),
        replace(
            _RICH,
            hash="rich from start",
            tiers={"gold": replace(GOLD, calendar="berlin")},
            retarget_from_start=True,
            window_counts=True,
            falls_retarget=False,
            chain=_VACANT,
            holds={**_HOLDS, "maintenance": HoldRule((ClockName.RESTORE,))},
        ),
        replace(
            _RICH,
            hash="at once",
            default_indicator=IndicatorRule(0, Severity.WARNING),
            holds={},
            plan=POLICY.plan,
            times=replace(
                POLICY.times, check_within=0, clear_wait=MINUTE, relapse_window=0, lateness_window=MINUTE
            ),
        ),
    )
}

# -- what arrives

_AGES = st.sampled_from([0, 0, 0, 0, 1, 7, 45, 300, -1, -10]).map(lambda minutes: minutes * MINUTE)
_PASSES = st.sampled_from([0, 0, 1, 2, 5, 10, 15, 30, 60]).map(lambda minutes: minutes * MINUTE)
_SOURCES = st.sampled_from(["monitor", "monitor", "probe"])
_ENTITIES = st.sampled_from(["svc-1", "svc-2", "cpe-7", ""])
_PARTIES = st.sampled_from(["carrier", "stranger", ""])
_PICK = st.integers(0, 9)
_EXPECTED = st.sampled_from([None, None, 10 * MINUTE, 5 * HOUR, -MINUTE])
_ENDS = [Verb.CANCEL, Verb.CLEAR, Verb.CLOSE, Verb.RESTORE, Verb.REFUSE_RESOLUTION]
_STANDS = [Verb.HOLD, Verb.RESUME, Verb.SET_STATUS, Verb.SET_SEVERITY]
_VERBS = sorted(set(Verb) - {Verb.OPEN, Verb.FINDING}) + 2 * _ENDS + 3 * _STANDS
_REASONS = st.sampled_from(["because", "falseAlarm", "customer", "access", "supplier", ""])
_VALUES = st.sampled_from(
    [
        "",
        "pending",
        "inProgress",
        "held",
        "5",
        "true",
        "critical",
        "minor",
        "slaExclusion",
        "cleared",
        "x" * 1_001,
    ]
)
_FIELDS = st.sampled_from(["", "priority", "status", "description", "sla", "work_around", "masterProblem"])


@dataclass
class Counted:
    """How many inputs ran, by kind, over all histories."""

    inputs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    histories: int = 0
    says_so: float | None = None  # seconds between progress lines, None for silence
    said: float = 0.0

    def count(self, kind: str, outcome: Outcome) -> None:
        self.inputs[kind] += 1
        self.outcomes[outcome] += 1
        if self.says_so is not None and time.monotonic() - self.said > self.says_so:
            self.said = time.monotonic()
            sys.stderr.write(f"  {self.inputs.total():,} inputs in {self.histories:,} histories\n")


class Machine(RuleBasedStateMachine):
    """One product, its windows and its timer; each rule is one kind of thing that happens."""

    counted: ClassVar[Counted] = Counted()

    def __init__(self) -> None:
        super().__init__()
        self.case = Case(PRODUCT)
        self.now = at("9:00")
        self.active = "plain"
        self.windows: tuple[Window, ...] = ()
        self.entries: list[Entry] = []
        self.history: list[tuple[Received, int, Policies]] = []
        self.witness = invariants.Witness()
        self.sound = True
        self.counted.histories += 1

    @initialize(
        policy=st.sampled_from(sorted(POLICIES)), later=st.sampled_from([0, 8 * HOUR, 26 * DAY + 10 * HOUR])
    )
    def begin(self, policy: str, later: int) -> None:
        self.active = policy
        self.now += later

    # -- feeding

    def feed(self, body: Input, kind: str) -> Entry:
        cause = Cause(TOPICS[type(body)], 0, len(self.entries), body.identity())
        return self._feed(Received(cause, body, body_digest(repr(body).encode())), kind)

    def _feed(self, received: Received, kind: str) -> Entry:
        policies = Policies(POLICIES[self.active], POLICIES, self.windows)
        before = self.case
        done = step(before, received, policies, self.now)
        self.sound = False  # until it was seen to be so: hypothesis tears down what broke, too
        self.witness.see(before, received, done, policies)
        self.sound = True
        self.case = done.case
        self.entries.append(done.entry)
        self.history.append((received, self.now, policies))
        self.counted.count(kind, done.entry.outcome)
        if len(self.entries) % 16 == 0:
            invariants.written(done)
        self._sent_again(len(self.history) - 1, policies)
        return done.entry

    def _sent_again(self, number: int, policies: Policies) -> None:
        """What is sent again at once changes nothing and asks nobody."""
        received, now, _ = self.history[number]
        if isinstance(received.body, Deadline):
            return
        again = step(self.case, received, policies, now)
        assert (again.case, again.facts, again.requests) == (self.case, (), ())

    def _alarm(self) -> Deadline | None:
        alarms = [
            Deadline(PRODUCT, report.report_id, report.alarm, report.due)
            for report in self.case.reports
            if report.due is not None
        ]
        watch = self.case.watch
        if watch is not None and watch.due is not None:
            alarms.append(Deadline(PRODUCT, "", watch.alarm, watch.due))
        return min(alarms, key=lambda alarm: alarm.due, default=None)

    def _obligation(self, pick: int) -> str:
        known = [item.obligation_id for report in self.case.reports for item in report.obligations]
        return known[-1 - pick % len(known)] if known and pick < 9 else "nobody"

    # -- degradations

    @rule(
        passes=_PASSES,
        severity=st.sampled_from(["good", "good", "good", "warning", "minor", "major", "major", "critical"]),
        indicator=st.sampled_from(["latency", "latency", "jitter", "loss"]),
        object_id=st.sampled_from(["svc-1", "svc-1", "svc-2"]),
        age=_AGES,
        source=_SOURCES,
        sequence=st.sampled_from([0, 0, 1, 9]),
    )
    def measure(
        self,
        *,
        passes: int,
        severity: str,
        indicator: str,
        object_id: str,
        age: int,
        source: str,
        sequence: int,
    ) -> None:
        """A sample, good or bad, of some age or from the future, as a rule under an id of its own."""
        self.now += passes
        event_id = "" if sequence == 9 else f"alarm-{len(self.entries)}"
        event = sample(self.now - age, severity, indicator=indicator, object_id=object_id, event_id=event_id)
        owner = "carrier" if object_id == "svc-2" else ""
        self.feed(replace(event, source=source, sequence=sequence, owner_party=owner), f"sample {severity}")

    @rule(passes=_PASSES, kind=st.sampled_from(DegradationKind), tier=st.sampled_from(["gold", "bronze", ""]))
    def measure_oddly(self, passes: int, kind: DegradationKind, tier: str) -> None:
        """An event of any kind, of any tier, on a resource, at a site with hours of its own."""
        self.now += passes
        event = sample(self.now, "major", object_id="cpe-7", event_id=str(len(self.entries)))
        odd = replace(
            event, kind=kind, tier=tier, site="office", object_kind=ObjectKind.RESOURCE, cause_key="c"
        )
        self.feed(odd, f"event {kind}")

    @rule(back=st.integers(0, 2 * RING_SIZE), passes=_PASSES)
    def send_again(self, back: int, passes: int) -> None:
        """An input that was sent before, at a new offset: what was applied is not applied again."""
        self.now += passes
        if not self.history:
            return
        received, _, _ = self.history[max(len(self.history) - 1 - back, 0)]
        if isinstance(received.body, Deadline):
            return
        known = self.case.seen(invariants.mark(received)) is not None
        cause = replace(received.cause, offset=len(self.entries))
        entry = self._feed(replace(received, cause=cause), "sent again")
        if known:
            assert not entry.facts, "applied twice"

    @rule(back=_PICK)
    def same_id_other_body(self, back: int) -> None:
        """An id that was used for something else is quarantined."""
        if not self.history:
            return
        received, _, _ = self.history[max(len(self.history) - 1 - back, 0)]
        if isinstance(received.body, Deadline):
            return
        known = self.case.seen(invariants.mark(received)) is not None
        cause = replace(received.cause, offset=len(self.entries))
        entry = self._feed(replace(received, cause=cause, digest=b"odd!"), "same id, other body")
        if known:
            assert entry.outcome in (Outcome.REFUSED, Outcome.NO_OP)

    # -- commands

    @rule(
        passes=_PASSES,
        verb=st.sampled_from(_VERBS),
        value=_VALUES,
        reason=_REASONS,
        name=_FIELDS,
        role=st.sampled_from(["operator", "operator", "operator", "close", "guest"]),
        pick=_PICK,
        back=st.sampled_from([None, None, None, 0, MINUTE, 20 * MINUTE, 3 * HOUR, -HOUR]),
        revision=st.sampled_from([None, None, 0, 1]),
    )
    def order(
        self,
        *,
        passes: int,
        verb: Verb,
        value: str,
        reason: str,
        name: str,
        role: str,
        pick: int,
        back: int | None,
        revision: int | None,
    ) -> None:
        """Any command, with arguments that may fit."""
        self.now += passes
        plain = command(
            verb,
            command_id=str(len(self.entries)),
            reason=reason,
            role="close" if verb is Verb.CLOSE else role,
        )
        self.feed(
            replace(
                plain,
                value=value,
                field=name,
                obligation_id=self._obligation(pick),
                at=None if back is None else self.now - back,
                expected_revision=revision,
                report_id={0: self.case.reports[0].report_id if self.case.reports else "", 1: "none"}.get(
                    pick, ""
                ),
            ),
            f"command {verb}",
        )

    @rule(passes=_PASSES, indicator=st.sampled_from(["latency", "byHand"]), fits=st.integers(0, 5))
    def hand_over(self, passes: int, indicator: str, fits: int) -> None:
        """Create hands a report over; now and then without what it needs."""
        self.now += passes
        event = sample(self.now, "good" if fits == 0 else "major", indicator=indicator, source="customer")
        order = command("open", command_id=str(len(self.entries)))
        self.feed(replace(order, value="ticket", degradation=None if fits == 1 else event), "command open")

    @rule(
        passes=_PASSES,
        kind=st.sampled_from(RootCauseKind),
        entity=_ENTITIES,
        party=_PARTIES,
        source=st.sampled_from(["noc", "probe"]),
        sequence=st.integers(0, 12),
        explains=st.sampled_from([(), (), ("latency",), ("jitter", "loss")]),
        by_person=st.booleans(),
        expected=_EXPECTED,
    )
    def find(
        self,
        *,
        passes: int,
        kind: RootCauseKind,
        entity: str,
        party: str,
        source: str,
        sequence: int,
        explains: tuple[str, ...],
        by_person: bool,
        expected: int | None,
    ) -> None:
        """A finding of any kind, perhaps one that is known already."""
        self.now += passes
        promise = None if expected is None else self.now + expected
        found = Finding(source, sequence, self.now, kind, entity, party, explains, by_person, promise)
        order = command("finding", command_id=str(len(self.entries)))
        self.feed(replace(order, finding=found), f"finding {kind}")

    # -- answers

    @rule(
        passes=_PASSES,
        state=st.sampled_from(AnswerState),
        pick=_PICK,
        expected=_EXPECTED,
        parent=st.sampled_from(["", "", "problem-1"]),
        kind=st.sampled_from([None, None, None, *RootCauseKind]),
    )
    def answer(
        self,
        *,
        passes: int,
        state: AnswerState,
        pick: int,
        expected: int | None,
        parent: str,
        kind: RootCauseKind | None,
    ) -> None:
        """Any answer to any obligation, also to one that has ended, or that nobody knows."""
        self.now += passes
        number = len(self.entries)
        told = Answer(
            PRODUCT,
            f"answer-{number}",
            self._obligation(pick),
            state,
            self.now,
            note="noted",
            parent_id=parent,
        )
        if expected is not None:
            told = replace(told, expected_at=self.now + expected)
        if kind is not None:
            told = replace(told, finding=Finding("party", number, self.now, kind, "svc-2"))
        self.feed(told, f"answer {state}")

    # -- the timer

    @rule(passes=_PASSES)
    def timer_punctual(self, passes: int) -> None:
        """Every deadline of some time is fired when it is due."""
        self._punctual(passes)

    def _punctual(self, passes: int) -> None:
        until = self.now + passes
        while (alarm := self._alarm()) is not None and alarm.due <= until:
            self.now = max(alarm.due, self.now)
            self.feed(alarm, "deadline in time")
        self.now = until

    @rule(passes=_PASSES)
    def timer_late(self, passes: int) -> None:
        """After a downtime only the earliest deadline is fired: all that is due is settled by it."""
        self.now += passes
        alarm = self._alarm()
        if alarm is not None:
            self.feed(alarm, "deadline late" if alarm.due < self.now else "deadline early")

    @rule(old=st.integers(1, 3), gone=st.booleans(), age=_AGES)
    def timer_odd(self, old: int, gone: bool, age: int) -> None:
        """A deadline that was settled already, or of something that is gone."""
        alarm = self._alarm()
        if alarm is not None:
            report = "gone" if gone else alarm.report_id
            odd = replace(alarm, report_id=report, alarm=alarm.alarm - old, due=self.now - age)
            self.feed(odd, "deadline odd")

    @rule(jumps=st.sampled_from([2 * HOUR, 6 * HOUR]))
    def night(self, jumps: int) -> None:
        """Hours pass with a punctual timer."""
        self._punctual(jumps)

    @rule(jumps=st.sampled_from([9 * HOUR, 2 * DAY, 9 * DAY]))
    def downtime(self, jumps: int) -> None:
        """Nobody looks for hours or days."""
        self.now += jumps

    # -- control

    @rule(
        after=st.sampled_from([-HOUR, 0, 0, 5 * MINUTE, 2 * HOUR]),
        lasts=st.sampled_from([MINUTE, 20 * MINUTE, 3 * HOUR]),
        again=st.sampled_from([0, 0, 30 * MINUTE, DAY]),
        scope=st.sampled_from(["product", "product", "all", "service", "site", "other"]),
    )
    def enter_window(self, after: int, lasts: int, again: int, scope: str) -> None:
        """A maintenance window is entered, also late, also recurring."""
        starts = [self.now + after, *([self.now + after + again] if again else [])]
        spans = tuple((start, start + lasts) for start in starts)
        plain = Window(f"w{len(self.entries)}-{len(self.windows)}", self.now, united(spans))
        scoped = {
            "product": replace(plain, product_id=PRODUCT),
            "service": replace(plain, service_id="svc-1"),
            "site": replace(plain, site="office"),
            "other": replace(plain, product_id="another"),
        }
        self.windows = (*self.windows, scoped.get(scope, plain))

    @rule(pick=_PICK)
    def lift_window(self, pick: int) -> None:
        """A maintenance window is taken back; what it did until then stays."""
        if self.windows:
            pick %= len(self.windows)
            known = self.windows[pick]
            lifted = replace(known, lifted_at=self.now if known.lifted_at is None else known.lifted_at)
            self.windows = (*self.windows[:pick], lifted, *self.windows[pick + 1 :])

    @rule(policy=st.sampled_from(sorted(POLICIES)))
    def activate(self, policy: str) -> None:
        """Another policy holds for new reports."""
        self.active = policy

    def teardown(self) -> None:
        """Look at all that is due, then tell the whole history again, and the end of it a second time."""
        if not self.sound:
            return
        self._punctual(30 * MINUTE)
        invariants.replayed(self.history, self.entries, self.case)


def run(machine: type[Machine], *, histories: int, length: int) -> None:
    """Run so many histories of at most so many things that happen. Raises what breaks, shrunk."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=length,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until enough inputs have come, and print how many of which kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many inputs at least")
    wanted = parser.parse_args(arguments).inputs
    counted = Machine.counted = Counted(says_so=5.0)
    began = time.monotonic()
    while counted.inputs.total() < wanted:
        run(Machine, histories=100, length=60)
    for kind, number in sorted(counted.inputs.items()):
        sys.stdout.write(f"{number:10,} {kind}\n")
    for outcome, number in counted.outcomes.most_common():
        sys.stdout.write(f"{number:10,} -> {outcome}\n")
    took = time.monotonic() - began
    sys.stdout.write(
        f"{counted.inputs.total():10,} inputs in {counted.histories:,} histories, {took:.0f} s\n"
    )


if __name__ == "__main__":
    main()
