"""Foreign words for severity and for what an event does, in our words.

Words are compared without case, spaces, hyphens and underscores. A word that nobody knows is no severity: the
caller says which one it assumes, and marks it.
"""

from functools import lru_cache

from qosresolve.core.vocabulary import Severity
from qosresolve.intake.paths import Json, text

_SEVERITIES = {
    # TMF642 and X.733 perceived severities, VES eventSeverity and thresholdCrossingAlert criticality
    "critical": Severity.CRITICAL,
    "crit": Severity.CRITICAL,
    "major": Severity.MAJOR,
    "maj": Severity.MAJOR,
    "minor": Severity.MINOR,
    "min": Severity.MINOR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "indeterminate": Severity.INDETERMINATE,
    # TMF621 and MEF: how bad it is for whoever reports it
    "extensive": Severity.CRITICAL,
    "significant": Severity.MAJOR,
    "moderate": Severity.MINOR,
}
# X.733 probable causes of a quality of service alarm, and how they are written: TMF642 has a typing error.
_QUALITY = frozenset(
    {
        "thresholdcrossed",
        "thresholdcrossing",
        "thresholdcrossingalert",
        "tca",
        "performancedegraded",
        "congestion",
        "bandwidthreduced",
        "excessiveresponsetime",
        "responsetimeexcessive",
        "responsetimeexecessive",
        "retransmissionrateexcessive",
        "excessiveretransmissionrate",
        "queuesizeexceeded",
        "resourceatornearingcapacity",
        "qualityofservicealarm",
        "qualityofservice",
    }
)
_CLEARED = frozenset({"normal", "cleared", "clear", "ok", "resolved", "terminated", "inactive"})


def plain(value: Json) -> str:
    """Return a word as it is compared."""
    return _plain(value) if isinstance(value, str) else text(value).casefold()


@lru_cache(4096)  # foreign systems have few words, and say them with every event
def _plain(word: str) -> str:
    return word.strip().casefold().replace(" ", "").replace("_", "").replace("-", "")


def severity(value: Json) -> Severity | None:
    """Return a severity, None for a word that is none (`cleared` is none either: see `cleared`)."""
    return _SEVERITIES.get(plain(value))


def cleared(value: Json) -> bool:
    """Tell whether a word for a severity or state says that it is over."""
    return plain(value) in _CLEARED


def quality(value: Json) -> bool:
    """Tell whether an alarm type, probable cause or condition is one of quality, not of a mere fault."""
    return plain(value) in _QUALITY
