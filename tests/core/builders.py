"""A plain policy, short ways to write inputs, and a product that is driven by them.

The policy's times are round minutes, so that a test can be checked in the head. Monday 2 March 2026, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qosresolve.core import fold
from qosresolve.core.calendar import Calendar
from qosresolve.core.case import Case
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import (
    Answer,
    Cause,
    Command,
    Deadline,
    Degradation,
    Finding,
    Received,
)
from qosresolve.core.policy import (
    AssignmentRule,
    ChainLevel,
    IndicatorRule,
    Node,
    Party,
    Policies,
    Policy,
    Target,
    Terms,
    ThresholdRule,
    Tier,
    Times,
)
from qosresolve.core.step import Step, step
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    NodeKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Verb,
)

if TYPE_CHECKING:
    from qosresolve.core.facts import Entry, Fact
    from qosresolve.core.inputs import Input
    from qosresolve.core.obligation import Obligation
    from qosresolve.core.report import Report
    from qosresolve.core.requests import Request

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = 1_772_409_600_000  # 2026-03-02T00:00Z

PRODUCT = "product-1"
SERVICE = "svc-1"
TOPICS = {
    Degradation: "qos.degradation.v1",
    Command: "qos.command.v1",
    Answer: "qos.activity.status.v1",
    Deadline: "qos.deadline.v1",
}


def at(clock: str) -> int:
    """Return the instant of `10:00` on Monday, or of `+1 10:00` a day later."""
    days, _, time = clock.rpartition(" ")
    hours, minutes = time.split(":")
    return MONDAY + int(days or 0) * DAY + int(hours) * HOUR + int(minutes) * MINUTE


# -- policy

ROUND_THE_CLOCK = Calendar("24x7", "UTC", tuple(((0, 1440),) for _ in range(7)))
BUSINESS = Calendar(
    "business", "UTC", (*(((8 * 60, 18 * 60),) for _ in range(5)), (), ()), holidays=("2026-03-03",)
)
OWN = Terms(accept_within=10 * MINUTE, remind_every=10 * MINUTE, reminders=1)
THEIRS = Terms(accept_within=15 * MINUTE, remind_every=15 * MINUTE, reminders=1)


def _targets(*minutes: tuple[int | None, int | None]) -> dict[Severity, Target]:
    return {
        severity: Target(*(None if part is None else part * MINUTE for part in pair))
        for severity, pair in zip(Severity, minutes, strict=True)
    }


GOLD = Tier(
    calendar="24x7",
    targets=_targets((None, None), (60, None), (30, 240), (15, 120), (10, 60)),
    thresholds=(ThresholdRule(50, 2), ThresholdRule(75, 5), ThresholdRule(90, 7)),
    breach_level=9,
    priority=2,
)
BRONZE = Tier(
    calendar="business",
    targets=_targets((None, None), (None, None), (None, None), (120, 480), (60, 240)),
    thresholds=(ThresholdRule(50, 2),),
    breach_level=5,
)


def _node(name: str, kind: NodeKind, minutes: int, *when: RootCauseKind, after: str = "") -> Node:
    return Node(name, kind, f"{name}-desk", minutes * MINUTE, "24x7", OWN, tuple(after.split()), when)


PLAN = (
    _node("analyse", NodeKind.ANALYSIS, 20),
    _node("analyseFurther", NodeKind.ANALYSIS, 20, RootCauseKind.NONE, RootCauseKind.UNKNOWN),
    replace(_node("askCustomer", NodeKind.ANALYSIS, 20, RootCauseKind.CUSTOMER), with_party="customer"),
    _node("trouble", NodeKind.SERVICE_TROUBLE, 40, RootCauseKind.SERVICE),
    _node("engage", NodeKind.SUPPLIER, 40, RootCauseKind.SUPPLIER),
    _node("workAround", NodeKind.RESTORATION, 10, RootCauseKind.RESOURCE),
    _node("repair", NodeKind.REPAIR, 30, RootCauseKind.RESOURCE, after="workAround"),
    _node("improve", NodeKind.IMPROVEMENT, 600, RootCauseKind.RESOURCE, after="repair"),
    replace(
        _node("verify", NodeKind.VERIFICATION, 10, RootCauseKind.RESOURCE, after="repair"),
        blocks_clear=True,
    ),
)
CARRIER = Party("carrier", ("carrier-noc", "carrier-manager"), 60 * MINUTE, THEIRS)

TIMES = Times(
    relapse_window=60 * MINUTE,
    clear_wait=30 * MINUTE,
    close_reminder=DAY,
    forget_after=7 * DAY,
    lateness_window=30 * MINUTE,
    future_tolerance=2 * MINUTE,
    max_backdate=4 * HOUR,
    suppress_for=6 * HOUR,
    withdraw_within=15 * MINUTE,
    acknowledge_for=20 * MINUTE,
)

POLICY = Policy(
    hash="policy-1",
    name="plain",
    tiers={"gold": GOLD, "bronze": BRONZE},
    default_tier="gold",
    calendars={"24x7": ROUND_THE_CLOCK, "business": BUSINESS},
    site_calendars={"office": "business"},
    indicators={"jitter": IndicatorRule(clear_after=0, opens_at=Severity.MAJOR)},
    default_indicator=IndicatorRule(clear_after=5 * MINUTE, opens_at=Severity.WARNING),
    plan=PLAN,
    information=_node("answerQuestion", NodeKind.ANALYSIS, 20),
    parties={"carrier": CARRIER},
    default_party=Party("", ("supplier-desk",), 120 * MINUTE, THEIRS),
    chain=(
        ChainLevel(2, "shift-lead", 20 * MINUTE, repeats=1),
        ChainLevel(5, "duty-manager", 20 * MINUTE),
        ChainLevel(9, "head-of-assurance", 20 * MINUTE),
    ),
    assignment=(AssignmentRule("gold-desk", tier="gold"), AssignmentRule("desk")),
    roles={Verb.CANCEL: ("operator",), Verb.CLOSE: ("close",), Verb.CLEAR: ("operator",)},
    cancel_reasons=("falseAlarm",),
    times=TIMES,
)


def with_times(**minutes: int) -> Policy:
    """Return the plain policy with other waits, in minutes."""
    changed = replace(TIMES, **{name: length * MINUTE for name, length in minutes.items()})
    return replace(POLICY, times=changed)


# -- inputs


def sample(
    clock: str | int,
    severity: str = "major",
    *,
    indicator: str = "latency",
    object_id: str = SERVICE,
    event_id: str = "",
    **more: str | int,
) -> Degradation:
    """Return an event of the monitoring; the severity `good` is an abatement."""
    instant = clock if isinstance(clock, int) else at(clock)
    good = severity == "good"
    base = Degradation(
        product_id=PRODUCT,
        event_id=event_id or f"alarm-{indicator}-{object_id}",
        source="monitor",
        sequence=0,
        kind=DegradationKind.ABATE if good else DegradationKind.RAISE,
        indicator=indicator,
        object_id=object_id,
        object_kind=ObjectKind.SERVICE,
        severity=Severity.WARNING if good else Severity(severity),
        observed_at=instant,
        value="180",
        unit="ms",
        customer_id="customer-1",
        tier="gold",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def finding(
    kind: str,
    entity: str = "",
    *,
    party: str = "",
    sequence: int = 1,
    source: str = "noc",
    clock: str = "10:00",
) -> Finding:
    """Return a result of an analysis, by a tool unless changed."""
    return Finding(source, sequence, at(clock), RootCauseKind(kind), entity, party)


def command(verb: str, *, command_id: str, reason: str = "because", role: str = "operator") -> Command:
    """Return a command by an operator; change what else it needs with `replace`."""
    return Command(PRODUCT, command_id, Verb(verb), "anna", role, reason, 0)


# -- the product


@dataclass
class Product:
    """One product: feeds inputs through `step`, keeps what came of them, and plays the timer."""

    policy: Policy = POLICY
    case: Case = field(default_factory=lambda: Case(PRODUCT))
    entries: list[Entry] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    inputs: list[tuple[Received, int]] = field(default_factory=list)
    seconds: int = 0
    trace: str = ""  # what the next inputs bring

    @property
    def policies(self) -> Policies:
        """Return the policy as the only one known."""
        return Policies(self.policy, {self.policy.hash: self.policy})

    @property
    def report(self) -> Report:
        """Return the newest report."""
        latest = self.case.latest
        assert latest is not None, "no report is held"
        return latest

    def feed(self, body: Input, now: str | int, *, digest: bytes | None = None) -> Step:
        """Step one input at a record's time."""
        cause = Cause(TOPICS[type(body)], 0, len(self.entries), body.identity())
        digest = body_digest(repr(body).encode()) if digest is None else digest
        received = Received(cause, body, digest, self.trace)
        instant = now if isinstance(now, int) else at(now)
        before = self.case
        done = step(before, received, self.policies, instant)
        assert done.case == fold.fold(before, done.entry), "the journal tells something else"
        self.case = done.case
        self.inputs.append((received, instant))
        self.entries.append(done.entry)
        self.requests.extend(done.requests)
        return done

    def sample(self, clock: str | int, severity: str = "major", **more: str) -> Step:
        """Feed an event of the monitoring at the time of its sample."""
        self.seconds += 1
        return self.feed(sample(clock, severity, **more), clock)

    def command(self, clock: str, verb: str, **more: object) -> Step:
        """Feed a command by the operator Anna."""
        order = command(verb, command_id=f"command-{len(self.entries)}")
        return self.feed(replace(order, issued_at=at(clock), **more), clock)  # type: ignore[arg-type]

    def find(self, clock: str, kind: str, entity: str = "", *, party: str = "", source: str = "noc") -> Step:
        """Feed a finding of an analysis."""
        found = finding(kind, entity, party=party, sequence=len(self.entries), source=source, clock=clock)
        return self.command(clock, "finding", finding=found)

    def answer(self, clock: str, node: str, state: str, **more: object) -> Step:
        """Feed an answer to the newest obligation of a plan node."""
        item = self.obligation(node)
        told = Answer(
            PRODUCT, f"answer-{len(self.entries)}", item.obligation_id, AnswerState(state), at(clock)
        )
        return self.feed(replace(told, **more), clock)  # type: ignore[arg-type]

    def obligation(self, node: str) -> Obligation:
        """Return the newest obligation of a plan node."""
        return [item for report in self.case.reports for item in report.obligations if item.node == node][-1]

    def next_alarm(self) -> Deadline | None:
        """Return the deadline that the timer would send next."""
        alarms = [
            Deadline(PRODUCT, report.report_id, report.alarm, report.due)
            for report in self.case.reports
            if report.due is not None
        ]
        watch = self.case.watch
        if watch is not None and watch.due is not None:
            alarms.append(Deadline(PRODUCT, "", watch.alarm, watch.due))
        return min(alarms, key=lambda alarm: alarm.due, default=None)

    def run_until(self, clock: str | int) -> list[Step]:
        """Fire every deadline up to an instant at its due time, as a punctual timer does."""
        until = clock if isinstance(clock, int) else at(clock)
        steps: list[Step] = []
        while (alarm := self.next_alarm()) is not None and alarm.due <= until:
            steps.append(self.feed(alarm, max(alarm.due, self.case.last_now())))
            following = self.next_alarm()
            assert following is None or following.due > alarm.due or following != alarm, "fires for ever"
            assert len(steps) < 10_000, "fires without end"
        return steps

    def wake_at(self, clock: str) -> Step:
        """Fire the earliest deadline late, as after a downtime."""
        alarm = self.next_alarm()
        assert alarm is not None, "nothing is armed"
        return self.feed(alarm, clock)

    def facts(self) -> list[Fact]:
        """Return all that happened, in order."""
        return [fact for entry in self.entries for fact in entry.facts]


def names(done: Step) -> list[str]:
    """Return the kinds of facts of a step, in order."""
    return [type(fact).__name__ for fact in done.facts]
