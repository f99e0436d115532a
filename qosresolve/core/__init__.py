"""The pure core: what happens to a customer QoS performance degradation report, and why.

Standard library only. Nothing in here reads a clock, draws a random number, logs or does I/O; time is
handed in as integer milliseconds since the Unix epoch, UTC. The one door is `qosresolve.core.step.step`.
"""
