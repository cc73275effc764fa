"""Release an app of a web service, workers and migrations to AWS ECS."""

__version__ = "0.1.0"
