"""What faults ask of the brokers' administration, in a process of its own each time.

librdkafka 2.16 may end a whole process by an assertion (`eonce->refcnt > 0`) when an answer comes to a
request of its admin client that it had given up, which is what faults bring about: not the director's, then.

Called as `python -m tests.chaos.admin ORDER`; settings come from the environment, the order is JSON. What it
prints is JSON too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from qosresolve.kafka import clients
from qosresolve.settings import Settings, load
from tests.chaos.supervisor import ROOT

ANSWER_S = 20.0
WHOLE_S = 60.0


class RefusedError(Exception):
    """It was not done; says why."""


def ask(environment: dict[str, str], what: str, **more: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Have something done, and return the answer. Raises RefusedError."""
    order = json.dumps({"what": what} | more)
    command = [sys.executable, "-m", "tests.chaos.admin", order]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=WHOLE_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", "") or ""
        raise RefusedError(f"{what}: {error}: {said[-300:]}") from error
    return json.loads(done.stdout)


# -- in the other process


def configure(settings: Settings, topics: dict[str, dict[str, str]]) -> None:
    """Set these options of these topics."""
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            topic,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in values.items()
            ],
        )
        for topic, values in topics.items()
    ]
    admin = clients.admin(settings)
    done, late = wait(admin.incremental_alter_configs(resources, request_timeout=ANSWER_S).values(), ANSWER_S)
    for future in done | late:
        future.result(0)


def empty(settings: Settings) -> bool:
    """Tell whether the group has no members."""
    admin = clients.admin(settings)
    futures = admin.describe_consumer_groups([settings.group], request_timeout=ANSWER_S)
    state: ConsumerGroupState = futures[settings.group].result(ANSWER_S).state
    return state is ConsumerGroupState.EMPTY


def rewind(settings: Settings, offsets: list[tuple[str, int, int]]) -> None:
    """Set the group to these offsets."""
    admin: AdminClient = clients.admin(settings)
    group = ConsumerGroupTopicPartitions(settings.group, [TopicPartition(*place) for place in offsets])
    next(iter(admin.alter_consumer_group_offsets([group]).values())).result(ANSWER_S)


_DONE_BY: dict[str, Callable[..., bool | None]] = {"configure": configure, "empty": empty, "rewind": rewind}


def main(order: str) -> None:
    """Do one thing; print what came of it."""
    more = json.loads(order)
    answer = _DONE_BY[more.pop("what")](load(), **more)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
