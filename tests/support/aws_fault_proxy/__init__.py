"""A front for MiniStack: what AWS has and MiniStack lacks, faults by script, and a log of every AWS call."""
