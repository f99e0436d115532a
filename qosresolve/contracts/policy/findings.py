"""What may be wrong with a policy file, and how it is told: place, key, problem, remedy.

A finding is an error or a warning; `Check` names the rule behind it, so that a test, a dashboard or a
pipeline can tell one from another. Where the rules live: `document`, `shape`, `checks`,
`warnings`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from qosresolve.errors import ConfigError

Loc = tuple[str | int, ...]


class Check(StrEnum):
    """One name a rule."""

    # -- the file itself
    UNREADABLE = "unreadable"
    NOT_YAML = "not-yaml"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    BAD_VALUE = "bad-value"
    # -- calendars
    UNKNOWN_CALENDAR = "unknown-calendar"
    UNKNOWN_ZONE = "unknown-zone"
    UNKNOWN_COUNTRY = "unknown-country"
    BAD_DAY = "bad-day"
    SPANS_OVERLAP = "spans-overlap"
    NEVER_OPEN = "never-open"
    # -- tiers and escalation
    UNKNOWN_TIER = "unknown-tier"
    THRESHOLDS_NOT_RISING = "thresholds-not-rising"
    LEVELS_FALL = "levels-fall"
    BREACH_BELOW_THRESHOLD = "breach-below-threshold"
    NO_CHAIN = "no-chain"
    CHAIN_NOT_RISING = "chain-not-rising"
    # -- the plan
    DUPLICATE_NODE = "duplicate-node"
    UNKNOWN_NODE = "unknown-node"
    CYCLE = "cycle"
    NO_BASE_ANALYSIS = "no-base-analysis"
    NO_ROUTE = "no-route"
    WRONG_ROUTE = "wrong-route"
    TWO_TROUBLES = "two-troubles"
    SUPPLIER_WITHOUT_CAUSE = "supplier-without-cause"
    DUPLICATE_FALLBACK = "duplicate-fallback"
    # -- indicators, holds, overrides
    SILENCE_TOO_SHORT = "silence-too-short"
    HOLD_STOPS_NOTHING = "hold-stops-nothing"
    PAUSE_NEVER_ENDS = "pause-never-ends"
    OVERRIDE_WITHOUT_TARGETS = "override-without-targets"
    SHADOWED_OVERRIDE = "shadowed-override"
    # -- people and parties
    NO_CONTACTS = "no-contacts"
    DUPLICATE_CONTACT = "duplicate-contact"
    UNKNOWN_COMMAND = "unknown-command"
    # -- warnings: the policy works, but hardly as meant
    INFEASIBLE = "infeasible"
    MILDER_IS_STRICTER = "milder-is-stricter"
    RESPOND_AFTER_RESTORE = "respond-after-restore"
    SLOW_ACCEPTANCE = "slow-acceptance"
    IMPROVEMENT_BLOCKS_CLEAR = "improvement-blocks-clear"
    IMPROVEMENT_HOLDS_UP = "improvement-holds-up"
    PARTY_IGNORED = "party-ignored"
    LATENESS_OVER_RELAPSE = "lateness-over-relapse"
    UNMATCHED_RULE = "unmatched-rule"
    NO_LAST_RULE = "no-last-rule"
    OPENS_AFTER_TARGET = "opens-after-target"
    HOLD_WITHOUT_END = "hold-without-end"
    UNMATCHED_HOLD = "unmatched-hold"
    OVERRIDE_MATCHES_ALL = "override-matches-all"
    SLOT_MISSES_TARGET = "slot-misses-target"
    SLOT_WHEN_OWNER_AWAY = "slot-when-owner-away"
    FALLBACK_IGNORED = "fallback-ignored"
    LEVEL_NOT_IN_CHAIN = "level-not-in-chain"
    NOBODY_ON_DUTY = "nobody-on-duty"
    SERVES_TWICE = "serves-twice"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a path into the file, before its line is looked up."""

    check: Check
    loc: Loc
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place; line and column count from 1, 0 means the file as a whole."""

    check: Check
    file: str
    line: int
    column: int
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} {self.problem}; {self.remedy}"


class PolicyFileError(ConfigError):
    """The policy file cannot be used. `findings` holds all that is wrong, in the order of the file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (finding.line, finding.column)))
        super().__init__("\n".join(str(finding) for finding in self.findings))
        self.setting = self.findings[0].key
        self.remedy = self.findings[0].remedy


def dotted(loc: Loc) -> str:
    """Return a path as people write it: `plan[2].terms.accept_within`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def meant(word: str, known: Iterable[str], *, what: str = "one of") -> str:
    """Return the remedy for a word that is not known: the nearest one, else all of them."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"write {what} {', '.join(names)}" if names else "there is none to name"
