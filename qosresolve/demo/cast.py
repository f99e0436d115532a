"""Who plays: the products of the story, what is truly wrong with each, and how the parties behave.

A fixed cast makes sure that every phenomenon of the process is seen; some products drawn by a seed fill the
stage. Seconds of the story.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

from qosresolve.core.vocabulary import ObjectKind, RootCauseKind, Severity
from qosresolve.demo.payloads import INVENTORY

SEED = 1385  # of the process: 1.3.8.5


class Temper(StrEnum):
    """How the party behaves that has to mend the product."""

    PROMPT = "prompt"
    SLOW = "slow"  # takes its time, and keeps its word
    LATE = "late"  # answers only when reminded, and promises too late
    SILENT = "silent"  # never answers


@dataclass(frozen=True, slots=True)
class Truth:
    """The root cause that analysis will find; `party` where it is another's."""

    kind: RootCauseKind
    entity: str = ""
    party: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """A degradation: it ends when somebody mends it, or by itself after `lasts` seconds."""

    at: float
    indicator: str
    severity: Severity
    lasts: float = 60.0
    worsens: float = 60.0  # seconds until it is critical


@dataclass(frozen=True, slots=True)
class Product:
    """One customer's product in the story."""

    product_id: str
    customer_id: str
    tier: str
    truth: Truth
    temper: Temper = Temper.PROMPT
    analysis: Temper = Temper.PROMPT
    episodes: tuple[Episode, ...] = ()
    closed_after: float = 3.0

    @property
    def service_id(self) -> str:
        """Return what the product is measured on."""
        return f"svc-{self.product_id}"


def _service(product_id: str) -> Truth:
    return Truth(RootCauseKind.SERVICE, f"svc-{product_id}")


_SILENT_SUPPLIER = Truth(RootCauseKind.SUPPLIER, "wave-bx-7", "acme-transport")
_LATE_SUPPLIER = Truth(RootCauseKind.SUPPLIER, "dark-fibre-12", "nordic-fibre")
_REPAIR = Truth(RootCauseKind.RESOURCE, "edge-router-3")

MENDED = Product(
    "vpn-aurora", "Acamar Bank", "gold", _service("vpn-aurora"),
    episodes=(Episode(1.0, "latency", Severity.MAJOR),),
)  # fmt: skip
BREACHED = Product(
    "transit-borealis", "Bellatrix Media", "platinum", _SILENT_SUPPLIER, Temper.SILENT,
    episodes=(Episode(1.5, "packetLoss", Severity.CRITICAL),),
)  # fmt: skip
RELAPSING = Product(
    "slice-cygnus", "Capella Motors", "gold", _REPAIR, closed_after=8.0,
    episodes=(Episode(2.0, "jitter", Severity.MAJOR), Episode(14.0, "jitter", Severity.MAJOR)),
)  # fmt: skip
FALSE = Product(
    "backhaul-draco", "Deneb Energy", "silver", Truth(RootCauseKind.NONE), analysis=Temper.SILENT,
    episodes=(Episode(4.0, "throughput", Severity.MINOR, lasts=11.0),),
)  # fmt: skip
RESENT = Product(
    "iptv-eridanus", "Electra Hotels", "silver", Truth(RootCauseKind.CUSTOMER, "home-gateway"), Temper.SLOW,
    episodes=(Episode(3.0, "packetLoss", Severity.MINOR),), closed_after=7.0,
)  # fmt: skip
EARLY = Product("voice-fornax", "Fomalhaut Clinics", "bronze", _service("voice-fornax"))
PROMISED_LATE = Product(
    "cloud-gemini", "Gienah Logistics", "gold", _LATE_SUPPLIER, Temper.LATE,
    episodes=(Episode(6.0, "latency", Severity.MINOR),),
)  # fmt: skip
WORSENING = Product(
    "iot-hydra", "Hadar Water", "silver", _service("iot-hydra"), Temper.SLOW,
    episodes=(Episode(8.0, "availability", Severity.MINOR, worsens=3.0),),
)  # fmt: skip
UNTAKEN = Product(
    "sdwan-lyra", "Izar Airports", "platinum", _service("sdwan-lyra"), analysis=Temper.SILENT,
    episodes=(Episode(10.0, "latency", Severity.MAJOR, lasts=13.0),),
)  # fmt: skip

_FIXED = (MENDED, BREACHED, RELAPSING, FALSE, RESENT, EARLY, PROMISED_LATE, WORSENING, UNTAKEN)
_NAMES = ("norma", "orion", "pavo", "pyxis", "scutum", "taurus", "ursa")
_CUSTOMERS = ("Kochab", "Mimosa", "Nashira", "Okab", "Procyon", "Rigel", "Sargas")
_CAUSES = (RootCauseKind.SERVICE, RootCauseKind.RESOURCE, RootCauseKind.SUPPLIER, RootCauseKind.UNKNOWN)
_INDICATORS = ("latency", "packetLoss", "jitter", "throughput", "availability")


def cast(seed: int = SEED) -> dict[str, Product]:
    """Return everybody by product id; the same seed gives the same story."""
    dice = random.Random(seed)  # noqa: S311 -- a storyline, no secret
    drawn = (_drawn(dice, name, customer) for name, customer in zip(_NAMES, _CUSTOMERS, strict=True))
    everybody = (*_FIXED, *(_listed(name) for name in INVENTORY), *drawn)
    return {product.product_id: product for product in everybody}


def known(products: dict[str, Product], product_id: str) -> Product:
    """Return a product, also one that is none of the story: somebody else sent its event."""
    return products.get(product_id) or Product(product_id, "", "", _service(product_id))


def _listed(name: str) -> Product:
    """Give a product of the public payloads a role; its events are the payloads' own."""
    owned = INVENTORY[name]
    truth = (
        _service(owned.product_id) if owned.object_kind is ObjectKind.SERVICE else Truth(_REPAIR.kind, name)
    )
    return Product(owned.product_id, owned.customer_id, owned.tier, truth)


def _drawn(dice: random.Random, name: str, customer: str) -> Product:
    product_id = f"access-{name}"
    kind = dice.choice(_CAUSES)
    party = "acme-transport" if kind is RootCauseKind.SUPPLIER else ""
    severity = dice.choice((Severity.MINOR, Severity.MAJOR, Severity.MAJOR, Severity.CRITICAL))
    episode = Episode(dice.uniform(3.0, 23.0), dice.choice(_INDICATORS), severity, dice.uniform(12.0, 24.0))
    temper = dice.choice((Temper.PROMPT, Temper.PROMPT, Temper.SLOW, Temper.LATE))
    tier = dice.choice(("gold", "silver", "bronze"))
    truth = Truth(kind, f"svc-{product_id}", party)
    return Product(product_id, f"{customer} Ltd", tier, truth, temper, episodes=(episode,))
