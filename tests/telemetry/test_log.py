"""Log lines: JSON for machines, one a transition, never a payload; and what librdkafka says."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from prometheus_client import CollectorRegistry

from qosresolve.kafka.observe import Observer
from qosresolve.telemetry import log
from qosresolve.telemetry.log import LibrdkafkaLog
from qosresolve.telemetry.metrics import WorkerMetrics
from qosresolve.topics import DEGRADATION
from tests.kafka.bench import NAMES, Bench
from tests.kafka.harness import degradation

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    """Leave logging as it was found."""
    yield
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    streams = capsys.readouterr()
    assert streams.out == "", "standard output is for results"
    return [json.loads(line) for line in streams.err.splitlines()]


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Event, level, time and the named values; whatever is in them stays on the line."""
    log.configure("json", "info")
    structlog.get_logger(role="worker").info("opened", report='R1"\n{}', partition=3)
    (line,) = _lines(capsys)
    assert (line["event"], line["level"], line["role"]) == ("opened", "info", "worker")
    assert (line["report"], line["partition"]) == ('R1"\n{}', 3)
    assert str(line["timestamp"]).endswith("Z")


def test_an_exception_is_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A stack of several lines does not tear the log."""
    log.configure("json", "info")
    try:
        int("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = _lines(capsys)
    assert "ValueError: invalid literal" in str(line["exception"])


def test_less_than_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Debug lines cost nothing unless asked for."""
    log.configure("json", "warning")
    logger = structlog.get_logger()
    logger.info("small")
    logger.warning("large")
    assert [line["event"] for line in _lines(capsys)] == ["large"]


def test_the_console_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """No colours where nobody sees them."""
    log.configure("console", "info")
    structlog.get_logger().info("opened", report="R1")
    text = capsys.readouterr().err
    assert "opened" in text
    assert "report=R1" in text
    assert "\x1b[" not in text


def test_no_payload_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither of what is taken nor of what is buried: not a value, not a key, not an id of a product."""
    log.configure("json", "debug")
    bench = Bench(limit=100)
    event = replace(
        degradation("P1", 1), description=CANARY, value=CANARY, customer_id=CANARY, object_id=CANARY
    )
    bench.take(bench.record(event))
    bench.take(bench.raw(DEGRADATION, f"\xc3\x01{CANARY}".encode("latin-1"), key=CANARY.encode()))
    bench.take(bench.raw(DEGRADATION, bench.record(event).value(), key=CANARY.encode()))
    bench.take(bench.record(replace(event, event_id=f"{CANARY}\x01", sequence=9)))
    observer = Observer(WorkerMetrics(CollectorRegistry()), NAMES)
    observer.committed(bench.partition, bench.commit_staging()[1])
    lines = _lines(capsys)
    events = {line["event"] for line in lines}
    assert {"report opened", "dead letter"} <= events
    assert CANARY not in json.dumps(lines)


# -- librdkafka

CLIENT = "[qosresolve-0#producer-1] [thrd:TxnCoordinator]: TxnCoordinator/1:"


def _say(lines: LibrdkafkaLog, text: str, level: int = logging.WARNING) -> None:
    lines.logger.log(level, text)


def test_an_ambiguous_line_is_remembered_until_it_is_taken() -> None:
    """A request that timed out may still be on its way: whoever holds the producer is told once."""
    lines = LibrdkafkaLog()
    _say(
        lines, f"REQTMOUT {CLIENT} Timed out EndTxnRequest in flight (after 1001ms, timeout #0)", logging.INFO
    )
    _say(
        lines,
        f"REQTMOUT {CLIENT} Timed out 1 in-flight, 0 retry-queued, 0 out-queue, 0 partially-sent requests",
    )
    _say(lines, "something harmless")
    assert "EndTxnRequest" in lines.take()
    assert lines.take() == ""


@pytest.mark.parametrize(
    "line",
    [
        f"REQTMOUT {CLIENT} Timed out 1 in-flight, 0 retry-queued, 0 out-queue, 0 partially-sent requests",
        f"FAIL {CLIENT} 1 request(s) timed out: disconnect (after 2001ms in state UP)",
        f"FAIL {CLIENT} Disconnected: connection closed by peer: receive 0 (after 15ms in state UP)",
        f"FAIL {CLIENT} Receive failed: Connection reset by peer (after 15ms in state UP)",
        f"FAIL {CLIENT} Send failed: Broken pipe (after 15ms in state UP)",
    ],
)
@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.ERROR])
def test_what_may_leave_a_request_behind_is_ambiguous(
    line: str, level: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Time-outs and broken connections alike, at whatever level the client tells of them; and logged."""
    log.configure("json", "info")
    lines = LibrdkafkaLog()
    _say(lines, line, level)
    assert lines.take() == line
    assert [entry["line"] for entry in _lines(capsys)] == [line]


@pytest.mark.parametrize(
    "line",
    [
        f"FAIL {CLIENT} Connect to ipv4#127.0.0.1:9092 failed: Connection refused",
        f"FAIL {CLIENT} Failed to resolve 'broker-1:9092': Name or service not known",
        f"FAIL {CLIENT} Connection setup timed out in state CONNECT (after 30020ms in state CONNECT)",
    ],
)
def test_on_a_connection_that_never_stood_nothing_is_left_behind(line: str) -> None:
    """A broker that is down is tried again every second; a new producer for each would end the process."""
    lines = LibrdkafkaLog()
    _say(lines, line, logging.ERROR)
    assert lines.take() == ""


def test_other_lines_are_only_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    """They are worth a line of ours, cut to a sensible length, and nothing more."""
    log.configure("json", "info")
    lines = LibrdkafkaLog()
    _say(lines, "CONFWARN " + "x" * 1_000)
    _say(lines, "BROKER nothing to worry about", logging.INFO)
    assert lines.take() == ""
    (line,) = _lines(capsys)
    assert line["event"] == "librdkafka"
    assert len(str(line["line"])) == 500


def test_two_producers_do_not_share_what_they_heard() -> None:
    """A replaced producer's last words are not held against its successor."""
    old, new = LibrdkafkaLog(), LibrdkafkaLog()
    _say(old, "REQTMOUT")
    assert new.take() == ""
    assert old.take() == "REQTMOUT"
    assert logging.getLogger("librdkafka").handlers == []
