"""Time-outs of a run, and how long faults last that go beyond them.

`short` fits many faults into minutes; `production` has the shipped values, and few faults.
"""

from dataclasses import dataclass

from qosresolve.settings import Settings

PARTITIONS = 6


@dataclass(frozen=True, slots=True)
class Profile:
    """Settings of the processes under test, and the durations in seconds that follow from them."""

    name: str
    settings: dict[str, str]
    session_s: float
    transaction_s: float
    poll_s: float
    watchdog_s: float
    request_s: float
    pause_s: float  # on average, from one fault to the next

    @property
    def bound_s(self) -> float:
        """Return within how many seconds everything has to be in order once all faults are healed."""
        return 60 + 2 * (self.watchdog_s + self.session_s)


SHORT = Profile(
    "short",
    {
        "session_timeout_ms": "6000",
        "transaction_timeout_ms": "5000",
        "max_poll_interval_ms": "10000",
        "watchdog_ms": "15000",
        "refire_ms": "1000",
        "restore_stall_ms": "20000",
        "backlog_wait_ms": "5000",
        "kafka.socket.timeout.ms": "5000",
    },
    session_s=6,
    transaction_s=5,
    poll_s=10,
    watchdog_s=15,
    request_s=5,
    pause_s=3.5,
)
PRODUCTION = Profile(
    "production",
    {},
    session_s=45,
    transaction_s=15,
    poll_s=300,
    watchdog_s=120,
    request_s=60,
    pause_s=25,
)
PROFILES = {profile.name: profile for profile in (SHORT, PRODUCTION)}


def environment_of(settings: Settings) -> dict[str, str]:
    """Return settings as a process's environment gives them."""
    given = settings.model_dump(mode="json", exclude_unset=True, exclude={"kafka"})
    quiet = {"log_level"}  # the one option that an environment cannot spell
    options = {
        f"kafka__{name.replace('.', '_')}": value
        for name, value in settings.kafka.items()
        if name not in quiet
    }
    return {f"QOSRESOLVE_{name.upper()}": str(value) for name, value in (given | options).items()}
