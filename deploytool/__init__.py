"""Deploy to Amazon ECS with automatic rollback."""

__version__ = "0.1.0"
