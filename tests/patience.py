"""How long tests wait for something that has to happen."""

PATIENCE_SECONDS = 10.0
"""A busy machine can stand still for several seconds.

It is shorter than the 12 seconds after which a follower lists everything again at the earliest,
because that list would hide a lost change.
"""
