"""HTTP as the service's users see it (port ``run.ports.Web``)."""

from __future__ import annotations

import requests

from deploytool.core.probe import Answer, NoAnswer

MOST = 65_536
"""Characters of an answer that are kept."""


class Web:
    """GET with redirects followed and certificates checked."""

    def get(self, url: str, timeout: float) -> Answer | NoAnswer:
        """One request on a connection of its own, so that a draining target is not asked again."""
        try:
            answer = requests.get(
                url, timeout=timeout, headers={"User-Agent": "archdeck-deploy", "Connection": "close"}
            )
        except requests.exceptions.Timeout:
            return NoAnswer("timeout", f"no answer within {timeout:.0f} s")
        except requests.exceptions.SSLError as error:
            return NoAnswer("tls", str(error))
        except requests.exceptions.TooManyRedirects as error:
            return NoAnswer("redirects", str(error))
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema,
                requests.exceptions.InvalidSchema) as error:  # fmt: skip
            return NoAnswer("url", str(error))
        except requests.exceptions.RequestException as error:
            return NoAnswer("connection", str(error))
        return Answer(answer.status_code, answer.text[:MOST])
