"""The head of a journal record is read as the whole record would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry, PolicyActivated
from qosresolve.core.inputs import Cause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import PoisonRecordError

RECORDS = Contracts(SingleObjectCodec())
numbers = some.integers(-(2**63), 2**63 - 1)
causes = some.builds(
    Cause, some.text(max_size=80), some.integers(-1, 2**31 - 1), numbers, some.text(max_size=80)
)


@given(some.text(max_size=80), causes, numbers)
def test_a_head_is_what_the_entry_says(product: str, cause: Cause, now: int) -> None:
    """Whatever names and numbers: product, cause and instant come before all that is not read."""
    entry = Entry(product, cause, now, Outcome.APPLIED, Rule.NONE, "policy", b"12", (PolicyActivated("p"),))
    assert RECORDS.read_head(RECORDS.write_entry(entry)) == (product, cause, now)


@pytest.mark.parametrize("length", [0, 5, 10, 12, 20, 30])
def test_what_is_cut_short_is_no_record(length: int) -> None:
    """It is refused as the reader of whole records refuses it."""
    entry = Entry("product", Cause("topic", 1, 2, "event"), 3, Outcome.APPLIED, Rule.NONE, "", b"", ())
    cut = RECORDS.write_entry(entry)[:length]
    with pytest.raises(PoisonRecordError):
        RECORDS.read_entry(cut)
    if length < 30:  # behind the head the rest is not looked at
        with pytest.raises(PoisonRecordError):
            RECORDS.read_head(cut)
