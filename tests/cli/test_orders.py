"""Orders about reports: what they come to, whom they reach, and what would become of them. No broker."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from qosresolve.cli.reports.filter import Filter
from qosresolve.cli.reports.orders import carrying, options
from qosresolve.cli.reports.orders.asked import Decision, Progress, in_rounds
from qosresolve.cli.reports.orders.building import commands
from qosresolve.cli.reports.orders.held import Topics
from qosresolve.cli.reports.orders.order import Chosen, Manner, Order
from qosresolve.cli.reports.orders.targets import obligation_of, wanted
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Cause, Command
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.core.policy import Policies
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Jeopardy, Outcome, Severity, Status, Verb
from qosresolve.core.windows import covering
from qosresolve.errors import ConfigError
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.policies import PolicyBook
from qosresolve.settings import load
from tests.cli.conftest import Run
from tests.core.builders import POLICY, PRODUCT, Product, at

Orders = Callable[..., Order]


@pytest.fixture
def product() -> Product:
    """A product whose report is open, with a supplier engaged."""
    product = Product()
    product.sample("10:00", "critical")
    product.find("10:02", "supplier", "line-7", party="carrier")
    return product


@pytest.fixture
def ordered(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Orders:
    """Read a command line; return the order that it comes to, carried out by nobody."""
    seen: list[Order] = []
    monkeypatch.setattr(options, "_carry_out", seen.append)

    def read(*words: str) -> Order:
        result = cli("reports", *words)
        assert result.exit_code == 0, result.output
        return seen.pop()

    return read


class Fake:
    """What is held, by hand: one product, and reports beside it that are only chosen from."""

    def __init__(self, product: Product, *more: Report) -> None:
        self._product = product
        self._more = more

    def reports(self) -> list[Report]:
        return [*self._product.case.reports, *self._more]

    def case(self, product_id: str) -> Case:
        return self._product.case if product_id == PRODUCT else Case(product_id)

    def policies(self, product_id: str, now: int) -> Policies:
        assert product_id
        assert now
        return self._product.policies


def others(report: Report, count: int) -> list[Report]:
    """Return reports of other products, alike."""
    return [
        replace(report, report_id=f"report-{number:02}", product_id=f"other-{number:02}")
        for number in range(count)
    ]


# -- commands


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("acknowledge R --reason mine", {"reason": "mine"}),
        ("acknowledge-escalation R", {}),
        ("assign R --to anna", {"value": "anna"}),
        ("hold R --reason noAccess --at 2026-03-02T10:00:00Z", {"reason": "noAccess", "at": at("10:00")}),
        ("resume R --reason access", {"reason": "access"}),
        ("set-status R --to pending --reason part", {"value": "pending", "reason": "part"}),
        ("set-severity R --to minor --reason spare", {"value": "minor", "reason": "spare"}),
        ("release-severity R", {}),
        ("note R --text hello", {"value": "hello"}),
        ("restore R --at 2026-03-02T10:00:00Z", {"at": at("10:00")}),
        ("clear R --reason word", {"reason": "word"}),
        ("cancel R --reason falseAlarm", {"reason": "falseAlarm"}),
        ("close R", {}),
        ("refuse-resolution R --reason slow", {"reason": "slow"}),
        ("classify R --as slaExclusion --reason works", {"value": "slaExclusion", "reason": "works"}),
        ("classify R --as counted --reason mistaken", {"value": "counted", "reason": "mistaken"}),
    ],
)
def test_each_verb_fills_its_fields(
    ordered: Orders, product: Product, words: str, fields: dict[str, Any]
) -> None:
    """Options become the fields of the command; what was not given stays empty."""
    order = ordered(*words.split(), "--actor", "anna", "--role", "boss")
    (command,) = commands(order, product.report, at("10:05"))
    expected = Command(
        product_id=PRODUCT,
        command_id=command.command_id,
        verb=Verb(words.split(maxsplit=1)[0]),
        actor="anna",
        role="boss",
        reason="",
        issued_at=at("10:05"),
        report_id=product.report.report_id,
    )
    assert command == replace(expected, **fields)
    assert order.chosen.names == ("R",)


def test_every_verb_of_a_report_is_a_command(cli: Run) -> None:
    """Only what orders a partition, or carries a whole report, has its place elsewhere."""
    elsewhere = {Verb.ACTIVATE_POLICY, Verb.SET_WINDOW, Verb.REPAIR, Verb.UNKNOWN}
    text = cli("reports", "--help").output
    assert all(f"\n  {verb} " in text for verb in set(Verb) - elsewhere)


def test_open_hands_a_degradation_over(ordered: Orders) -> None:
    """It needs no report: its product says where it goes."""
    order = ordered(
        "open", "P9", "--indicator", "latency", "--object", "svc-1", "--severity", "major",
        "--observed-at", "2026-03-02T09:00:00Z", "--ticket", "CUST-1", "--description", "slow",
    )  # fmt: skip
    (command,) = commands(order, None, at("10:00"))
    assert (command.product_id, command.report_id, command.value) == ("P9", "", "CUST-1")
    handed = command.degradation
    assert handed is not None
    assert (handed.product_id, handed.indicator, handed.object_id) == ("P9", "latency", "svc-1")
    assert (handed.severity, handed.observed_at) == (Severity.MAJOR, at("09:00"))


def test_a_finding_is_the_actors_unless_a_source_is_named(ordered: Orders, product: Product) -> None:
    """A person's finding stops the respond clock, a tool's does not."""
    words = "finding R --kind supplier --entity line-7 --party acme --explains latency --actor anna"
    (command,) = commands(ordered(*words.split()), product.report, at("10:05"))
    found = command.finding
    assert found is not None
    assert (found.source, found.cause_kind, found.entity, found.party) == (
        "anna", "supplier", "line-7", "acme",
    )  # fmt: skip
    assert (found.explains, found.by_person, found.at) == (("latency",), True, at("10:05"))
    by_tool = ordered(*words.split(), "--source", "probe", "--by-tool")
    (command,) = commands(by_tool, product.report, at("10:05"))
    assert command.finding is not None
    assert (command.finding.source, command.finding.by_person) == ("probe", False)


def test_each_field_of_a_patch_is_a_command(ordered: Orders, product: Product) -> None:
    """An applied change raises the revision that the next one expects."""
    order = ordered("patch", "R", "--field", "priority=1", "--field", "description=a=b",
                    "--expected-revision", "3")  # fmt: skip
    made = commands(order, product.report, at("10:05"))
    assert [(item.field, item.value, item.expected_revision) for item in made] == [
        ("priority", "1", 3),
        ("description", "a=b", 4),
    ]


def test_what_the_worker_would_not_take_is_refused_here(ordered: Orders, product: Product) -> None:
    """Nothing becomes a dead letter that was typed here."""
    order = ordered("assign", "R", "--to", "x" * 20_000)
    with pytest.raises(ConfigError, match="value"):
        commands(order, product.report, at("10:05"))


@pytest.mark.parametrize(
    "words",
    [
        "hold R",
        "patch R",
        "patch R --field priority",
        "finding R",
        "answer 6f1c",
        "classify R --as x",
        "open P",
    ],
)
def test_a_verb_names_what_it_lacks(cli: Run, words: str) -> None:
    """Usage errors, before any broker is asked."""
    assert cli("reports", *words.split()).exit_code == 2


# -- whom


def test_a_report_is_named_by_its_id_its_beginning_or_its_product(product: Product) -> None:
    """A product means its open report; named twice it is ordered once."""
    held = [replace(product.report, report_id="older", status=Status.CLOSED), product.report]
    whole = product.report.report_id
    for names in [(whole,), (whole[:6],), (PRODUCT,), (PRODUCT, whole)]:
        assert wanted(Order(Verb.NOTE, ({},), Chosen(names)), held) == [product.report]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "neither"),
        ("rep", "neither"),
        ("other-0", "neither"),
        ("report-0", "may mean .*report-00, .* and 1 more"),
        ("nobody", "neither a report nor a product: nobody"),
    ],
)
def test_a_name_must_mean_one_report(product: Product, name: str, told: str) -> None:
    """A product's id is never completed, and an unset variable of the shell means nothing."""
    held = others(product.report, 6)
    with pytest.raises(ConfigError, match=told):
        wanted(Order(Verb.NOTE, ({},), Chosen((name,))), held)


def test_a_filter_takes_open_reports_unless_a_status_is_named(product: Product) -> None:
    """Close and its refusal are about cleared ones."""
    first, second, third = others(product.report, 3)
    held = [first, replace(second, status=Status.CLEARED), replace(third, tier="bronze")]
    gold = Chosen(by=Filter(tiers=frozenset({"gold"})))
    assert wanted(Order(Verb.NOTE, ({},), gold), held) == [first]
    cleared = frozenset({Status.CLEARED})
    assert wanted(Order(Verb.CLOSE, ({},), gold, usual=cleared), held) == [held[1]]
    named = Chosen(by=Filter(statuses=cleared))
    assert wanted(Order(Verb.NOTE, ({},), named), held) == [held[1]]


def test_all_that_is_listed_by_can_be_ordered_by(ordered: Orders) -> None:
    """The options of `reports list` choose reports for every verb."""
    words = (
        "note --text x --status held --tier gold --tier silver --product P --customer C "
        "--severity major --jeopardy breached --assignee anna --max 3 --yes"
    )
    assert ordered(*words.split()).chosen == Chosen(
        (),
        Filter(
            statuses=frozenset({Status.HELD}),
            tiers=frozenset({"gold", "silver"}),
            products=frozenset({"P"}),
            customers=frozenset({"C"}),
            severities=frozenset({Severity.MAJOR}),
            jeopardies=frozenset({Jeopardy.BREACHED}),
            assignees=frozenset({"anna"}),
        ),
        3,
        True,
    )


def test_more_than_the_cap_is_refused(product: Product) -> None:
    """The message names the count and the remedy."""
    held = others(product.report, 21)
    order = Order(Verb.NOTE, ({},), Chosen(by=Filter(tiers=frozenset({"gold"}))))
    with pytest.raises(ConfigError, match=r"21 reports .* 20 .*\n.*--max 21"):
        wanted(order, held)
    assert len(wanted(replace(order, chosen=replace(order.chosen, most=21)), held)) == 21


def test_names_and_a_filter_are_not_mixed(product: Product) -> None:
    """And neither is no choice."""
    both = Chosen((PRODUCT,), Filter(only_open=True))
    for chosen in (both, Chosen()):
        with pytest.raises(ConfigError, match="REPORT_ID"):
            wanted(Order(Verb.NOTE, ({},), chosen), [product.report])


def test_a_request_is_meant_by_id_by_its_beginning_or_by_its_node(product: Product) -> None:
    """An id alone finds its report; a miss tells what is there."""
    item = product.obligation("engage")
    for name in (item.obligation_id, item.obligation_id[:8], "engage"):
        assert obligation_of(product.report, name) == item.obligation_id
    alone = Order(Verb.ANSWER, ({"obligation_id": item.obligation_id[:8]},))
    held = [*others(replace(product.report, obligations=()), 2), product.report]
    assert wanted(alone, held) == [product.report]
    with pytest.raises(ConfigError, match="engage for line-7"):
        obligation_of(product.report, "nothing")


def test_two_requests_of_one_node_have_to_be_told_apart(product: Product) -> None:
    """Both ids are named."""
    product.find("10:03", "supplier", "line-8", party="carrier", source="probe")
    with pytest.raises(ConfigError, match=r"line-7.*line-8"):
        obligation_of(product.report, "engage")


def test_several_by_a_filter_are_not_ordered_unasked(
    product: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal it takes --yes; on one, a person agrees first, having seen the list."""
    held = Fake(product, *others(product.report, 2))
    order = Order(Verb.NOTE, ({"value": "x"},), Chosen(by=Filter(tiers=frozenset({"gold"}))))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(ConfigError, match="--yes"):
        carrying.planned(order, held, at("10:05"))
    assert len(carrying.planned(replace(order, manner=Manner(dry_run=True)), held, at("10:05"))) == 3
    yes = replace(order, chosen=replace(order.chosen, yes=True))
    assert len(carrying.planned(yes, held, at("10:05"))) == 3
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter((False, True))
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(answers))
    with pytest.raises(ConfigError, match="nothing was sent"):
        carrying.planned(order, held, at("10:05"))
    assert len(carrying.planned(order, held, at("10:05"))) == 3
    assert "report-01" in capsys.readouterr().err


# -- rehearsal and outcome


@pytest.fixture
def dry(cli: Run, product: Product, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an order with --dry-run on the product as it is held."""
    monkeypatch.setattr(carrying, "tool", lambda *_: None)
    monkeypatch.setattr(carrying, "contracts_for", lambda *_: None)
    monkeypatch.setattr(carrying, "Topics", lambda *_: Fake(product))
    return lambda *words: cli("reports", *words, "--dry-run")


def test_a_rehearsal_tells_verdict_facts_and_requests(dry: Run, product: Product) -> None:
    """It is the core's own step; the case held is not touched."""
    before = product.case
    result = dry("cancel", PRODUCT, "--reason", "falseAlarm", "--json")
    assert result.exit_code == 0
    (told,) = [json.loads(row) for row in result.stdout.splitlines()]
    assert (told["would"], told["outcome"], told["rule"]) == (True, "applied", "")
    assert told["report_id"] == product.report.report_id
    assert {"FalseEventDeclared", "StatusChanged", "WithdrawalRequested"} <= set(told["facts"])
    assert "SupplierRequest: cancel carrier-noc" in told["requests"]
    assert "offset" not in told
    assert product.case is before


def test_a_rehearsal_knows_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the worker it goes by the windows of the product's partition, at the time of the rehearsal."""
    window = MaintenanceWindow("w", at("10:00"), at("12:00"), entered_at=at("09:00"))
    number = partition_of(PRODUCT, 4)
    state = PartitionState(number, (), POLICY.hash, (window,))
    monkeypatch.setattr("qosresolve.cli.reports.orders.held.places", lambda *_: [("t", 0)] * 4)
    settings, contracts = load(), Contracts(SingleObjectCodec())
    monkeypatch.setattr(Topics, "_states", {number: state})
    monkeypatch.setattr(Topics, "_book", PolicyBook(settings, contracts, [POLICY]))
    policies = Topics(settings, contracts).policies(PRODUCT, at("10:05"))
    assert policies.active is POLICY
    assert covering(policies.windows) == ((at("10:00"), at("12:00")),)


def test_a_rehearsal_for_people_says_would(dry: Run) -> None:
    """The same table as of a real order, and that nothing was sent."""
    result = dry("cancel", PRODUCT, "--reason", "falseAlarm")
    assert "would be applied" in result.stdout
    assert "nothing was sent" in result.stdout
    assert "would send" in result.stdout


def test_a_refusal_names_its_rule(dry: Run) -> None:
    """Exit status 1: it was looked at, and it is not done."""
    result = dry("cancel", PRODUCT, "--reason", "noSuchCode")
    assert result.exit_code == 1
    assert "would be refused" in result.stdout
    assert "refused by ReasonUnknown (1)" in result.stdout


def test_several_changes_build_on_each_other(dry: Run, product: Product) -> None:
    """A change that is refused ends the round: what was to follow is not given."""
    revision = str(product.report.information_revision)
    words = ("--field", "priority=1", "--field", "work_around=true", "--expected-revision", revision)
    result = dry("patch", PRODUCT, *words, "--json")
    assert [json.loads(row)["outcome"] for row in result.stdout.splitlines()] == ["applied"] * 2
    result = dry("patch", PRODUCT, "--field", "status=held", "--field", "priority=1", "--json")
    told, withheld = [json.loads(row) for row in result.stdout.splitlines()]
    assert (told["field"], told["outcome"], told["rule"]) == ("status", "refused", "NotPatchable")
    assert (withheld["field"], withheld["given"], withheld["outcome"]) == ("priority", False, None)


def test_a_report_that_would_be_opened_has_no_id_yet(dry: Run) -> None:
    """It follows from where the command would lie."""
    words = ("--indicator", "latency", "--object", "svc-1", "--severity", "major", "--json")
    result = dry("open", "P9", *words)
    told = json.loads(result.stdout)
    assert (told["product_id"], told["report_id"], told["outcome"]) == ("P9", "", "applied")
    assert "ReportOpened" in told["facts"]


def test_nothing_chosen_is_nothing_to_do(dry: Run) -> None:
    """Not an error: a script may look for what there is not."""
    result = dry("note", "--tier", "silver", "--text", "x")
    assert (result.exit_code, result.stdout) == (0, "no report is meant: nothing to do\n")


def test_what_cannot_be_done_exits_2(dry: Run) -> None:
    """It names the remedy."""
    result = dry("acknowledge", "nobody")
    assert result.exit_code == 2
    assert "qosresolve reports list" in result.stderr


class Deaf:
    """A worker that applies what is asked first, and never answers again."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, commands: Sequence[Command], progress: Progress) -> list[Decision]:
        first = not self.asked
        self.asked += [command.field for command in commands]
        progress(len(commands) if first else 0)
        return [Decision(command, applied(command) if first else None) for command in commands]


def applied(command: Command) -> Entry:
    """Return the journal record of a command that did something."""
    cause = Cause("qos.command.v1", 0, 0, command.identity())
    return Entry(command.product_id, cause, 0, Outcome.APPLIED, Rule.NONE, "", b"")


def test_after_silence_nothing_more_is_sent(ordered: Orders, product: Product) -> None:
    """What comes next was to build on what nobody answered."""
    fields = ("--field", "priority=1", "--field", "priority=2", "--field", "priority=3")
    orders = [commands(ordered("patch", "R", *fields), product.report, at("10:05"))]
    deaf, seen = Deaf(), list[int]()
    decisions = in_rounds(deaf, orders, seen.append)
    assert len(deaf.asked) == 2
    assert [decision.entry is None for decision in decisions] == [False, True, True]
    assert [decision.given for decision in decisions] == [True, True, False]
    assert seen == [1, 1]


@pytest.mark.slow
def test_without_a_broker_it_could_not(cli: Run) -> None:
    """Exit status 2, as for anything that was not done."""
    result = cli("reports", "acknowledge", "P1", "--set", "bootstrap_servers=127.0.0.1:1")
    assert result.exit_code == 2
    assert "no broker answers" in result.stderr
