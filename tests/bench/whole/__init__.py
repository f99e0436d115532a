"""The whole worker beside its baselines, on a real broker: `python -m tests.bench` (`make bench`)."""
