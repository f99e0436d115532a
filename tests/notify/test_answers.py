"""What each answer of a receiver means, and how the pauses grow."""

import pytest

from qosresolve.notify.answers import FIRST_S, MOST_TOLD_S, Came, Wait, of_status


@pytest.mark.parametrize(
    ("status", "came"),
    [
        *((status, Came.TAKEN) for status in (200, 201, 202, 204)),
        *((status, Came.REFUSED) for status in (400, 402, 409, 413, 415, 422, 451, 499)),
        *((status, Came.SETTINGS) for status in (301, 302, 307, 308, 401, 403, 404, 405, 407, 410, 421)),
        *((status, Came.DOWN) for status in (408, 425, 429, 500, 502, 503, 504, 599, 700, 100)),
    ],
)
def test_a_status_means_one_of_four_things(status: int, came: Came) -> None:
    """Taken, the same again for ever, mend the settings, or a dead letter: nothing else."""
    assert of_status(status).came is came


def test_only_an_error_of_its_own_may_be_about_this_one() -> None:
    """A 500 lets other partitions go on; 502 to 504, and being told to slow down, are about all."""
    assert of_status(500).alone
    assert not any(of_status(status).alone for status in (408, 429, 502, 503, 504))


def test_a_redirect_says_where_to() -> None:
    """It is not followed: a body with a signature goes where the settings say, and nowhere else."""
    answer = of_status(308, location="'https://elsewhere/hook'")
    assert "https://elsewhere/hook" in answer.what
    assert "notify_url" in answer.what


def test_pauses_grow_to_their_limit_and_begin_anew() -> None:
    """Half a second, twice that, and so on, by a fifth more or less; after a success from the start."""
    for chance, factor in ((0.0, 0.8), (1.0, 1.2)):
        wait = Wait(4.0, lambda chance=chance: chance)  # type: ignore[misc]
        paused = []
        for _ in range(5):
            wait.failed(100.0)
            paused.append(wait.until - 100.0)
        assert paused == pytest.approx([factor * item for item in (0.5, 1.0, 2.0, 4.0, 4.0)])
        assert not wait.over(100.0)
        assert wait.over(105.0)
        wait.worked()
        assert wait.over(0.0)
        wait.failed(0.0)
        assert wait.until == pytest.approx(factor * FIRST_S)


def test_a_receiver_may_ask_for_more_within_a_limit() -> None:
    """Retry-After wins where it is longer, up to ten minutes."""
    wait = Wait(4.0, lambda: 0.5)
    wait.failed(0.0, 60.0)
    assert wait.until == 60.0
    wait.failed(0.0, 1e9)
    assert wait.until == MOST_TOLD_S


def test_pauses_stay_finite() -> None:
    """For ever is a large number of attempts."""
    wait = Wait(30.0, lambda: 0.5)
    for _ in range(5_000):
        wait.failed(0.0)
    assert wait.until == 30.0
