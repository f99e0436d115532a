"""The answers of other parties, by hand: activities, service trouble requests, supplier engagements."""

from typing import Annotated

import typer

from qosresolve.cli.emit.options import (
    At,
    Expected,
    Finding,
    Id,
    Note,
    Product,
    Request,
    Source,
    State,
    Wait,
    send,
)
from qosresolve.cli.options import ConfigFile, DryRun, Json, Seconds, Sets, example
from qosresolve.core.vocabulary import AnswerState


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog=example("qosresolve emit activity-status --product P1 --request 6f1c... --state accepted")
    )(activity_status)
    app.command(
        epilog=example(
            "qosresolve emit trouble-status --product P1 --request 6f1c... --state inProgress \\",
            "    --problem SP-7 --expected 2026-03-01T12:00:00Z",
        )
    )(trouble_status)
    app.command(
        epilog=example(
            "qosresolve emit supplier-status --product P1 --request 6f1c... --state resolved --party acme"
        )
    )(supplier_status)


def _answer(product: str, request: str, state: AnswerState | None, **more: object) -> dict[str, object]:
    return {"product_id": product, "obligation_id": request, "state": state, **more}


def activity_status(
    *,
    product: Product = "",
    request: Request = "",
    state: State = None,
    at: At = "",
    task: Annotated[str, typer.Option(help="The process's own id of the work.")] = "",
    expected: Expected = "",
    note: Note = "",
    finding: Finding = "",
    answer_id: Id = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Answer an activity request as one of our own processes would."""
    fields = _answer(
        product, request, state, answer_id=answer_id, at=at, external_id=task,
        expected_at=expected, note=note, finding=finding,
    )  # fmt: skip
    send(
        "activity-status",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )


def trouble_status(
    *,
    product: Product = "",
    request: Request = "",
    state: State = None,
    at: At = "",
    party: Annotated[str, typer.Option(help="Party that answers.")] = "",
    problem: Annotated[str, typer.Option(help="The service problem's id.")] = "",
    parent_problem: Annotated[str, typer.Option(help="Master problem it was grouped under.")] = "",
    expected: Expected = "",
    note: Note = "",
    finding: Finding = "",
    answer_id: Id = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Answer a service trouble request as service assurance would."""
    fields = _answer(
        product, request, state, answer_id=answer_id, at=at, party=party, external_id=problem,
        parent_id=parent_problem, expected_at=expected, note=note, finding=finding,
    )  # fmt: skip
    send(
        "trouble-status",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )


def supplier_status(
    *,
    product: Product = "",
    request: Request = "",
    state: State = None,
    at: At = "",
    party: Annotated[str, typer.Option(help="Supplier that answers.")] = "",
    ticket: Annotated[str, typer.Option(help="The supplier's ticket.")] = "",
    expected: Expected = "",
    note: Note = "",
    finding: Finding = "",
    answer_id: Id = "",
    file: Source = None,
    wait: Wait = False,
    timeout: Seconds = 10.0,
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Answer an engagement as the supplier would."""
    fields = _answer(
        product, request, state, answer_id=answer_id, at=at, party=party, external_id=ticket,
        expected_at=expected, note=note, finding=finding,
    )  # fmt: skip
    send(
        "supplier-status",
        fields,
        file=file,
        config=config,
        sets=sets,
        wait=wait,
        timeout=timeout,
        dry_run=dry_run,
        as_json=as_json,
    )
