"""What the page and the command say of rights is what the table in code says."""

from __future__ import annotations

import json
import shlex

from typer.testing import CliRunner, Result

from qosresolve.cli.main import app
from qosresolve.kafka.acls import TABLE, Resource, Role
from tests.security.page import BEGIN, END, PAGE, whole


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["acls", *words], prog_name="qosresolve")


def test_the_page_is_as_the_table() -> None:
    """`python -m tests.security.page` would change nothing."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert whole(page) == page


def test_every_role_is_shown_with_the_names_of_the_settings() -> None:
    """Prefix, group and transactional ids are put in; every right of the table is there."""
    sets = ("--set", "prefix=prod.", "--set", "group=prod", "--set", "transactional_id_prefix=prod-")
    foreign = ("--set", "intake_topics=prod.vendor:auto")  # a row that has as many topics as are named
    done = run("--json", *sets, *foreign)
    rows = json.loads(done.stdout)
    assert done.exit_code == 0
    assert [row["role"] for row in rows] == [role for role in Role for _ in TABLE[role]]
    assert all(row["name"].startswith("prod") for row in rows)
    patterns = {(row["resource"], row["pattern"]) for row in rows}
    assert patterns == {
        ("Topic", "LITERAL"),
        ("Group", "LITERAL"),
        ("TransactionalId", "PREFIXED"),
        ("TransactionalId", "LITERAL"),  # of those who write the inventory, and who redrive
    }


def test_kafkas_own_commands_say_the_same() -> None:
    """One command for each row, for the principal that was given, to be run as it stands."""
    done = run("worker", "timer", "--format", "kafka-acls", "--principal", "User:CN=a b")
    lines = [shlex.split(line, comments=True) for line in done.stdout.splitlines()]
    commands = [words for words in lines if words]
    assert len(commands) == len(TABLE[Role.WORKER]) + len(TABLE[Role.TIMER])
    for words in commands:
        assert words[words.index("--allow-principal") + 1] == "User:CN=a b"
        assert "--operation" in words
    prefixed = [words for words in commands if "--transactional-id" in words]
    assert [words[-2:] for words in prefixed] == [["--resource-pattern-type", "prefixed"]]


def test_the_table_for_people_names_role_and_command() -> None:
    """A role by itself is shown alone, with who gets it unless somebody is named."""
    done = run("look")
    assert "look (User:qosresolve-look): verify; reports list" in done.stdout
    assert "worker" not in done.stdout
    assert "qos.report.event.v1" in done.stdout


def test_no_role_has_a_right_twice_or_on_the_cluster() -> None:
    """Each resource once a role; nobody may do anything with the cluster."""
    for needs in TABLE.values():
        subjects = [repr(need.subject) for need in needs]
        assert len(subjects) == len(set(subjects))
    assert "Cluster" not in {str(resource) for resource in Resource}
