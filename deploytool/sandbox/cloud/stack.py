"""How one environment of the example is called and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

APP = "architecturedeck"


@dataclass(frozen=True)
class Stack:
    """One environment, everything in it named after ``name``; ``app_tasks`` is the desired count of the web service."""

    environment: str
    name: str
    app_tasks: int
    redis_database: int
    repository: str = APP

    @property
    def database(self) -> str:
        """Its database in the one PostgreSQL server."""
        return self.name.replace("-", "_")

    def family(self, role: str) -> str:
        """The task definition family of `app`, `worker` or `migrate`."""
        return f"{self.name}-{role}"

    def log_group(self, role: str) -> str:
        """The CloudWatch log group of `app`, `worker` or `migrate`."""
        return f"/ecs/{self.name}/{role}"

    def secret(self, variable: str) -> str:
        """The name in Secrets Manager of what a container gets as ``variable``."""
        return f"{self.name}/{variable}"


PRODUCTION = Stack("production", APP, app_tasks=2, redis_database=0)
STAGING = Stack("staging", f"{APP}-staging", app_tasks=1, redis_database=1)
STACKS = {stack.environment: stack for stack in (PRODUCTION, STAGING)}
ROLES = ("app", "worker", "migrate")
SECRETS = ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY")
