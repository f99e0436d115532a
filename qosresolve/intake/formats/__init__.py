"""One module a foreign format; `qosresolve.intake.detect` knows which one reads a payload.

Each module has

    NAME                     as a topic's setting names it, and `Reading.format` does
    fits(payload) -> bool    whether a decoded JSON payload is of this format, told by its shape
    read(payload, rules) -> Reading
    LEFT_OUT                 {path: reason} of fields that nothing is made of, `[*]` for members of arrays

`read` is lenient: what is missing is assumed and marked, what belongs to others is `Ignored` with its reason,
and only what cannot be understood at all raises PoisonRecordError (`reading.unreadable`).
"""
