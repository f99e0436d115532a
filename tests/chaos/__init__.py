"""Chaos on real Kafka: the real processes, faults by a seeded plan, a history, and a checker of its own."""
