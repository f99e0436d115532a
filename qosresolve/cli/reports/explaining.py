"""Which report or product is to be explained, and what the topics say of it."""

from qosresolve.cli.reports.explained import show
from qosresolve.cli.times import instant, now_ms
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.errors import ConfigError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.explain import Explanation, UnprovableError, explain, explain_product
from qosresolve.replay.explain.history import History
from qosresolve.replay.explain.reading import SHORTEST, entries_of, held, policies_of
from qosresolve.settings import Settings

_NAME = "REPORT_ID|PRODUCT_ID"


def explained(
    settings: Settings, name: str, product: str, *, at: str, about: frozenset[str], as_json: bool
) -> bool:
    """Explain and show; return whether everything adds up. Raises ConfigError for what cannot be told."""
    until = instant(at) if at else now_ms()
    found = explanation(settings, contracts_for(settings), name, product, until)
    show(found, about, as_json=as_json)
    return found.adds_up


def explanation(settings: Settings, contracts: Contracts, name: str, product: str, at: int) -> Explanation:
    """Return what is to be said of a report, or of a product. Raises ConfigError for what cannot be told."""
    product, report_id = _meant(settings, name, product)
    entries = entries_of(settings, contracts, product)
    if name and report_id is None and product != name:
        report_id = _in_journal(name, product, entries)
    if not any(entry.product_id == product for entry in entries):
        raise ConfigError(
            f"neither a report nor a product with a journal: {product}",
            setting=_NAME,
            remedy="see `qosresolve reports list`; of a forgotten report name the product too: "
            "`qosresolve reports explain REPORT_ID --product PRODUCT_ID`",
        )
    policies = policies_of(settings, contracts, entries)
    try:
        if report_id is None:
            return explain_product(product, entries, policies, at)
        return explain(product, report_id, entries, policies, at)
    except UnprovableError as error:
        remedy = "see docs/runbooks/retention-passed.md; `--at` has to lie after the opening"
        raise ConfigError(str(error), setting=_NAME, remedy=remedy) from None
    except UnknownPolicyError as error:
        remedy = "see docs/runbooks/unknown-policy.md"
        raise ConfigError(f"policy {error.policy_hash} is not published", remedy=remedy) from None


def _meant(settings: Settings, name: str, product: str) -> tuple[str, str | None]:
    """Return the product that is meant and, where it is clear without its journal, the report."""
    if not name and not product:
        raise ConfigError("which report?", setting=_NAME, remedy="name it, or a product by --product")
    if product:
        return product, None
    keys = held(settings, name)
    if not keys:
        return name, None
    of_product = [report for owner, report in keys if owner == name]
    if of_product:
        return name, _newest(settings, name, of_product)
    if len(keys) > 1:
        there = ", ".join("/".join(key) for key in keys[:5])
        raise ConfigError(f"{name} may mean {there}", setting=_NAME, remedy="write more of it")
    return keys[0]


def _newest(settings: Settings, product: str, reports: list[str]) -> str:
    """Return the report of a product that was opened last."""
    if len(reports) == 1:
        return reports[0]
    opened = History(product, entries_of(settings, contracts_for(settings), product), None).opened
    return next((report for report in reversed(opened) if report in reports), reports[-1])


def _in_journal(name: str, product: str, entries: list[Entry]) -> str:
    """Return the report that is meant among those that a product's journal speaks of."""
    named = History(product, entries, None).named
    found = [one for one in named if one == name or (len(name) >= SHORTEST and one.startswith(name))]
    if len(found) != 1:
        there = ", ".join(found or named) or "no report"
        raise ConfigError(f"{name} of {product}", setting=_NAME, remedy=f"its journal speaks of {there}")
    return found[0]
