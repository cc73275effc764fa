"""A mistake in deploytool.yml, and the good file that each of them changes in one place."""

from __future__ import annotations

from typing import NamedTuple

GOOD = """\
app: shop
images:
  app: {target: app}
  job: {target: job}
migrate: {task: shop-migrate, image: app, like: web}
services:
  web: {image: app, verify: {url: "https://${host}/health"}}
  worker: {image: job, after: [web]}
environments:
  production: {region: us-east-1, cluster: shop}
  staging: {region: us-east-1, cluster: shop-staging}
"""


class Mistake(NamedTuple):
    """`message` is the whole line of output, without the file's name."""

    name: str
    before: str
    after: str
    message: str
