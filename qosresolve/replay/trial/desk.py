"""One made-up product under one policy: inputs go through the core, and a punctual timer fires."""

from dataclasses import dataclass, field, replace

from qosresolve.core.case import Case
from qosresolve.core.facts import Fact
from qosresolve.core.inputs import Answer, Cause, Command, Deadline, Degradation, Finding, Input, Received
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policies, Policy
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.step import Step, step
from qosresolve.core.vocabulary import AnswerState, DegradationKind, LinkKind, ObjectKind, Verb
from qosresolve.replay.trial.question import Question

PRODUCT = "policy-test"
OBJECT = "degraded-object"
MAX_STEPS = 5_000  # far above any plan; a policy that never comes to rest is shown as far as it got

Happened = tuple[int, Fact]


@dataclass
class Desk:
    """The case as it stands, and all that happened, with its instant."""

    policy: Policy
    question: Question
    case: Case = field(default_factory=lambda: Case(PRODUCT))
    happened: list[Happened] = field(default_factory=list)
    steps: int = 0
    rule: Rule = Rule.NONE

    def __post_init__(self) -> None:
        """Let samples go on while it is bad: silence is another question."""
        rules = {name: replace(rule, silence_after=None) for name, rule in self.policy.indicators.items()}
        other = replace(self.policy.default_indicator, silence_after=None)
        self.policy = replace(self.policy, indicators=rules, default_indicator=other)

    @property
    def report(self) -> Report | None:
        """Return the report, None while none was opened."""
        return self.case.latest

    def take(self, body: Input, now: int) -> Step:
        """Put one input through the core."""
        self.steps += 1
        cause = Cause(PRODUCT, 0, self.steps, body.identity())
        policies = Policies(self.policy, {self.policy.hash: self.policy})
        digest = self.steps.to_bytes(8, "big")
        done = step(self.case, Received(cause, body, digest), policies, now)
        self.case, self.rule = done.case, done.entry.rule
        self.happened += [(now, fact) for fact in done.facts]
        return done

    def next_alarm(self) -> Deadline | None:
        """Return the deadline that the timer fires next."""
        reports = [
            Deadline(PRODUCT, report.report_id, report.alarm, report.due)
            for report in self.case.reports
            if report.due is not None
        ]
        watch = self.case.watch
        waits = [] if watch is None or watch.due is None else [Deadline(PRODUCT, "", watch.alarm, watch.due)]
        return min((*reports, *waits), key=lambda alarm: alarm.due, default=None)

    def fire(self, until: int) -> bool:
        """Fire the next deadline if it is due by an instant; tell whether there was one."""
        alarm = self.next_alarm()
        if alarm is None or alarm.due > until or self.steps >= MAX_STEPS:
            return False
        self.take(alarm, max(alarm.due, self.case.last_now()))
        return True

    def open(self) -> Report | None:
        """Degrade the product, and wait until the policy opens a report; None where it opens none."""
        at = self.question.at
        self.take(self._sample(DegradationKind.RAISE, at), at)
        wait = self.policy.indicator(self.question.indicator).open_after
        while self.case.open is None and self.fire(at + wait):
            pass
        if self.case.open is not None and self.question.sla:
            self.order(Verb.PATCH, name=LinkKind.SLA, value=self.question.sla)
        return self.case.open

    def order(self, verb: Verb, *, name: str = "", value: str = "") -> None:
        """Give a command now, in a role that may."""
        roles, now = self.policy.roles.get(verb, ("",)), self.case.last_now()
        role = roles[0] if roles else ""
        command_id = f"command-{self.steps}"
        self.take(
            Command(PRODUCT, command_id, verb, PRODUCT, role, "policy test", now, field=name, value=value),
            now,
        )

    def recover(self, now: int) -> None:
        """The product is good again."""
        self.take(self._sample(DegradationKind.ABATE, now), now)

    def _sample(self, kind: DegradationKind, at: int) -> Degradation:
        question = self.question
        return Degradation(
            PRODUCT,
            f"sample-{self.steps}",
            PRODUCT,
            0,
            kind,
            question.indicator or "any",
            OBJECT,
            ObjectKind.SERVICE,
            question.severity,
            at,
            tier=question.tier,
            site=question.site,
            offering=question.offering,
            owner_party=question.party,
        )

    def answer(self, item: Obligation, state: AnswerState, now: int, *, found: bool = False) -> None:
        """Let whoever was asked answer; `found` names the cause with it."""
        self.take(
            Answer(
                PRODUCT,
                f"answer-{self.steps}",
                item.obligation_id,
                state,
                now,
                party=item.party,
                finding=self._finding(now) if found else None,
            ),
            now,
        )

    def _finding(self, now: int) -> Finding | None:
        cause = self.question.cause
        return Finding(PRODUCT, 1, now, cause, OBJECT, self.question.party) if cause else None
