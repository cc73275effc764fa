"""Hypothesis without its 200 ms limit for one example: on a busy machine that measures the machine."""

from hypothesis import settings

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")
