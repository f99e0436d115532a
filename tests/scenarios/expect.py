"""Compares what a story expects with what came of it, and says every difference in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.core.requests import ActivityRequest, EscalationNotice, Request, TroubleRequest
from tests.scenarios.records import looked_up, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qosresolve.core.facts import Fact
    from qosresolve.core.step import Step
    from tests.core.builders import Product
    from tests.scenarios.story import Fields, Story
    from tests.scenarios.story import Step as Told


def words(request: Request) -> str:
    """Return a request in the words of the stories."""
    if isinstance(request, EscalationNotice):
        return f"call {request.target} at {request.level}" if request.raised else "end the call"
    if isinstance(request, ActivityRequest):
        return f"{request.action} {request.node}"
    if isinstance(request, TroubleRequest):
        return f"{request.action} trouble on {request.service_id}"
    return f"{request.action} {request.contact} for {request.component}"


def of_step(told: Told, steps: Sequence[Step], product: Product) -> list[str]:
    """Return what differs after a step."""
    facts = [fact for done in steps for fact in done.facts]
    asked = [request for done in steps for request in done.requests]
    differences = [
        *_came(told, facts, asked),
        *_outcome(told, steps),
        *(_valued("fact", told.fact, [(_name(fact), fact) for fact in facts])),
        *(_valued("ask", told.ask, [(words(request), request) for request in asked])),
        *_stands(told, product),
    ]
    if differences:
        differences.append(f"came: {', '.join(map(_name, facts)) or 'no facts'}")
        differences.append(f"asked: {', '.join(map(words, asked)) or 'nobody'}")
    return differences


def of_end(story: Story, product: Product) -> list[str]:
    """Return what differs at the end of a story."""
    differences = [*_fields("report", story.report, product.case.latest), *_watch(story.watch, product)]
    held = product.case.reports
    if story.reports and len(story.reports) != len(held):
        differences.append(f"reports: {len(held)} are held, not {len(story.reports)}")
    for number, (wanted, report) in enumerate(zip(story.reports, held, strict=False), 1):
        differences += _fields(f"report {number}", wanted, report)
    asked = [words(request) for request in product.requests]
    if story.requests is not None and asked != story.requests:
        differences.append(f"requests: {asked}, not {story.requests}")
    return differences


def _came(told: Told, facts: Sequence[Fact], requests: Sequence[Request]) -> Iterator[str]:
    came, asked = [_name(fact) for fact in facts], [words(request) for request in requests]
    yield from (f"facts: no {name} in its place" for name in _missing(told.facts, came))
    yield from (f"asks: no `{text}` in its place" for text in _missing(told.asks, asked))
    yield from (f"never: {name} came" for name in told.never if name in came)
    yield from (f"never asks: `{text}` was asked" for text in told.never_asks if text in asked)
    if told.nothing and (came or asked):
        yield "nothing: something came"


def _name(fact: Fact) -> str:
    return type(fact).__name__


def _missing(wanted: Sequence[str], found: Sequence[str]) -> list[str]:
    """Return what is wanted and does not come in this order."""
    rest = iter(found)
    return [item for item in wanted if item not in rest]


def _outcome(told: Told, steps: Sequence[Step]) -> Iterator[str]:
    wanted = {"outcome": told.outcome or None, "rule": told.rule}
    if not steps and any(value is not None for value in wanted.values()):
        yield "nothing was given to the core"
        return
    for name, value in wanted.items():
        found = getattr(steps[-1].entry, name) if steps else None
        if value is not None and found != value:
            yield f"{name}: {str(found)!r}, not {value!r}"


def _valued(what: str, wanted: dict[str, Fields], came: Sequence[tuple[str, object]]) -> Iterator[str]:
    for name, values in wanted.items():
        records = [record for found, record in came if found == name]
        if not any(same(record, values) for record in records):
            yield f"{what}: no {name} with {values} in {records}"


def _stands(told: Told, product: Product) -> list[str]:
    status = {"status": told.status} if told.status else {}
    return [*_fields("report", status | told.report, product.case.latest), *_watch(told.watch, product)]


def _watch(wanted: Fields | str, product: Product) -> list[str]:
    watch = product.case.watch
    if wanted == "none":
        return [] if watch is None else [f"watch: {watch}, not none"]
    return _fields("watch", wanted, watch) if isinstance(wanted, dict) else [f"watch: {wanted}?"]


def _fields(what: str, wanted: Fields, record: object) -> list[str]:
    if not wanted:
        return []
    if record is None:
        return [f"{what}: there is none"]
    found = {path: looked_up(record, path) for path in wanted}
    return [
        f"{what}: {path} is {value!r}, not {wanted[path]!r}"
        for path, value in found.items()
        if not same(value, wanted[path])
    ]
