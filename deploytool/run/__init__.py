"""Plan -> Outcome: the only loop. What it needs of the world it names as small Protocols in ``ports``."""
