"""A release: its plan, the engine that runs it, and what became of it."""
