"""What is posted: alerts of Alertmanager's API, and CloudEvents."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from qosresolve.core.vocabulary import Jeopardy
from qosresolve.notify import alertmanager, webhook
from qosresolve.notify.call import from_notice
from qosresolve.notify.words import description, summary
from tests.notify.samples import EDGE, TRACE, call, ended, notice


def known(alerts: list[dict[str, Any]]) -> list[alertmanager.Known]:
    """Return alerts as Alertmanager gives them back, with what it adds."""
    more = {"fingerprint": "f", "status": {"state": "active"}, "receivers": [], "updatedAt": "x"}
    found = alertmanager.listed(json.dumps([alert | more for alert in alerts]).encode())
    assert found is not None
    return found


def test_a_raise_is_one_alert_with_what_routes_ask_for() -> None:
    """Labels are what it is; words are annotations; it ends in a year, for its end comes by itself."""
    (alert,) = alertmanager.alerts(call(), (), "https://desk.example.com/{product}?report={report}")
    assert alert["labels"] == {
        "alertname": "QosresolveEscalation",
        "severity": "warning",
        "escalation": "e-P1-1",
        "report": "r-P1",
        "product": "P1",
        "customer": "cust-1",
        "tier": "gold",
        "level": "3",
        "target": "duty",
        "jeopardy": "atRisk",
        "clock": "restore",
        "degradation": "warning",
    }
    assert alert["generatorURL"] == "https://desk.example.com/P1?report=r-P1"
    starts, ends = (datetime.fromisoformat(alert[name]) for name in ("startsAt", "endsAt"))
    assert (ends - starts).days == 365
    assert alert["annotations"]["summary"] == summary(call())


def test_a_broken_promise_is_critical() -> None:
    """What is at risk is a warning."""
    assert alertmanager.labels(call(jeopardy=Jeopardy.BREACHED))["severity"] == "critical"


def test_what_is_empty_is_no_label() -> None:
    """Alertmanager has none that is empty: what it gives back would be another alert."""
    assert all(alertmanager.labels(from_notice(ended(2, 1), EDGE)).values())


def test_the_same_escalation_is_the_same_alert() -> None:
    """After a crash it is posted again: equal labels are an equal fingerprint, and it does not end itself."""
    first = alertmanager.alerts(call(), ())
    assert alertmanager.alerts(call(), known(first)) == first


def test_the_next_level_ends_the_one_before() -> None:
    """In one request: at no time are both open, at no time none."""
    (before,) = alertmanager.alerts(call(1), (), "https://desk/{report}")
    over, raised = alertmanager.alerts(call(2, level=4), known([before]))
    assert over == before | {"endsAt": raised["startsAt"]}
    assert raised["labels"]["level"] == "4"


def test_an_end_ends_all_of_the_report() -> None:
    """Whatever is open, also what an earlier version labelled otherwise; nothing is raised."""
    active = known([*alertmanager.alerts(call(1), ()), {"labels": {"report": "r-P1"}, "startsAt": "x"}])
    over = alertmanager.alerts(from_notice(ended(2, 1), EDGE), active)
    assert [item["labels"] for item in over] == [item["labels"] for item in active]
    assert {item["endsAt"] for item in over} == {"2026-03-02T10:00:00.252Z"}
    assert alertmanager.alerts(from_notice(ended(2, 1), EDGE), ()) == []


def test_what_is_no_list_of_alerts_is_none() -> None:
    """A page, another API: nothing is guessed."""
    for body in (b"<html>", b"{}", b"[{}]", b'[{"labels": {"level": 1}}]', b""):
        assert alertmanager.listed(body) is None


def test_what_is_open_is_asked_for_by_the_report() -> None:
    """Quoted: an id is text, and ends no filter."""
    odd = from_notice(notice(product='a"b\\c\nd'), EDGE)
    asked = parse_qsl(urlsplit(alertmanager.query(odd)).query)
    assert asked == [
        ("filter", 'alertname="QosresolveEscalation"'),
        ("filter", 'report="r-a\\"b\\\\c\\nd"'),
    ]


def test_words_are_for_people() -> None:
    """Which product, how bad, why, until when, who is called, where to look."""
    assert summary(call()) == (
        "Escalation level 3: the promise for P1 is at risk: the restore target is breached"
    )
    assert description(call()) == (
        "Report r-P1 on product P1 of customer cust-1, tier gold, warning, priority 2. Its restore clock is "
        "due at 2026-03-02T11:00:00.250Z. Called: duty. Look: qosresolve reports show P1"
    )
    over = from_notice(ended(2, 1), EDGE)
    assert summary(over) == "Escalation of P1 is over: the restore target is breached"
    assert "Called" not in description(over)


def test_a_webhook_gets_a_cloud_event_around_the_tmf_event() -> None:
    """The attributes of the record on its topic; the data is what `edge_format=json` has there."""
    told = call()
    event = json.loads(webhook.body(told))
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": "m-P1-1",
        "source": "urn:qosresolve:worker",
        "type": "io.qosresolve.v1.Escalation",
        "subject": "r-P1",
        "time": "2026-03-02T10:00:00.251Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:qosresolve:TMF688:v4:Event",
        "action": "raise",
        "traceparent": TRACE,
    }
    assert data == EDGE.request(notice()).body
    assert json.loads(webhook.body(from_notice(ended(2, 1), EDGE)))["action"] == "end"
