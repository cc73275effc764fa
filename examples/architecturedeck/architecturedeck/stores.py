"""Where the data is: PostgreSQL for what lasts, Redis for the queue of jobs."""

import os

import psycopg2
import redis

QUEUE = "jobs"
PATIENCE = 2  # seconds, so that a health check answers before whoever asks gives up


def database():
    """A new connection to PostgreSQL; its address comes from the secret DATABASE_URL."""
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=PATIENCE)


def queue(read_timeout=PATIENCE):
    """A client of Redis; its address comes from the secret REDIS_URL."""
    return redis.Redis.from_url(
        os.environ["REDIS_URL"], socket_connect_timeout=PATIENCE, socket_timeout=read_timeout, decode_responses=True
    )
