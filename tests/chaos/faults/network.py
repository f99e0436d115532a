"""Faults of the network between the processes and the brokers: every process under test is behind it."""

import random
from collections.abc import Callable

from tests.chaos.faults.kinds import Act, Fault, Lane
from tests.chaos.field import Field, NotReachedError
from tests.chaos.supervisor import Place
from tests.support.tcp_proxy import TcpProxy

HELD_S = 20.0


def _for_a_while(break_: Callable[[TcpProxy, random.Random], None], shortest: float, longest: float) -> Act:
    """Break the way to one broker, or to all, for some seconds."""

    def act(field: Field, _: Place, dice: random.Random) -> None:
        proxies = field.cluster.proxies
        chosen = proxies if dice.random() < 0.3 else [dice.choice(proxies)]
        for proxy in chosen:
            break_(proxy, dice)
        try:
            field.sleep(dice.uniform(shortest, longest))
        finally:
            for proxy in chosen:
                proxy.heal()

    return act


def _slow(proxy: TcpProxy, dice: random.Random) -> None:
    proxy.slow(dice.uniform(0.02, 0.3))


def _jitter(proxy: TcpProxy, dice: random.Random) -> None:
    proxy.slow(0.005, dice.uniform(0.05, 0.5))


def _narrow(proxy: TcpProxy, dice: random.Random) -> None:
    proxy.throttle(dice.uniform(20_000, 200_000))


def _deaf(proxy: TcpProxy, _: random.Random) -> None:
    proxy.to_broker.blocked = True


def _mute(proxy: TcpProxy, _: random.Random) -> None:
    """What is asked arrives; what is answered does not. Whether a commit took place is then unknown."""
    proxy.to_client.blocked = True


def _hole(proxy: TcpProxy, _: random.Random) -> None:
    proxy.black_hole()


def reset(field: Field, _: Place, dice: random.Random) -> None:
    """Every connection to a broker reset, some times in a row."""
    for _round in range(dice.randrange(1, 5)):
        dice.choice(field.cluster.proxies).reset()
        field.sleep(dice.uniform(0.05, 1.5))


def held_commit(field: Field, _: Place, dice: random.Random) -> None:
    """An EndTxn that is kept on its way: the client asks again, works on, and then the first one arrives."""
    proxies = field.cluster.proxies
    for proxy in proxies:
        proxy.hold()
    try:
        field.until(lambda: any(proxy.held for proxy in proxies), HELD_S, "EndTxn to hold")
        for proxy in proxies:
            proxy.heal()
        field.sleep(dice.choice((0.0, dice.uniform(0.1, 2), dice.uniform(2, 8))))
    finally:
        for proxy in proxies:
            proxy.heal()
    answers = [answer.hex() for proxy in proxies if proxy.held for answer in proxy.release()]
    if not answers:
        raise NotReachedError("nothing was held any more")
    field.history.note("late-commit", answers=answers)


NETWORK = (
    Fault("latency", Lane.NETWORK, _for_a_while(_slow, 4, 10)),
    Fault("jitter", Lane.NETWORK, _for_a_while(_jitter, 4, 10)),
    Fault("narrow network", Lane.NETWORK, _for_a_while(_narrow, 4, 10)),
    Fault("requests do not arrive", Lane.NETWORK, _for_a_while(_deaf, 2, 9)),
    Fault("answers do not arrive", Lane.NETWORK, _for_a_while(_mute, 2, 9)),
    Fault("black hole", Lane.NETWORK, _for_a_while(_hole, 2, 9)),
    Fault("connections reset", Lane.NETWORK, reset, weight=2),
    Fault("EndTxn held and delivered late", Lane.NETWORK, held_commit, weight=3),
)
