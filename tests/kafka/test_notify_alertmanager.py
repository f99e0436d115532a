"""The notify role against a real Alertmanager that routes as docs/notify.md has it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qosresolve.core.vocabulary import Jeopardy
from qosresolve.kafka.notify.role import Notify
from qosresolve.notify import alertmanager as bodies
from qosresolve.notify.answers import Came
from qosresolve.notify.post import Client
from tests.kafka.escalated import escalate
from tests.kafka.harness import World, await_that, wall_ms
from tests.kafka.supervised import supervised
from tests.notify.receiver import Receiver, receiving
from tests.notify.samples import call, ended, notice
from tests.support.alertmanager import Alertmanager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qosresolve.core.requests import EscalationNotice

pytestmark = pytest.mark.contracts
PAGE = Path(__file__).parents[2] / "docs" / "notify.md"
HEAD = "global: {resolve_timeout: 1s}\n"


@pytest.fixture
def people() -> Iterator[Receiver]:
    """Whoever the Alertmanager notifies."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def alertmanager(tmp_path: Path, people: Receiver) -> Iterator[Alertmanager]:
    """Yield one with the page's routes; whatever they name is told to `people`. It is not started."""
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example
    routes = re.sub(r'"http://([a-z]+)\.example\.com/alerts"', rf'"{people.url}/\1"', example[1])
    made = Alertmanager(tmp_path, HEAD + routes)
    try:
        yield made
    finally:
        made.stop()


def now(number: int, **changes: Any) -> EscalationNotice:  # noqa: ANN401 - fields of a notice
    """Return a raise of this minute: what is years old ended a year later."""
    made = notice(number, **changes)
    return _at(made, wall_ms() + number)


def over(number: int, of: int, product: str = "P1") -> EscalationNotice:
    """Return an end of this minute."""
    return _at(ended(number, of, product), wall_ms() + number)


def _at(made: EscalationNotice, at: int) -> EscalationNotice:
    return replace(made, context=replace(made.context, at=at))


def to(alertmanager: Alertmanager) -> tuple[str, ...]:
    return (f"notify_url={alertmanager.url}", "notify_backoff_ms=200", "notify_link=https://desk/{report}")


def escalations(alertmanager: Alertmanager) -> list[str]:
    """Return the ids of what is open."""
    return [alert["labels"]["escalation"] for alert in alertmanager.alerts()]


def told(people: Receiver) -> list[tuple[str, str, str]]:
    """Return path, status and escalation of all that people were notified of."""
    return [
        (got.path, alert["status"], alert["labels"]["escalation"])
        for got in people.taken
        for alert in json.loads(got.body)["alerts"]
    ]


def test_a_raise_appears_and_an_end_resolves(
    world: World, alertmanager: Alertmanager, people: Receiver
) -> None:
    """Each level is told to whom the routes name, and ends the one before; the end ends it; people hear."""
    alertmanager.start()
    with world.running(Notify, *to(alertmanager)):
        escalate(world, [now(1, level=1, target="service-desk")])
        (first,) = await_that(alertmanager.alerts, "an alert")
        assert first["labels"] == bodies.labels(call(level=1, target="service-desk"))
        assert first["generatorURL"] == "https://desk/r-P1"
        assert [receiver["name"] for receiver in first["receivers"]] == ["service-desk"]
        await_that(lambda: ("/hook/desk", "firing", "e-P1-1") in told(people), "a call")
        escalate(world, [now(2, level=2, target="duty-manager", jeopardy=Jeopardy.BREACHED)])
        await_that(lambda: escalations(alertmanager) == ["e-P1-2"], "the second in place of the first")
        await_that(lambda: ("/hook/pager", "firing", "e-P1-2") in told(people), "the second call")
        await_that(lambda: ("/hook/desk", "resolved", "e-P1-1") in told(people), "the end of the first")
        escalate(world, [over(3, 2)])
        await_that(lambda: not alertmanager.alerts(), "nothing open")
        await_that(lambda: ("/hook/pager", "resolved", "e-P1-2") in told(people), "the end")


def test_killed_before_the_commit_it_is_one_alert(
    world: World, alertmanager: Alertmanager, people: Receiver, tmp_path: Path
) -> None:
    """What is posted again has the same fingerprint: people are called once."""
    alertmanager.start()
    with supervised(world, tmp_path, "kill:notify-told:3", *to(alertmanager), role="notify") as slot:
        escalate(world, [now(number, product=product) for number in (1, 2) for product in ("P1", "P9")])
        slot.until(lambda: sorted(escalations(alertmanager)) == ["e-P1-2", "e-P9-2"], deaths=1)
    assert slot.statuses == [-9]
    fired = [item for item in told(people) if item[1] == "firing"]
    assert len(fired) == len(set(fired))


def test_one_that_was_away_hears_all_in_order(world: World, alertmanager: Alertmanager) -> None:
    """Raised, raised and ended while it was down: nothing is open; what was not ended is."""
    with world.running(Notify, *to(alertmanager)) as notify:
        escalate(world, [now(1), now(2), over(3, 2), now(1, product="P2"), now(2, product="P2")])
        await_that(lambda: notify.metric("qosresolve_notify_attempts_total", came="down") > 2, "attempts")
        alertmanager.start()
        await_that(lambda: notify.metric("qosresolve_notify_told_total", action="end"), "the end")
        await_that(lambda: notify.metric("qosresolve_notify_told_total", action="raise") == 4, "all")
        assert escalations(alertmanager) == ["e-P2-2"]
        alertmanager.stop()  # which forgets
        alertmanager.start()
        escalate(world, [over(3, 2, "P2"), now(4, product="P2")])
        await_that(lambda: escalations(alertmanager) == ["e-P2-4"], "the next")


def test_an_alert_outlives_the_resolve_timeout(alertmanager: Alertmanager) -> None:
    """One that does not say when it ends is over after a second, ours is not: that is why it says so."""
    alertmanager.start()
    (ours,) = bodies.alerts(call(), ())
    ours |= bodies.alerts(call(), (), lasts_ms=wall_ms())[0]
    without = {"labels": {"alertname": "Other", "escalation": "other"}}
    client = Client(5.0, None)
    body = json.dumps([ours, without]).encode()
    headers = {"Content-Type": "application/json"}
    assert client.post(f"{alertmanager.url}{bodies.ALERTS}", headers, body).answer.came is Came.TAKEN
    assert len(alertmanager.alerts()) == 2
    await_that(lambda: escalations(alertmanager) == ["e-P1-1"], "the end of the other")
    client.close()


@pytest.mark.parametrize("broken", [{"labels": {}}, {"startsAt": "soon"}, {"endsAt": "2001-01-01T00:00:00Z"}])
def test_a_broken_alert_is_refused(alertmanager: Alertmanager, broken: dict[str, Any]) -> None:
    """What the others prove can fail: without labels, with no time, ended before it began."""
    alertmanager.start()
    (alert,) = bodies.alerts(call(), ())
    client = Client(5.0, None)
    body = json.dumps([alert | broken]).encode()
    answer = client.post(
        f"{alertmanager.url}{bodies.ALERTS}", {"Content-Type": "application/json"}, body
    ).answer
    client.close()
    assert answer.came is Came.REFUSED
    assert not alertmanager.alerts()
