"""VES envelopes and headers: batches, names, times."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import ves
from qosresolve.intake.reading import Mark
from qosresolve.intake.rules import Rules
from tests.intake.formats.ves_events import BEGAN, LATEST, crossing, event, fault, only, read


def test_one_bad_event_of_a_batch_does_not_lose_the_others() -> None:
    """Each event of a batch stands for itself: good ones count, a bad one is refused by its place."""
    said = read(crossing(), {"no": "event"}, crossing(parameters=[], alertDescription=""), fault())
    assert [item.indicator for item in said.observations] == ["latency", "congestion"]
    assert [item.what.partition(":")[0] for item in said.refused] == ["eventList[1]", "eventList[2]"]


def test_a_batch_of_which_nothing_is_understood_is_a_dead_letter() -> None:
    """Where no event can be understood the payload is refused whole, with the first reason and the remedy."""
    with pytest.raises(PoisonRecordError, match=r"eventList\[0\].*no commonEventHeader.*1 more") as refused:
        read({"no": "event"}, 7)
    assert "commonEventHeader" in refused.value.remedy


@pytest.mark.parametrize("domain", ["heartbeat", "syslog", "pnfRegistration", "perf3gpp", "notification"])
def test_other_domains_are_ignored(domain: str) -> None:
    """A domain that says nothing of quality is passed over, and named."""
    (ignored,) = read(event("someFields", {}, domain=domain)).ignored
    assert domain.casefold() in ignored.reason


@pytest.mark.parametrize(
    "domain", ["thresholdcrossingalert", "THRESHOLDCROSSINGALERT", "threshold-crossing-alert"]
)
def test_domains_are_told_without_case(domain: str) -> None:
    """The domain is compared without case and hyphens."""
    assert only(read(crossing(header={"domain": domain}))).indicator == "latency"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ({"sourceId": "9f"}, ("router-7", "9f")),
        ({"sourceName": "", "sourceId": "9f"}, ("9f", "ems-1")),
        ({"sourceName": None, "reportingEntityId": "e9"}, ("ems-1", "e9")),
        ({"sourceName": " router-8 "}, ("router-8",)),
    ],
)
def test_names_of_the_source(header: dict[str, Any], names: tuple[str, ...]) -> None:
    """The source's name comes first; where it is empty, its id and then who told of it stand in."""
    said = only(read(crossing(header=header)))
    assert said.objects == names
    assert said.source == names[0]


@pytest.mark.parametrize(
    "extra",
    [{"nodeName": "cpe-1"}, [{"name": "vendor", "value": "A"}, {"name": "nodeName", "value": "cpe-1"}]],
)
def test_a_name_in_additional_fields(extra: object) -> None:
    """Additional fields, an object or an array of pairs, name the source where the header does not."""
    said = only(read(crossing(header={"sourceName": ""}, additionalFields=extra)))
    assert said.objects == ("cpe-1", "ems-1")


@pytest.mark.parametrize(
    ("told", "marks"),
    [
        (BEGAN * 1000, ()),
        (str(BEGAN * 1000), ()),
        (float(BEGAN * 1000), ()),
        (BEGAN, (Mark.TIME_UNIT_GUESSED,)),
        (str(BEGAN), (Mark.TIME_UNIT_GUESSED,)),
        (BEGAN // 1000, (Mark.TIME_UNIT_GUESSED,)),
        (BEGAN * 1_000_000, (Mark.TIME_UNIT_GUESSED,)),
    ],
)
def test_epochs_of_any_unit(told: object, marks: tuple[Mark, ...]) -> None:
    """A field of microseconds may have milliseconds, or text: its magnitude decides, marked."""
    said = only(read(crossing(header={"startEpochMicrosec": told})))
    assert (said.observed_at, said.marks) == (BEGAN, marks)


@pytest.mark.parametrize(
    ("action", "kind", "at"),
    [
        ("SET", DegradationKind.RAISE, BEGAN),
        ("CONT", DegradationKind.UPDATE, LATEST),
        ("CLEAR", DegradationKind.ABATE, LATEST),
    ],
)
def test_a_raise_has_the_first_instant_what_follows_the_last(
    action: str, kind: DegradationKind, at: int
) -> None:
    """VES keeps the start of an event until it is over; what clears it must not look as old as its raise."""
    said = only(read(crossing(alertAction=action)))
    assert (said.kind, said.observed_at) == (kind, at)


def test_without_an_event_id_its_name_counts() -> None:
    """An event without an id has its name's: set and clear still agree."""
    ids = {
        only(read(crossing(alertAction=word, header={"eventId": ""}))).source_id for word in ("SET", "CLEAR")
    }
    assert ids == {"Tca_router/latency"}


@pytest.mark.parametrize(
    ("payload", "fits"),
    [
        ({"event": {"commonEventHeader": {}}}, True),
        ({"eventList": [{"commonEventHeader": {}}]}, True),
        ({"commonEventHeader": {}}, True),
        ({"eventList": []}, True),
        ({"eventList": [1, {}]}, False),
        ({"event": {"alarm": {}}, "eventType": "AlarmCreateEvent"}, False),
        ([], False),
        (None, False),
    ],
)
def test_fits(payload: object, fits: bool) -> None:
    """A VES payload is told by its common event header; a TM Forum event has an `event` as well."""
    assert ves.fits(payload) is fits


def test_a_bare_event() -> None:
    """An event that lost its envelope is read all the same."""
    assert only(ves.read(crossing(), Rules())).indicator == "latency"
