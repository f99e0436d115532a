"""Intake: what real monitoring systems send becomes degradation events.

Pure: bytes and rules in, values out. Reading and writing topics is `kafka.intake`'s business.
"""
