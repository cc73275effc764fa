"""Stacks, their plans, progress and outcomes, as people and scripts read them; pure."""
