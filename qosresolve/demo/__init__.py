"""The demonstration: the real worker and timer on the embedded broker, with a small simulated world around."""
