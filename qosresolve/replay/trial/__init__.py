"""A policy tried out: what would happen to a degradation of this product, tier and severity at this hour.

Nothing is computed beside the core: a made-up sample goes through `core.step`, and the timer's deadlines run.
"""
