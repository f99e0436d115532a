"""`parked` on a real broker: what waits is shown, and read again in one transaction."""

import json

from qosresolve.kafka.intake.role import Intake
from qosresolve.topics import DEGRADATION, FOREIGN
from tests.cli.conftest import Run
from tests.kafka.foreign import crossing, events, parked, relate, relation
from tests.kafka.harness import World, await_that, settings_for


def _sets(world: World) -> list[str]:
    given = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    return [word for name, value in given.items() for word in ("--set", f"{name}={value}")]


def test_what_waits_is_listed_shown_and_read_again(cli: Run, kafka_bootstrap: str, prefix: str) -> None:
    """Groups, one in full, a dry run that sends nothing, and a retry that changes nothing without reason."""
    world = World(settings_for(kafka_bootstrap, prefix))
    with world.running(Intake) as intake:
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 1))
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 2, "CLEAR"))
        world.flush()
        await_that(lambda: len(parked(world)) == 2, "two parked")
        groups = json.loads(cli("parked", "list", "--json", *_sets(world)).stdout)
        assert {(item["reason"], item["object"], item["waiting"]) for item in groups} == {
            ("unknownObject", "vnf-1", 1), ("behindOthers", "vnf-1", 1),
        }  # fmt: skip
        listed = json.loads(cli("parked", "list", "--each", "--json", *_sets(world)).stdout)
        key = listed[0]["id"]
        shown = json.loads(cli("parked", "show", key, "--json", *_sets(world)).stdout)
        assert shown["read"]["indicator"] == "latency"
        assert json.loads(shown["original"])["event"]
        assert "vnf-1" in cli("parked", "show", key, *_sets(world)).stdout
        dry = cli("parked", "retry", "--all", "--dry-run", *_sets(world))
        assert (dry.exit_code, len(world.messages(FOREIGN))) == (0, 2)
        assert "2 would be sent" in dry.stdout
        done = cli("parked", "retry", "--object", "vnf-1", *_sets(world))
        assert (done.exit_code, len(world.messages(FOREIGN))) == (0, 4)
        await_that(
            lambda: intake.metric("qosresolve_intake_retried_total", result="parked") == 2, "the retries"
        )
        assert len(parked(world)) == 2
        relate(world, relation("vnf-1", "P1"))
        await_that(lambda: len(events(world)) == 2, "events")
        late = cli("parked", "retry", key, *_sets(world))
        assert late.exit_code == 2
        assert "may have gone on" in late.stderr
    assert [event.sequence for event in events(world)] == [1, 2]
    assert len(world.messages(DEGRADATION)) == 2


def test_nothing_chosen_is_refused(cli: Run, kafka_bootstrap: str, prefix: str) -> None:
    """Whoever wants all of it says so."""
    world = World(settings_for(kafka_bootstrap, prefix))
    assert "Nothing waits." in cli("parked", "list", *_sets(world)).stdout
    refused = cli("parked", "retry", *_sets(world))
    assert refused.exit_code == 2
    assert "--all" in refused.stderr
