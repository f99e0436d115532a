"""Co-ordinate: what is laid out, when it is asked for, and when each is due."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core import plan
from qosresolve.core.facts import PlanInfeasible
from qosresolve.core.requests import TroubleRequest
from qosresolve.core.vocabulary import ObligationState
from tests.core.builders import MINUTE, POLICY, Product, at, names


def test_work_is_due_as_late_as_the_deadline_allows() -> None:
    """Due times go backward from the restore deadline, less the work that waits behind."""
    product = Product()
    product.sample("10:00")
    product.find("10:05", "resource", "cpe-7")
    assert product.obligation("workAround").due_at == at("12:00") - 30 * MINUTE


def test_a_node_that_is_not_laid_out_hands_on_what_it_waits_for() -> None:
    """Verification after repair after work-around waits for the work-around where nothing is repaired."""
    before = POLICY.upstream["verify"]
    assert before == {"repair", "workAround"}


def test_a_trouble_request_carries_the_shared_cause_and_the_services() -> None:
    """The request names the service of the cause first, then those whose indicators are bad."""
    product = Product()
    product.sample("10:00", cause_key="fibre-12")
    done = product.find("10:05", "service", "svc-9")
    request = next(item for item in done.requests if isinstance(item, TroubleRequest))
    assert request.cause_key == "fibre-12"
    assert request.affected_services == ("svc-9", "svc-1")
    assert request.request_id == product.obligation("trouble").obligation_id


def test_a_new_attempt_comes_only_after_the_last_has_ended() -> None:
    """The same service named again while its request is being withdrawn is asked for once that is settled."""
    product = Product()
    product.sample("10:00")
    product.find("10:05", "service", "svc-9")
    product.find("10:06", "supplier", "cpe-7", party="carrier")
    product.find("10:07", "service", "svc-9")
    assert product.obligation("trouble").state is ObligationState.WITHDRAWING
    done = product.answer("10:08", "trouble", "cancelled")
    assert "ObligationRequested" in names(done)
    assert product.obligation("trouble").attempt == 2


def test_a_failed_route_goes_back_to_analysis_once() -> None:
    """A rejected trouble request is analysed further; that analysis failing starts no other at once."""
    product = Product()
    product.sample("10:00")
    product.find("10:05", "service", "svc-9")
    product.answer("10:06", "analyse", "resolved")
    assert "ObligationRequested" in names(product.answer("10:07", "trouble", "rejected"))
    assert "ObligationRequested" not in names(product.answer("10:08", "analyse", "rejected"))


def test_without_any_target_an_open_report_is_still_followed() -> None:
    """Where a tier promises nothing and everybody has given up, the first analysis is asked for again."""
    gold = POLICY.tiers["gold"]
    none = {
        severity: replace(target, respond=None, restore=None) for severity, target in gold.targets.items()
    }
    product = Product(replace(POLICY, tiers={"gold": replace(gold, targets=none)}))
    product.sample("10:00")
    product.run_until("+3 10:00")
    assert product.report.due is not None
    assert len(product.report.obligations) < 6, "old attempts must not pile up"


def test_two_silent_indicators_of_one_object_are_verified_once() -> None:
    """Samples of both stay away at the same instant: one attempt is laid out and asked for, not two."""
    silent = replace(POLICY.default_indicator, silence_after=30 * MINUTE)
    product = Product(replace(POLICY, default_indicator=silent))
    product.sample("10:00")
    product.sample("10:00", indicator="loss")
    product.run_until("10:30")
    laid_out = [item.obligation_id for item in product.report.obligations if item.node == "verify"]
    assert len(laid_out) == 1
    ids = [request.context.message_id for request in product.requests]
    assert len(ids) == len(set(ids))


def test_what_runs_ends_its_time_after_it_was_asked_for() -> None:
    """The forecast counts from the request, not from the look; what is late already cannot end before now."""
    product = Product()
    product.sample("10:00", "minor")
    asked = [plan.ends_at(product.report, POLICY, at(clock)) for clock in ("10:05", "10:19", "10:40")]
    assert asked == [at("10:20"), at("10:20"), at("10:40")]


def test_the_forecast_is_the_longest_path() -> None:
    """Work in turn adds up, work side by side does not; a supplier has its own time."""
    product = Product()
    product.sample("10:00", "minor")
    product.find("10:05", "resource", "cpe-7")
    assert plan.ends_at(product.report, POLICY, at("10:05")) == at("10:45")
    product.find("10:10", "supplier", "cpe-8", party="carrier", source="probe")
    assert plan.ends_at(product.report, POLICY, at("10:30")) == at("11:10")
    product.answer("10:31", "engage", "rejected")
    product.answer("10:32", "workAround", "resolved")
    assert plan.ends_at(product.report, POLICY, at("10:40")) == at("11:02")


def test_the_forecast_waits_for_a_slot() -> None:
    """What has a slot or a time of its own begins then, also behind other work."""
    nodes = tuple(
        replace(node, slot="business") if node.name in ("analyse", "repair") else node for node in POLICY.plan
    )
    policy = replace(POLICY, plan=nodes)
    product = Product(policy)
    product.sample("7:00", "minor")
    assert plan.ends_at(product.report, policy, at("7:00")) == at("8:20")
    product.find("7:05", "resource", "cpe-7")
    assert plan.ends_at(product.report, policy, at("7:05")) == at("8:30")


def test_a_plan_that_is_too_long_is_told_with_its_end() -> None:
    """Jeopardy at once: the fact names the end of the longest path."""
    product = Product()
    product.sample("10:00")
    done = product.find("11:50", "resource", "cpe-7")
    (told,) = (fact for fact in done.facts if isinstance(fact, PlanInfeasible))
    assert told.ends_at == at("12:30")


def test_nothing_planned_is_asked_for_after_a_false_event() -> None:
    """Work that waited for its slot goes with the verdict, whoever looks later."""
    nodes = tuple(
        replace(node, not_before=60 * MINUTE) if node.name == "trouble" else node for node in POLICY.plan
    )
    product = Product(replace(POLICY, plan=nodes))
    product.sample("10:00")
    product.find("10:05", "service", "svc-9")
    product.command("10:10", "cancel", reason="falseAlarm")
    product.run_until("12:00")
    assert not any(isinstance(request, TroubleRequest) for request in product.requests)
    assert product.obligation("trouble").state is ObligationState.WITHDRAWN
