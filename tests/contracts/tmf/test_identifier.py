"""The external identifier: what was put in comes out, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts.tmf.identifier import identified, identify

ANY = st.text(st.characters(exclude_categories=[]), min_size=1)


@given(ANY, ANY)
def test_it_says_what_it_was_given(product_id: str, obligation_id: str) -> None:
    """Any two ids come back, lone surrogates included."""
    assert identified(identify(product_id, obligation_id)) == (product_id, obligation_id)


@given(ANY, ANY)
def test_it_is_one_ascii_word(product_id: str, obligation_id: str) -> None:
    """A neighbour may keep it in a column, a path or a header."""
    text = identify(product_id, obligation_id)
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(' /?#"\\,;')


@given(ANY, ANY, ANY, ANY)
def test_no_two_requests_share_one(product: str, obligation: str, other: str, another: str) -> None:
    """Different ids give different identifiers."""
    same = (product, obligation) == (other, another)
    assert (identify(product, obligation) == identify(other, another)) is same


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Others' identifiers are told from ours, never a crash."""
    found = identified(text)
    assert found is None or text.strip().lower().startswith("qosresolve:")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INC0012345",
        "qosresolve",
        "qosresolve:p",
        "qosresolve::o",
        "qosresolve:p:",
        "qosresolve:p:o:x",
        "elsewhere:p:o",
        "qosresolve:%ff:o",
    ],
)
def test_what_is_not_ours_is_nothing(text: str) -> None:
    """Foreign, incomplete and damaged identifiers name nothing."""
    assert identified(text) is None


def test_it_is_read_with_spaces_around_and_other_hexadecimal_letters() -> None:
    """What ticket systems do to a text on its way does no harm."""
    assert identified("  qosresolve:caf%c3%a9%2F7:o-1\n") == ("café/7", "o-1")
