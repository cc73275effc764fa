"""A model of ECS in memory with a virtual clock: built from what AWS documents, not from what the engine expects."""
