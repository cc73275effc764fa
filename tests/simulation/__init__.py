"""Proof by many schedules: whatever happens to a release, what it says is true and nothing is left half done unsaid."""
