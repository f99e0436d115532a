"""`emit`: one record of an input topic by hand, or many from a file; `emitting` does it."""

from typing import Annotated

import typer

from qosresolve.cli.emit import answers as emit_answers
from qosresolve.cli.emit.options import At, Finding, Id, Product, Source, Wait, send
from qosresolve.cli.options import (
    Actor,
    ConfigFile,
    DryRun,
    Json,
    Reason,
    Role,
    Seconds,
    Sets,
    example,
    group,
)
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity, Verb

app = group("Send an event, a command or an answer by hand.")
emit_answers.add_to(app)


@app.command(
    epilog=example(
        "qosresolve emit degradation --product P1 --indicator latency --object svc-1 --kind raise \\",
        "    --severity critical --value 120 --unit ms --wait",
        "qosresolve emit degradation --file events.json",
    )
)
def degradation(
    *,
    product: Product = "",
    indicator: Annotated[str, typer.Option(help="e.g. latency, packetLoss.")] = "",
    measured: Annotated[str, typer.Option("--object", help="Service or resource it was measured on.")] = "",
    object_kind: Annotated[ObjectKind, typer.Option(help="What that is.")] = ObjectKind.SERVICE,
    kind: Annotated[DegradationKind, typer.Option(help="What the event says.")] = DegradationKind.RAISE,
    severity: Annotated[Severity, typer.Option(help="How bad.")] = Severity.MAJOR,
    value: Annotated[str, typer.Option(help="Observed value.")] = "",
    threshold: Annotated[str, typer.Option(help="Threshold crossed.")] = "",
    unit: Annotated[str, typer.Option(help="Unit of both.")] = "",
    at: At = "",
    source: Annotated[str, typer.Option(help="System that reports it.")] = "qosresolve-cli",
    sequence: Annotated[int, typer.Option(min=0, help="The source's own order; 0: none.")] = 0,
    event_id: Id = "",
    customer: Annotated[str, typer.Option(help="Customer id.")] = "",
    tier: Annotated[str, typer.Option(help="Customer tier, a name in the policy.")] = "",
    site: Annotated[str, typer.Option(help="Site of the product.")] = "",
    owner_party: Annotated[str, typer.Option(help="Outside party that owns the object.")] = "",
    description: Annotated[str, typer.Option(help="What is wrong, without personal data.")] = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say that an indicator of a product is bad, still bad, or good again."""
    fields: dict[str, object] = {
        "product_id": product,
        "event_id": event_id,
        "source": source,
        "sequence": sequence,
        "kind": kind,
        "indicator": indicator,
        "object_id": measured,
        "object_kind": object_kind,
        "severity": severity,
        "observed_at": at,
        "value": value,
        "threshold": threshold,
        "unit": unit,
        "customer_id": customer,
        "tier": tier,
        "site": site,
        "owner_party": owner_party,
        "description": description,
    }
    send(
        "degradation",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )


@app.command(
    epilog=example(
        "qosresolve emit command --product P1 --verb hold --role operator --reason customerRequest --wait",
        "qosresolve emit command --product P1 --verb patch --field priority --value 1",
    )
)
def command(
    *,
    product: Product = "",
    verb: Annotated[Verb | None, typer.Option(help="What is ordered.")] = None,
    report: Annotated[str, typer.Option(help="Report id; default: the product's open one.")] = "",
    actor: Actor = "",
    role: Role = "operator",
    reason: Reason = "",
    field: Annotated[str, typer.Option(help="Information field, for patch.")] = "",
    value: Annotated[str, typer.Option(help="New value: of field, status, severity, assignee, note...")] = "",
    at: Annotated[str, typer.Option(metavar="INSTANT", help="Instant that the command states.")] = "",
    request: Annotated[str, typer.Option(help="Request id, for answer, withdraw, skip-activity.")] = "",
    expected_revision: Annotated[int | None, typer.Option(help="Refused when outdated.")] = None,
    finding: Finding = "",
    command_id: Id = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Order something about a report."""
    fields: dict[str, object] = {
        "product_id": product,
        "command_id": command_id,
        "verb": verb,
        "actor": actor,
        "role": role,
        "reason": reason,
        "report_id": report,
        "expected_revision": expected_revision,
        "field": field,
        "value": value,
        "at": at,
        "obligation_id": request,
        "finding": finding,
    }
    send(
        "command",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )


@app.command(epilog=example("qosresolve emit deadline --product P1 --report 0c2d... --alarm 3 --wait"))
def deadline(
    *,
    product: Product = "",
    report: Annotated[str, typer.Option(help="Report to look at; default: the product's watch.")] = "",
    alarm: Annotated[int, typer.Option(min=0, help="Number of the alarm.")] = 0,
    due: Annotated[str, typer.Option(metavar="INSTANT", help="When it was due; default: now.")] = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask the owner to look now, as the timer would."""
    fields: dict[str, object] = {"product_id": product, "report_id": report, "alarm": alarm, "due": due}
    send(
        "deadline",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )
