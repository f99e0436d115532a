"""deploy/compose.yaml: it starts what there is, with settings that exist, from files that are there."""

from __future__ import annotations

import copy

import pytest

from qosresolve.errors import QosResolveError
from tests.deploy.programs import DEFAULT, DEPLOY, Program, Yaml, documents, of_compose, parsed, settings

[COMPOSE] = documents(DEPLOY / "compose.yaml")
SERVICES: dict[str, Yaml] = COMPOSE["services"]
PROGRAMS = list(of_compose(COMPOSE))
PROMETHEUS = DEPLOY / "prometheus" / "prometheus.yaml"


def slots(programs: list[Program]) -> list[tuple[tuple[str, ...], str]]:
    """Each role's slots."""
    return [(each.words, each.variables.get("QOSRESOLVE_SLOT", "")) for each in programs]


def missing(services: dict[str, Yaml]) -> list[str]:
    """What is mounted from this repository and is not there."""
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    sources = [mount.split(":")[0] for mount in mounts if mount.startswith(".")]
    return [source for source in sources if not (DEPLOY / source).exists()]


def test_every_role_is_in_it() -> None:
    """Two workers, and one of each other role; topics and schemas before them; the world around them."""
    words = [each.words for each in PROGRAMS]
    roles = sorted(each[1] for each in words if each[0] == "run")
    assert roles == ["auditor", "intake", "notify", "timer", "worker", "worker"]
    assert {each[0] for each in words} == {"run", "topics", "schemas", "world"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_program_takes_its_words_and_variables(program: Program) -> None:
    """A command that is not there, or a variable that names no setting, would end the container."""
    parsed(program.words)
    settings(program.variables)


def test_a_command_that_is_not_there_is_noticed() -> None:
    """The check itself: a misspelt command, option, role or variable is refused."""
    for words in (("run", "wroker"), ("topic", "create"), ("world", "--evry", "60")):
        with pytest.raises(Exception, match=r"(?i)no such|invalid|not one of"):
            parsed(words)
    with pytest.raises(QosResolveError, match="QOSRESOLVE_SLOTT"):
        settings({"QOSRESOLVE_SLOTT": "0"})


def test_no_two_workers_share_a_slot() -> None:
    """Two in one slot would fence each other for ever."""
    taken = [each for each in slots(PROGRAMS) if each[0] == ("run", "worker")]
    assert len(set(taken)) == len(taken) == 2
    assert all(slot for _, slot in taken)


def test_what_is_mounted_is_there() -> None:
    """An engine would make a folder of a file's name where there is none."""
    assert missing(SERVICES) == []
    broken = copy.deepcopy(SERVICES)
    broken["prometheus"]["volumes"].append("./prometheus/alert.yaml:/x:ro")
    assert missing(broken) == ["./prometheus/alert.yaml"]


def test_volumes_are_declared() -> None:
    """A volume that is mounted by name is one of the file's."""
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    names = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert names == set(COMPOSE["volumes"])


def test_every_image_is_pinned() -> None:
    """An exact version each: neither `latest` nor a line of versions."""
    images = [DEFAULT.sub(r"\1", service["image"]) for service in SERVICES.values()]
    for image in images:
        tag = image.rpartition(":")[2]
        assert tag.count(".") >= 2, image


def test_what_stays_up_is_limited_and_looked_at() -> None:
    """Every service has a memory limit; every one that serves has a check of health, or its image has."""
    for name, service in SERVICES.items():
        assert service["mem_limit"], name
        assert "healthcheck" in service or name in {each.name for each in PROGRAMS}, name


def test_who_is_waited_for_can_become_healthy() -> None:
    """A condition on a service without a check of health is never met."""
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            off = SERVICES[other].get("healthcheck", {}).get("disable", False)
            assert (how["condition"] == "service_healthy") is not off, (name, other)


def test_prometheus_asks_every_role() -> None:
    """Each running role is a target, on the image's port, and the job is what the alerts expect."""
    [config] = documents(PROMETHEUS)
    [job] = config["scrape_configs"]
    running = {f"{each.name}:9100" for each in PROGRAMS if each.words[0] == "run"}
    assert set(job["static_configs"][0]["targets"]) == running
    assert job["job_name"].startswith("qosresolve")


def test_topics_fit_one_broker() -> None:
    """One copy of each: there is one broker. No topic is made by mere use."""
    [topics] = [each for each in PROGRAMS if each.words[0] == "topics"]
    assert settings(topics.variables).replication_factor == 1
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
