"""How the findings about topics are shown."""

from collections.abc import Sequence
from dataclasses import asdict

from qosresolve.cli.output import console, dump, line, table
from qosresolve.kafka.topics_admin import Finding


def created(done: Sequence[Finding], *, dry_run: bool, as_json: bool) -> None:
    """Show what was, or would be, done."""
    if as_json:
        dump({"dry_run": dry_run, "done": [asdict(finding) for finding in done]})
    elif not done:
        line("nothing to do: every topic is there")
    else:
        title = "would be done" if dry_run else "done"
        rows = [(finding.topic, finding.what) for finding in done]
        console().print(table(title, ("topic or group", "what"), rows))


def checked(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Show what was found."""
    if as_json:
        dump([asdict(finding) for finding in findings])
    elif not findings:
        line("all right")
    else:
        rows = [
            ("wrong" if finding.wrong else "note", finding.topic, finding.what, finding.remedy or "-")
            for finding in findings
        ]
        console().print(table("", ("", "topic", "what", "remedy"), rows))
