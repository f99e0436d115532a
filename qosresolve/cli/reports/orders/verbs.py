"""The verbs: for each its help, its examples, and how its own options become the fields of a Command."""

from collections.abc import Sequence
from typing import Annotated

import typer

from qosresolve.cli.options import Reason
from qosresolve.cli.reports.orders.options import Code, Instant, Text, Work, order
from qosresolve.cli.reports.orders.order import Fields
from qosresolve.core.vocabulary import Classification, ObjectKind, RootCauseKind, Severity, Status, Verb
from qosresolve.errors import ConfigError

_CLEARED = frozenset({Status.CLEARED})


def add_to(app: typer.Typer) -> None:
    """Add a command for every verb."""
    _life(app)
    _promise(app)
    _information(app)
    _work(app)
    _end(app)


def _life(app: typer.Typer) -> None:
    @order(
        app,
        Verb.OPEN,
        "P1 --indicator latency --object svc-1 --severity major --description 'slow since noon'",
        "P1 --indicator packetLoss --object svc-1 --severity critical \\\n      "
        "--observed-at 2026-03-01T10:00:00Z --ticket CUST-4711",
        bulk=False,
    )
    def open_(
        *,
        product: Annotated[str, typer.Argument(metavar="PRODUCT_ID", help="Product that is degraded.")],
        indicator: Annotated[str, typer.Option(help="What is bad, e.g. latency, packetLoss.")],
        measured: Annotated[str, typer.Option("--object", help="Service or resource it shows on.")],
        severity: Annotated[Severity, typer.Option(help="How bad.")],
        object_kind: Annotated[ObjectKind, typer.Option(help="What that object is.")] = ObjectKind.SERVICE,
        observed_at: Annotated[
            str, typer.Option(metavar="INSTANT", help="Bad since then; default: now.")
        ] = "",
        customer: Annotated[str, typer.Option(help="Customer id.")] = "",
        tier: Annotated[str, typer.Option(help="Customer tier, a name in the policy.")] = "",
        site: Annotated[str, typer.Option(help="Site of the product.")] = "",
        description: Annotated[str, typer.Option(help="What is wrong, without personal data.")] = "",
        ticket: Annotated[str, typer.Option(help="The customer's ticket.")] = "",
        reason: Reason = "",
    ) -> Fields:
        """Open a report for a product. Where one is open already, this is evidence on it."""
        degradation = {
            "product_id": product,
            "kind": "raise",
            "indicator": indicator,
            "object_id": measured,
            "object_kind": object_kind,
            "severity": severity,
            "observed_at": observed_at,
            "customer_id": customer,
            "tier": tier,
            "site": site,
            "description": description,
        }
        return {"product_id": product, "degradation": degradation, "value": ticket, "reason": reason}

    @order(app, Verb.ACKNOWLEDGE, "P1", "--tier gold --status acknowledged --dry-run")
    def acknowledge(*, reason: Reason = "") -> Fields:
        """Take reports. The respond clock stops, work begins."""
        return {"reason": reason}

    @order(
        app,
        Verb.HOLD,
        "P1 --reason customerRequest",
        "0c2d7e --reason noAccess --at 2026-03-01T10:00:00Z",
    )
    def hold(*, reason: Code, at: Instant = "") -> Fields:
        """Hold reports that cannot be worked on. --at says since when, if not since now."""
        return {"reason": reason, "at": at}

    @order(app, Verb.RESUME, "P1 --reason 'access given'")
    def resume(*, reason: Reason, at: Instant = "") -> Fields:
        """Go on with held or pending reports."""
        return {"reason": reason, "at": at}

    @order(app, Verb.SET_STATUS, "P1 --to pending --reason 'waits for a part'")
    def set_status(
        *,
        to: Annotated[Status, typer.Option(help="New status; clear, close and cancel have their own verbs.")],
        reason: Reason,
    ) -> Fields:
        """Set the status by hand, along a legal edge."""
        return {"value": to, "reason": reason}


def _promise(app: typer.Typer) -> None:
    @order(app, Verb.ACKNOWLEDGE_ESCALATION, "P1 --actor anna", "--jeopardy breached --dry-run")
    def acknowledge_escalation(*, reason: Reason = "") -> Fields:
        """Answer an escalation's call. The chain stops for the policy's time."""
        return {"reason": reason}

    @order(app, Verb.SET_SEVERITY, "P1 --to critical --reason 'whole site is down'")
    def set_severity(
        *, to: Annotated[Severity, typer.Option(help="New severity.")], reason: Reason
    ) -> Fields:
        """Set the severity by hand. Events do not change it until it is released."""
        return {"value": to, "reason": reason}

    @order(app, Verb.RELEASE_SEVERITY, "P1")
    def release_severity(*, reason: Reason = "") -> Fields:
        """Let the indicators say the severity again."""
        return {"reason": reason}


def _information(app: typer.Typer) -> None:
    @order(app, Verb.ASSIGN, "P1 --to anna", "--assignee anna --to bob --reason 'end of shift' --yes")
    def assign(
        *, to: Annotated[str, typer.Option(help="Person or desk that gets it.")], reason: Reason = ""
    ) -> Fields:
        """Give reports to somebody."""
        return {"value": to, "reason": reason}

    @order(
        app,
        Verb.PATCH,
        "P1 --field priority=1 --field customer_ticket=CUST-4711",
        "P1 --field 'description=slow since noon' --expected-revision 3",
    )
    def patch(
        *,
        field: Annotated[
            list[str],
            typer.Option(
                metavar="NAME=VALUE",
                help="e.g. priority, description, customer_ticket, work_around. May be repeated: "
                "one command each, until one is not applied.",
            ),
        ],
        expected_revision: Annotated[
            int | None, typer.Option(help="Information revision that was read; refused when outdated.")
        ] = None,
        reason: Reason = "",
    ) -> tuple[Fields, ...]:
        """Change information of reports. The option is --field, for --set sets a setting."""
        return tuple(
            {"field": name, "value": value, "expected_revision": revision, "reason": reason}
            for name, value, revision in patches(field, expected_revision)
        )

    @order(app, Verb.NOTE, "P1 --text 'customer called: still slow'")
    def note(*, text: Text, reason: Reason = "") -> Fields:
        """Add a note. It lives in the journal."""
        return {"value": text, "reason": reason}

    @order(app, Verb.CLASSIFY, "P1 --as falsePositive --reason testTraffic", usual=_CLEARED)
    def classify(
        *,
        counts: Annotated[
            Classification,
            typer.Option("--as", help="What keeps them out of the figures, or that they count."),
        ],
        reason: Reason,
    ) -> Fields:
        """Say how cleared reports count in the figures. Their status does not change."""
        return {"value": counts, "reason": reason}


def _work(app: typer.Typer) -> None:
    @order(
        app,
        Verb.FINDING,
        "P1 --kind service --entity svc-1 --text 'port flapping'",
        "P1 --kind supplier --entity line-7 --party acme --expected-at 2026-03-01T12:00:00Z",
    )
    def finding(
        *,
        kind: Annotated[RootCauseKind, typer.Option(help="Where the root cause lies.")],
        entity: Annotated[str, typer.Option(help="Service, resource or component it lies in.")] = "",
        party: Annotated[str, typer.Option(help="Outside party whose it is to mend.")] = "",
        explains: Annotated[
            list[str] | None, typer.Option(help="Indicators it explains; default: all. May be repeated.")
        ] = None,
        expected_at: Annotated[str, typer.Option(metavar="INSTANT", help="Mended by then.")] = "",
        source: Annotated[str, typer.Option(help="Who found it; default: the actor.")] = "",
        by_person: Annotated[
            bool, typer.Option("--by-person/--by-tool", help="A person's word stops the respond clock.")
        ] = True,
        text: Text = "",
        reason: Reason = "",
    ) -> Fields:
        """Record the result of an analysis. The root cause that it names sets the plan going."""
        found = {
            "cause_kind": kind,
            "entity": entity,
            "party": party,
            "explains": tuple(explains or ()),
            "expected_at": expected_at,
            "source": source,
            "by_person": by_person,
            "text": text,
        }
        return {"finding": found, "reason": reason}

    @order(app, Verb.ANSWER, "6f1c04 --text 'site opens at eight'", bulk=False)
    def answer(
        *,
        obligation: Annotated[
            str, typer.Argument(metavar="OBLIGATION", help="Id of our request, or the beginning of it.")
        ],
        text: Text,
        reason: Reason = "",
    ) -> Fields:
        """Reply to a party that asked for information."""
        return {"obligation_id": obligation, "value": text, "reason": reason}

    @order(app, Verb.SKIP_ACTIVITY, "P1 --obligation first-analysis --reason 'cause is known'")
    def skip_activity(*, obligation: Work, reason: Reason) -> Fields:
        """Go on without one of our own activities."""
        return {"obligation_id": obligation, "reason": reason}

    @order(
        app,
        Verb.WITHDRAW,
        "P1 --obligation engage-supplier --reason 'mended by us'",
        "--obligation 6f1c04 --reason 'mended by us'",
    )
    def withdraw(*, obligation: Work, reason: Reason) -> Fields:
        """Take back one request. Without reports, the id alone finds its report."""
        return {"obligation_id": obligation, "reason": reason}


def _end(app: typer.Typer) -> None:
    @order(app, Verb.RESTORE, "P1 --at 2026-03-01T10:00:00Z --reason 'traffic is back'")
    def restore(*, at: Instant = "", reason: Reason = "") -> Fields:
        """State when the product was restored. Default: now; the restore clock stops at that instant."""
        return {"at": at, "reason": reason}

    @order(app, Verb.CLEAR, "P1 --role service-manager --reason 'customer confirms'")
    def clear(*, reason: Reason) -> Fields:
        """Clear by word, before the rules would."""
        return {"reason": reason}

    @order(app, Verb.CANCEL, "P1 --role service-manager --reason falseAlarm --dry-run")
    def cancel(*, reason: Code) -> Fields:
        """Cancel reports of false events. Work is withdrawn, the indicators are silenced."""
        return {"reason": reason}

    @order(
        app, Verb.CLOSE, "P1 --role close-process", "--status cleared --role close-process", usual=_CLEARED
    )
    def close(*, reason: Reason = "") -> Fields:
        """Close cleared reports (1.1.1.7.6)."""
        return {"reason": reason}

    @order(app, Verb.REFUSE_RESOLUTION, "P1 --role service-manager --reason 'still slow'", usual=_CLEARED)
    def refuse_resolution(*, reason: Reason) -> Fields:
        """Send cleared reports back to work. The customer does not accept the resolution."""
        return {"reason": reason}


def patches(pairs: Sequence[str], revision: int | None) -> list[tuple[str, str, int | None]]:
    """Return field, value and expected revision of each change: an applied one raises the next's by one."""
    changes = []
    for number, pair in enumerate(pairs):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigError(f"{pair!r} is not NAME=VALUE", setting="--field", remedy="e.g. priority=1")
        changes.append((name, value, None if revision is None else revision + number))
    return changes
