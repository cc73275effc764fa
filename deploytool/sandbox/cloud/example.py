"""How each environment of the example is called and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

APP = "architecturedeck"


@dataclass(frozen=True)
class Environment:
    """One environment: its cluster, and what the stacks name after it; ``app_tasks`` is what autoscaling would set."""

    name: str
    cluster: str
    app_tasks: int
    redis_port: int
    repository: str = APP

    @property
    def store(self) -> str:
        """What the data stack calls both its database and its Redis."""
        return f"{APP}-{self.name}"

    @property
    def database(self) -> str:
        """Its database in the one PostgreSQL server."""
        return self.cluster.replace("-", "_")

    def family(self, role: str) -> str:
        """The task definition family of `app`, `worker` or `migrate`."""
        return f"{self.cluster}-{role}"

    def secret(self, what: str) -> str:
        """The name in Secrets Manager of `database`, `redis` or `openai-api-key`."""
        return f"{APP}/{self.name}/{what}"

    def url(self, endpoint: str) -> str:
        """Where its load balancer is reached: the name of one resolves in AWS only, so MiniStack forwards a path."""
        return f"{endpoint}/_alb/{self.cluster}"


PRODUCTION = Environment("production", APP, app_tasks=2, redis_port=6379)
STAGING = Environment("staging", f"{APP}-staging", app_tasks=1, redis_port=6380)
ENVIRONMENTS = {each.name: each for each in (PRODUCTION, STAGING)}
SERVICES = ("app", "worker")
