"""The demonstration as a user starts it, cut short: it needs no Kafka."""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_short_demonstration_proves_itself() -> None:
    """Plain lines through a pipe, no warning, and the fold equals the topics; too short for its promises."""
    words = [sys.executable, "-W", "error", "-m", "qosresolve", "demo", "--seconds", "13"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 -- ours
    assert (done.returncode, done.stderr) == (0, "")
    for wanted in (
        r"1\.\d s  vpn-aurora +report opened: major, gold customer Acamar Bank",
        r"vcpe-1001 +report opened: critical",
        r"transit-borealis +root cause: supplier wave-bx-7 of acme-transport, asked noc@",
        r"transit-borealis +50 % of the restore target has passed, escalated to level 1",
        r"iptv-eridanus +the same event again: dropped",
        r"voice-fornax +its abatement was here first",
        r"backhaul-draco +false event \(measurementFault\), CANCELLED by service-manager",
        r"vpn-aurora +unreadable record put on the dead-letter topic",
        r"proof +the fold of \d+ journal entries equals the topics for \d+ reports .* 0 differ",
    ):
        assert re.search(wanted, done.stdout), wanted
    assert "promised phenomena" not in done.stdout
    assert "\x1b" not in done.stdout
