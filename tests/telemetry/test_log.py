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


def _say(lines: LibrdkafkaLog, text: str) -> None:
    lines.logger.warning(text)


def test_an_ambiguous_line_is_remembered_until_it_is_taken() -> None:
    """A request that timed out may still be on its way: whoever holds the producer is told once."""
    lines = LibrdkafkaLog()
    _say(lines, "%4|1|REQTMOUT|qosresolve-0| Timed out EndTxnRequest in flight")
    _say(lines, "something harmless")
    assert "EndTxnRequest" in lines.take()
    assert lines.take() == ""


@pytest.mark.parametrize("line", ["a|REQTMOUT|b", "1 request(s) timed out", "%3|1|FAIL|c| Disconnected"])
def test_what_may_leave_a_request_behind_is_ambiguous(line: str) -> None:
    """Time-outs and broken connections alike."""
    lines = LibrdkafkaLog()
    _say(lines, line)
    assert lines.take() == line


def test_other_lines_are_only_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    """They are worth a line of ours, cut to a sensible length, and nothing more."""
    log.configure("json", "info")
    lines = LibrdkafkaLog()
    _say(lines, "%5|1|CONFWARN| " + "x" * 1_000)
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
