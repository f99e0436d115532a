"""Replay: the recorded inputs of a range once more through today's code, or another policy, and what differs.

Nothing here can write to the topics that it reads; `shadow` writes to others, and only where it is asked to.
"""
