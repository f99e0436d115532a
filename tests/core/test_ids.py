"""Names that leave the process: the same in every version, or a receiver no longer knows what it has seen."""

from __future__ import annotations

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.ids import (
    body_digest,
    fingerprint,
    message_id,
    obligation_id,
    report_id,
    stable_id,
)


def test_ids_are_the_same_in_every_version() -> None:
    """An id is the UUIDv5 of what it names: a replay by a newer version gives the same."""
    report = report_id("product-1", "qos.degradation.v1", 3, 42)
    assert report == "dfca5fa2-de2f-5f02-9ea4-ae692209d3d3"
    assert obligation_id(report, "analyse", "svc-1", 2) == "7f366644-df00-5604-887e-e3d5122398b5"
    assert message_id("subject", "request", "plan", "topic", 0, 7) == "3864cd04-0f45-5fa7-b5cf-2762d572b0a9"
    assert stable_id("escalation", report, 5) == "c997e29d-3295-59a9-bd04-8c4e90213f19"
    assert UUID(report).version == 5


def test_an_id_names_one_thing_alone() -> None:
    """Parts do not run into each other, and each part tells."""
    assert len({stable_id("a", "bc"), stable_id("ab", "c"), stable_id("abc"), stable_id("a", "b", "c")}) == 4
    assert len({report_id("p", "t", *place) for place in ((0, 0), (0, 1), (1, 0))}) == 3


def test_a_fingerprint_is_the_event_then_its_body() -> None:
    """Eight bytes tell the event id, four more its body: one id with two bodies is seen."""
    same, other = body_digest(b"body"), body_digest(b"else")
    mark = fingerprint("monitor|alarm-1|raise|7", same)
    assert mark.hex() == "9cda8f452454ad68dbdb6bb2"
    assert (len(same), len(mark)) == (4, 12)
    assert mark == fingerprint("monitor|alarm-1|raise|7", b"")[:8] + same
    assert mark[:8] == fingerprint("monitor|alarm-1|raise|7", other)[:8]
    assert mark[8:] != other


@given(st.lists(st.text(), min_size=1))
def test_a_stable_id_is_a_version_5_uuid(parts: list[str]) -> None:
    """What is written out here is what the standard library makes, byte for byte."""
    namespace = UUID("6f1cbf26-3a0c-5f5e-9a3f-1f1f4f2f7a11")
    assert stable_id(*parts) == str(uuid5(namespace, "\x1f".join(parts)))
