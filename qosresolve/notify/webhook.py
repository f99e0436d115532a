"""A webhook's body: a CloudEvent in structured mode whose data is the TMF688 event.

The attributes are those that the record has on its topic, so a receiver of both sees one event; its id is the
same on every attempt.
"""

import msgspec

from qosresolve.contracts.headers import SOURCE, TYPE
from qosresolve.contracts.tmf.words import instant
from qosresolve.notify.call import Call

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


def body(call: Call) -> bytes:
    """Return the CloudEvent as UTF-8."""
    event = {
        "specversion": "1.0",
        "id": call.message_id,
        "source": SOURCE,
        "type": f"{TYPE}Escalation",
        "subject": call.report_id,
        "time": instant(call.at),
        "datacontenttype": "application/json",
        "dataschema": call.schema,
        "action": "raise" if call.raised else "end",
        "traceparent": call.trace,
        "data": call.event,
    }
    return msgspec.json.encode({name: value for name, value in event.items() if value is not None})
