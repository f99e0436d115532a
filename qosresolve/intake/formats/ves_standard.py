"""VES `stndDefined`: an event of another standard inside of VES. 3GPP's are read, others passed over."""

from qosresolve.intake.formats import three_gpp
from qosresolve.intake.formats.ves_header import Header
from qosresolve.intake.paths import Object, obj, objects, text
from qosresolve.intake.reading import Ignored, Refused, Said
from qosresolve.intake.rules import Rules
from qosresolve.intake.words import plain

FIELDS = "stndDefinedFields"

LEFT_OUT = {
    **{f"{FIELDS}.data.{name}": reason for name, reason in three_gpp.LEFT_OUT.items()},
    f"{FIELDS}.schemaReference": "fields are read by name, whatever the version",
    f"{FIELDS}.stndDefinedFieldsVersion": "fields are read by name, whatever the version",
}

_NAMESPACES = ("3gppperformanceassurance", "3gppfaultsupervision", "")


def read(event: Object, header: Header, rules: Rules, where: str) -> list[Said]:
    """Return what the event inside says. `where` is the path of the event around it."""
    namespace = text(obj(event.get("commonEventHeader")).get("stndDefinedNamespace"))
    if plain(namespace) not in _NAMESPACES:
        return [
            Ignored(f"{where}: stndDefined", f"the namespace {namespace[:80]!r} says nothing about quality")
        ]
    found = [*objects(obj(event.get(FIELDS)).get("data"))]
    if not found:
        return [Refused(f"{where}: stndDefined", "it has no data", f"{FIELDS}.data: send the notification")]
    return [three_gpp.said(data, rules, where, header) for data in found]
