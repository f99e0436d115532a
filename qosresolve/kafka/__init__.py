"""The imperative shell on Apache Kafka: worker, timer, restore, topics.

The only package that talks to a broker. Decisions are the core's, bytes are the contracts'.
"""
