"""Decisions: pure functions over frozen data, no I/O and no clock."""
