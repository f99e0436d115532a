"""Monitoring, simulated: raises, repeats and abates degradations, and sends the public payloads to intake.

It also has the vices of real monitoring: it sends an event twice, an abatement before its raise, and once
bytes that nobody can read.
"""

import json
import random
from dataclasses import replace
from functools import partial

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.demo import cast, payloads
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Episode, Product
from qosresolve.demo.post import Network, wall_ms

SOURCE = "probe-net"
REPEAT_S = 2.0
_UNITS = {"latency": "ms", "jitter": "ms", "packetLoss": "%", "throughput": " Mbit/s", "availability": "%"}
_PAYLOADS = (
    (3.5, "tca-onset.json"), (11.0, "tca-abated.json"),
    (5.5, "crossing-set.json"), (13.0, "crossing-clear.json"),
    (7.0, "measurement-violation.json"), (18.0, "measurement-abatement.json"),
    (9.0, "fault-major.json"), (17.0, "fault-normal.json"),
    (12.0, "fault-batch.json"),
)  # fmt: skip


class Monitoring:
    """Watches every product of the cast."""

    def __init__(self, agenda: Agenda, post: Network, seed: int = cast.SEED, first: int = 0) -> None:
        """`first`: events are numbered from there on; whoever starts anew goes on with higher numbers."""
        self._agenda = agenda
        self._post = post
        self._dice = random.Random(seed)  # noqa: S311 -- a storyline, no secret
        self._bad: dict[str, Episode] = {}
        self._sequence = first

    def plan(self, products: dict[str, Product]) -> None:
        """Put the whole story on the agenda, from its present second on."""
        for product in products.values():
            for episode in product.episodes:
                why = replace(episode, at=self._agenda.now + episode.at)
                self._agenda.at(why.at, partial(self._raise, product, why))
        for second, name in _PAYLOADS:
            self._agenda.after(second, lambda file=name: self._play(file))  # type: ignore[misc]
        self._agenda.after(
            6.5, lambda: self._post.garbage(cast.MENDED.product_id, b"not a record of anything")
        )
        self._agenda.after(5.0, self._abate_before_raise)
        self._agenda.after(10.0, lambda: self._post.foreign("chat", b"Is anybody there?"))
        self._agenda.after(14.5, lambda: self._post.relation(payloads.LATE))

    def mended(self, product: Product) -> None:
        """Somebody mended it: the next sample is good."""
        self._agenda.after(0.6, lambda: self._end(product))

    def _raise(self, product: Product, episode: Episode) -> None:
        self._bad[product.product_id] = episode
        event = self._event(product, episode, DegradationKind.RAISE, episode.severity)
        self._post.send(event)
        if product is cast.RESENT:
            self._agenda.after(1.2, lambda: self._post.send(event))
        self._agenda.after(REPEAT_S, lambda: self._repeat(product, episode))
        self._agenda.after(episode.lasts, lambda: self._end(product, episode))

    def _repeat(self, product: Product, episode: Episode) -> None:
        if self._bad.get(product.product_id) is not episode:
            return
        worse = self._agenda.now - episode.at >= episode.worsens
        severity = Severity.CRITICAL if worse else episode.severity
        self._post.send(self._event(product, episode, DegradationKind.UPDATE, severity))
        self._agenda.after(REPEAT_S, lambda: self._repeat(product, episode))

    def _end(self, product: Product, only: Episode | None = None) -> None:
        episode = self._bad.get(product.product_id)
        if episode is None or (only is not None and episode is not only):
            return
        del self._bad[product.product_id]
        self._post.send(self._event(product, episode, DegradationKind.ABATE, episode.severity))

    def _abate_before_raise(self) -> None:
        """Two routes through the network: the good news overtakes the bad."""
        product, episode = cast.EARLY, Episode(5.0, "latency", Severity.MAJOR)
        raised = self._event(product, episode, DegradationKind.RAISE, episode.severity)
        abated = self._event(product, episode, DegradationKind.ABATE, episode.severity)
        self._post.send(abated)
        self._agenda.after(
            1.0, lambda: self._post.send(replace(raised, observed_at=raised.observed_at - 500))
        )

    def _play(self, name: str) -> None:
        payload = payloads.as_of(payloads.load(name), wall_ms())
        self._post.foreign(payloads.source_of(payload), json.dumps(payload).encode())

    def _event(
        self, product: Product, episode: Episode, kind: DegradationKind, severity: Severity
    ) -> Degradation:
        self._sequence += 1
        return Degradation(
            product_id=product.product_id,
            event_id=f"{SOURCE}-{self._sequence}",
            source=SOURCE,
            sequence=self._sequence,
            kind=kind,
            indicator=episode.indicator,
            object_id=product.service_id,
            object_kind=ObjectKind.SERVICE,
            severity=severity,
            observed_at=wall_ms(),
            value=f"{self._dice.uniform(1, 9):.1f}",
            unit=_UNITS.get(episode.indicator, ""),
            customer_id=product.customer_id,
            tier=product.tier,
            owner_party=product.truth.party,
        )
