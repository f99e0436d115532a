"""Names and attributes of spans, by OpenTelemetry's conventions for messaging on Kafka, and a few of our own.

Ids that we make are told; what senders wrote (keys, products, texts) is not.
"""

from collections.abc import Mapping

from qosresolve.telemetry.spans import Context, Value, of_traceparent, span_id, trace_id, trace_of

SYSTEM = "messaging.system"
OPERATION_NAME = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
PARTITION = "messaging.destination.partition.id"
OFFSET = "messaging.kafka.offset"
GROUP = "messaging.consumer.group.name"
BATCH = "messaging.batch.message_count"
MESSAGE_ID = "messaging.message.id"

REPORT = "qosresolve.report.id"
OUTCOME = "qosresolve.outcome"
RULE = "qosresolve.rule"
FACTS = "qosresolve.facts"
FORMAT = "qosresolve.intake.format"
EVENTS = "qosresolve.intake.events"
PARKED = "qosresolve.intake.parked"
OUTPUTS = "qosresolve.outputs"
AGAIN = "qosresolve.timer.again"

PROCESS, SEND, COMMIT = "process", "send", "commit"
_TYPES = {PROCESS: "process", SEND: "send", COMMIT: "settle"}
_LONGEST = 400  # of where a payload lay


def attributes(operation: str, more: Mapping[str, Value]) -> dict[str, Value]:
    """Return the attributes of an operation, what is empty left out."""
    ours: dict[str, Value] = {
        SYSTEM: "kafka",
        OPERATION_NAME: operation,
        OPERATION_TYPE: _TYPES[operation],
    }
    return ours | {name: value for name, value in more.items() if value not in ("", ())}


def named(topic: str, partition: int, offset: int) -> str:
    """Return where a record lies, as the header `foreign` says it."""
    return f"{topic}/{partition}/{offset}"


def taken_by(role: str, place: str) -> int:
    """Return the id of the span in which a role takes a record."""
    return span_id(role, place)


def passed_by_intake(place: str, own: str | None) -> Context:
    """Return intake's span for a payload that lay there; `own` is the context that it brought."""
    if own:
        came = of_traceparent(own)
        return Context(came.trace, taken_by("intake", place), came.sampled)
    return Context(trace_id(place), taken_by("intake", place))


def fired(identity: str, report_id: str, kept: str) -> Context:
    """Return the timer's span for a deadline: in the trace of its report, that of a watch in its own."""
    if kept:
        came = of_traceparent(kept)
        return Context(came.trace, span_id(identity), came.sampled)
    return Context(trace_of(report_id) if report_id else trace_id(identity), span_id(identity))


def foreign_place(found: str | bytes | None) -> str:
    """Return what the header `foreign` says, empty where it is none of intake's."""
    text = found.decode(errors="replace") if isinstance(found, bytes) else found or ""
    return text if len(text) <= _LONGEST else ""
