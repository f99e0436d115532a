"""The role that tells people's systems of escalations: reads their topic in order, commits what was taken.

What a receiver is told, and what its answers mean, is `qosresolve.notify`'s business.
"""
