"""The worker: takes jobs from Redis, one at a time, and writes what came of them to PostgreSQL."""

import json
import os
import signal
import time
from pathlib import Path

import redis

from architecturedeck.stores import PATIENCE, QUEUE, database, queue

ALIVE = Path("/tmp/worker-alive")  # the health check fails when this has not been touched for a while
LOOK = 0.25  # seconds that one look at the queue takes: a stop is noticed after that, and no job in hand is lost


class Worker:
    """Ends after the job in hand when it is asked to stop."""

    def __init__(self):
        self.stopping = False

    def stop(self, *_):
        self.stopping = True

    def run(self):
        jobs = queue(read_timeout=LOOK + PATIENCE)
        while not self.stopping:
            ALIVE.touch()
            try:
                found = jobs.blpop([QUEUE], timeout=LOOK)
            except redis.RedisError as error:
                print(f"worker: the queue does not answer ({type(error).__name__})")
                time.sleep(LOOK)
                continue
            if found:
                finish(json.loads(found[1]))


def finish(job):
    """Do the job. Done twice, it is recorded once."""
    connection = database()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO results (id, text, length) VALUES (%s, %s, %s) ON CONFLICT (id) DO NOTHING",
                (job["id"], job["text"], len(job["text"])),
            )
    finally:
        connection.close()
    print(f"worker: finished job {job['id']}")


def main():
    worker = Worker()
    signal.signal(signal.SIGTERM, worker.stop)
    print(f"worker: version {os.environ.get('VERSION', 'unknown')} waits for jobs")
    worker.run()
    print("worker: stopped")


if __name__ == "__main__":
    main()
