"""Inputs that make sense: of products that are held, about reports and obligations that there are.

Each is drawn from one source of chance, with now and then a field that is odd.
"""

from dataclasses import replace
from random import Random

import msgspec

from qosresolve.contracts.windows import DAY
from qosresolve.core.case import Case
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding, Input
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Verb,
)
from qosresolve.topics import INPUTS
from tests.fuzz import pools, world
from tests.kafka.harness import RECORDS

KINDS: dict[str, type] = {
    "degradation": Degradation,
    "command": Command,
    "deadline": Deadline,
    "activity-status": Answer,
    "trouble-status": Answer,
    "supplier-status": Answer,
}
INDEX = {topic.record: number for number, topic in enumerate(INPUTS)}
_WEIGHTS = {"degradation": 40, "command": 25, "deadline": 12, "activity-status": 10}
_VALUES = (
    "",
    "pending",
    "inProgress",
    "held",
    "5",
    "true",
    "critical",
    "slaExclusion",
    "cleared",
    pools.CANARY,
)
_FIELDS = ("", "priority", "status", "description", "sla", "work_around", "masterProblem", "set", "lift")
_REASONS = ("because", "falseAlarm", "customer", "access", "supplier", "", pools.CANARY)
_RULES = (
    "",
    "",
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;COUNT=100000",
    "FREQ=MONTHLY;BYDAY=5SU;BYSETPOS=-1",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=SECONDLY",
    "RRULE:FREQ=DAILY",
    "FREQ=DAILY;UNTIL=99991231T235959Z",
    "FREQ=YEARLY;UNTIL=00010101T000000Z",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
)
_ZONES = (
    "UTC",
    "Europe/Berlin",
    "Pacific/Auckland",
    "Nowhere/Land",
    "../etc/passwd",
    "",
    "UTC\0",
    "posixrules",
)


class Maker:
    """Draws inputs; `cases` are the products as they stand, `now` the broker's time."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.now = 1_772_409_600_000  # a Monday, as the core's own tests have it
        self.cases: dict[str, Case] = {}
        self._count = 0
        self._bulky = chance.random() < 0.1  # rows as large as they may be, of one product: it gets full
        self._products = 1 if self._bulky else 6

    def made(self) -> tuple[str, Input]:
        """Return a record's name and a body for it."""
        self._count += 1
        pick = self.chance.choices(list(KINDS), [_WEIGHTS.get(record, 6) for record in KINDS])[0]
        if self.chance.random() < 0.08:
            return pick, pools.odd(self.chance, KINDS[pick])
        body = self._sensible(pick)
        if self.chance.random() < 0.15:
            name, value = pools.odd_field(self.chance, body)
            body = replace(body, **{name: value})
        return pick, body

    def _sensible(self, record: str) -> Input:
        if record == "degradation":
            return self._degradation()
        if record == "command":
            return self._control() if self.chance.random() < 0.2 else self._command()
        if record == "deadline":
            return self._deadline()
        return self._answer(record)

    def _product(self) -> str:
        pick = self.chance.random()
        if pick < 0.97:
            pool = world.products(here=True)
            return pool[self.chance.randrange(self._products)] if pick < 0.9 else self.chance.choice(pool)
        return self.chance.choice(world.products(here=False))

    def _age(self) -> int:
        return self.chance.choice((0, 0, 0, 1, 60_000, 3_600_000, -60_000, 86_400_000))

    def _degradation(self) -> Degradation:
        pick = self.chance.choice
        return Degradation(
            self._product(),
            f"event-{self._count if self.chance.random() < 0.9 else self._count - 3}",
            pick(("monitor", "monitor", "probe")),
            pick((0, 0, 0, self._count)),
            pick((*DegradationKind, DegradationKind.RAISE, DegradationKind.UPDATE)),
            f"{self._count}{'i' * 200}" if self._bulky else pick(("latency", "jitter", "loss")),
            f"{self._count}{'o' * 200}" if self._bulky else pick(("svc-1", "svc-2", "cpe-7")),
            pick(list(ObjectKind)),
            pick(list(Severity)),
            self.now - self._age(),
            value=pick(("180", "", pools.CANARY)),
            tier=pick(("gold", "bronze", "")),
            site=pick(("office", "")),
            owner_party=pick(("", "", "carrier")),
            cause_key=pick(("", "c")),
            description=pools.CANARY * (900 if self._bulky else 1),
        )

    def _case(self) -> Case:
        if self.cases and self.chance.random() < 0.95:
            return self.chance.choice(list(self.cases.values()))
        return Case(self._product())

    def _report_id(self, case: Case) -> str:
        known = [report.report_id for report in case.reports]
        return self.chance.choice([*known, "", "nobody"])

    def _obligation(self, case: Case) -> str:
        known = [item.obligation_id for report in case.reports for item in report.obligations[-6:]]
        return self.chance.choice(known) if known and self.chance.random() < 0.95 else "nobody"

    def _finding(self) -> Finding:
        pick = self.chance.choice
        return Finding(
            pick(("noc", "probe")),
            self._count,
            self.now - self._age(),
            pick(list(RootCauseKind)),
            pick(("svc-1", "svc-2", "cpe-7", "")),
            pick(("carrier", "stranger", "")),
            pick(((), (), ("latency",), ("jitter", "loss"))),
            by_person=pick((True, False)),
            expected_at=pick((None, self.now + 600_000)),
            text=pools.CANARY,
        )

    def _command(self) -> Command:
        pick, case = self.chance.choice, self._case()
        verb = pick(list(Verb))
        return Command(
            case.product_id,
            f"order-{self._count}",
            verb,
            "anna",
            "close" if verb is Verb.CLOSE else pick(("operator", "operator", *world.ROLES)),
            pick(_REASONS),
            self.now,
            report_id=pick(("", "", self._report_id(case))),
            expected_revision=pick((None, None, None, 0, 1)),
            field=pick(_FIELDS),
            value=pick(_VALUES),
            at=pick((None, None, self.now - self._age())),
            obligation_id=self._obligation(case),
            finding=self._finding() if verb is Verb.FINDING or self.chance.random() < 0.05 else None,
            degradation=self._degradation() if verb is Verb.OPEN else None,
        )

    def _control(self) -> Command:
        pick = self.chance.choice
        if self.chance.random() < 0.3:
            hashes = (
                *world.policies(),
                f"{self.chance.randrange(30):064x}",
                "",
                "F" * 64,
                pools.text(self.chance),
            )
            verb, field, value = Verb.ACTIVATE_POLICY, "", pick(hashes)
        elif self.chance.random() < 0.2:
            verb, field, value = Verb.SET_WINDOW, "lift", f"w{self.chance.randrange(6)}"
        else:
            verb, field, value = Verb.SET_WINDOW, pick(("set", "set", "set", "unset")), self._window()
        roles = ("policy-manager", "policy-manager", *world.ROLES)
        return Command(
            "",
            f"control-{self._count}",
            verb,
            "anna",
            pick(roles),
            "because",
            self.now,
            field=field,
            value=value,
        )

    def _window(self) -> str:
        pick = self.chance.choice
        starts = self.now + pick((-DAY, -3_600_000, 0, 60_000, DAY, 400 * DAY))
        said: dict[str, object] = {
            "window_id": f"w{self.chance.randrange(6)}",
            "starts_at": starts,
            "ends_at": starts + pick((60_000, 3_600_000, DAY, 0, -1, 400 * DAY)),
            "zone": pick(_ZONES),
            "recurrence": pick(_RULES),
            "product_id": pick(("", "", self._product())),
            "tier": pick(("", "gold")),
            "reason": pick(("", pools.CANARY)),
        }
        if self.chance.random() < 0.2:
            said[pick(list(said))] = pick(
                (pools.text(self.chance), pick(pools.NUMBERS), None, [], {}, True, 1.5)
            )
        body = msgspec.json.encode(said).decode()
        if self.chance.random() < 0.1:
            return pick(
                (
                    body[: self.chance.randrange(len(body))],
                    body * 2,
                    "[" * 4_000,
                    "[]",
                    "7",
                    f'{{"x": {body}}}',
                )
            )
        return body

    def _answer(self, record: str) -> Answer:
        pick, case = self.chance.choice, self._case()
        return Answer(
            case.product_id,
            f"answer-{self._count}",
            self._obligation(case),
            pick(list(AnswerState)),
            self.now - self._age(),
            party="" if record == "activity-status" else pick(("carrier", "stranger", "")),
            external_id=pick(("", "ticket-1")),
            parent_id=pick(("", "problem-1")) if record == "trouble-status" else "",
            expected_at=pick((None, self.now + 600_000, self.now - 600_000)),
            note=pools.CANARY,
            finding=self._finding() if self.chance.random() < 0.2 else None,
        )

    def _deadline(self) -> Deadline:
        case = self._case()
        armed = [
            Deadline(case.product_id, report.report_id, report.alarm, report.due)
            for report in case.reports
            if report.due is not None
        ]
        watch = case.watch
        if watch is not None and watch.due is not None:
            armed.append(Deadline(case.product_id, "", watch.alarm, watch.due))
        if not armed or self.chance.random() < 0.1:
            return Deadline(case.product_id, self._report_id(case), self.chance.randrange(4), self.now)
        deadline = self.chance.choice(armed)
        if deadline.due > self.now and self.chance.random() < 0.7:
            self.now = deadline.due  # the timer is punctual
        return deadline


def written(record: str, body: Input) -> bytes:
    """Return the bytes of an input. Raises what the writer raises for what no record can hold."""
    if isinstance(body, Answer):
        return RECORDS.write_answer(record, body)
    return RECORDS.write_input(body)[1]
