"""What a process decides about one input: an outcome, the rule behind it, and the facts."""

from qosresolve.core.facts import Fact, Facts, ReportOpened
from qosresolve.core.record import changed, record
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome

_APPLIED = Outcome.APPLIED  # looking a member up costs ten times a name, and this is asked for every event


@record
class Verdict:
    """The decision of one process about one input; `settled` where its facts set nothing else going."""

    outcome: Outcome
    rule: Rule = Rule.NONE
    facts: Facts = ()
    settled: bool = False


def applied(*facts: Fact, rule: Rule = Rule.NONE) -> Verdict:
    """Return a decision that something happened."""
    return Verdict(_APPLIED, rule, facts)


def settled(fact: Fact) -> Verdict:
    """Return a decision that something happened which sets nothing else going."""
    return Verdict(_APPLIED, Rule.NONE, (fact,), settled=True)


def refused(rule: Rule) -> Verdict:
    """Return a refusal: state unchanged, the rule says why."""
    return Verdict(Outcome.REFUSED, rule)


def no_op(rule: Rule) -> Verdict:
    """Return a decision that nothing was to be done."""
    return Verdict(Outcome.NO_OP, rule)


def noted(rule: Rule, *facts: Fact) -> Verdict:
    """Return a decision to record without applying."""
    return Verdict(Outcome.ANNOTATION, rule, facts)


def traced(verdict: Verdict, trace: str) -> Verdict:
    """Let a report that opens keep the trace context it came with, for what goes out later."""
    if not any(type(fact) is ReportOpened for fact in verdict.facts):
        return verdict
    facts = (changed(fact, trace=trace) if type(fact) is ReportOpened else fact for fact in verdict.facts)
    return Verdict(verdict.outcome, verdict.rule, tuple(facts))
