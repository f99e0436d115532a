"""The intake role: foreign topics in, degradation events out, exactly once, in a group of its own.

Its anchor is `qos.intake.v1`: whoever holds partition p of it takes the partitions q of every foreign topic
with q modulo the count equal to p, and what is parked in p. What payloads mean is `qosresolve.intake`'s
business.
"""
