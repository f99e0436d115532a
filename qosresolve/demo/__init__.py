"""The demonstration: the real worker and timer on the embedded broker, in a small simulated world."""
