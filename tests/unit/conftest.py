"""Hypothesis without its 200 ms limit for one example: on a busy machine that measures the machine.

Here, not in a directory below: a profile reaches only the tests that are read after it.
"""

from hypothesis import settings

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")
