"""From an observation and a relation of the inventory to a degradation event. Pure.

Ids follow from what the source said and from the product, so that whoever takes the same payload twice writes
the same event twice, and a worker knows it again.
"""

from collections.abc import Sequence

import msgspec

from qosresolve.contracts.limits import MAX_ID
from qosresolve.core.ids import body_digest, stable_id
from qosresolve.core.inputs import Degradation
from qosresolve.core.record import record
from qosresolve.intake.inventory import Relation
from qosresolve.intake.reading import Observation

MOST_WORDS = 2_000  # characters of a description, and of the source's own text of a value

_encode = msgspec.json.Encoder().encode


@record
class Shared:
    """What all events of one observation have in common."""

    content: bytes
    cause_key: str


def shared(seen: Observation, relations: Sequence[Relation]) -> Shared:
    """Return what the events of an observation share: the digest of what was said, and the cause.

    The digest leaves out what intake noticed (marks) and what the inventory adds. The cause is the service
    that the object is part of, or the object itself where products see it as part of several, and the
    upstream cause where the source names one.
    """
    said = (
        seen.source, seen.source_id, seen.sequence, seen.kind, seen.indicator, seen.objects, seen.severity,
        seen.observed_at, seen.value, seen.threshold, seen.unit, seen.raw, seen.cause_id, seen.description,
    )  # fmt: skip
    services = {relation.service_id for relation in relations}
    root = services.pop() if len(services) == 1 else ""
    cause = root or relations[0].object_id
    if seen.cause_id:
        cause = f"{cause}|{seen.cause_id}"
    return Shared(body_digest(_encode(said)), cause if _short(cause) else stable_id("cause", cause))


def _short(text: str) -> bool:
    return len(text) * 4 <= MAX_ID or len(text.encode()) <= MAX_ID


def degradation(seen: Observation, relation: Relation, common: Shared) -> Degradation:
    """Return the event that an observation is for one product.

    The object is the most specific name that the source gave, whichever name the inventory knows: two
    interfaces of one resource are two rows of a report.
    """
    object_id = seen.objects[0]
    product = relation.product_id
    order = seen.sequence or seen.observed_at
    return Degradation(
        product_id=product,
        event_id=stable_id(
            "degradation", seen.source, seen.source_id, seen.kind, order, product, seen.indicator, object_id
        ),
        source=seen.source,
        sequence=seen.sequence,
        kind=seen.kind,
        indicator=seen.indicator,
        object_id=object_id,
        object_kind=relation.object_kind if relation.object_id == object_id else seen.object_kind,
        severity=seen.severity,
        observed_at=seen.observed_at,
        value=seen.value,
        threshold=seen.threshold,
        unit=seen.unit,
        customer_id=relation.customer_id,
        tier=relation.tier,
        site=relation.site,
        offering=relation.offering,
        owner_party=relation.owner_party,
        cause_key=common.cause_key,
        description=seen.description[:MOST_WORDS],
        raw=seen.raw[:MOST_WORDS],
        marks=" ".join(seen.marks),
        content=common.content,
    )
