"""The few kinds of failure, by what has to happen next.

    QosResolveError
    ├─ ConfigError          exit 2: names the setting, the value and the remedy; or the right that is missing
    ├─ PoisonRecordError    one record cannot be taken: dead letter, the partition goes on
    ├─ RetriableError       a dependency is down: pause, retry; never a dead letter
    ├─ FencedError          exit 75: another process took over this slot, or the transaction timed out
    └─ FatalError           exit 70: stop; the message says what to look at

A supervisor restarts on 75 and 70; on 2 a person has to mend the configuration first. All statuses, and the
page of every message that stops, are in docs/runbooks/README.md.
"""

from typing import ClassVar


class QosResolveError(Exception):
    """Anything this program raises on purpose."""

    exit_code: ClassVar[int] = 70


class ConfigError(QosResolveError):
    """The configuration cannot work. The message names the setting and the remedy."""

    exit_code = 2

    def __init__(self, message: str, *, setting: str = "", remedy: str = "") -> None:
        self.setting = setting
        self.remedy = remedy
        prefix = f"{setting}: " if setting else ""
        suffix = f"\n  remedy: {remedy}" if remedy else ""
        super().__init__(f"{prefix}{message}{suffix}")


class PoisonRecordError(QosResolveError):
    """A record that will never be taken as it is.

    `stage` is where it failed: decode, validate, step or size; crash, where it ended the process.
    """

    def __init__(self, message: str, *, stage: str, remedy: str = "") -> None:
        self.stage = stage
        self.remedy = remedy
        super().__init__(message)


class RetriableError(QosResolveError):
    """Something outside is down for now; the same call may succeed later."""

    exit_code = 75


class FencedError(QosResolveError):
    """Another producer holds our transactional id, or the broker ended our transaction."""

    exit_code = 75


class FatalError(QosResolveError):
    """Going on would be wrong. The message says what was seen and what to do."""

    exit_code = 70
