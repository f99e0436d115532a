"""The doctor: looks at everything that the guarantees rest on, and says what is not well and how to mend it.

It only looks: no record is written, no group is joined, no offset is committed. A check asks for what it
needs (`site`), then judges what it was told, in functions that talk to no broker.
"""
