"""HTTP as the service's users see it (port ``release.ports.Web``)."""

from __future__ import annotations

import requests

from deploytool.release.model import HttpResponse, NoResponse

MOST = 65_536
"""Characters of an answer that are kept."""


class HttpClient:
    """GET with redirects followed and certificates checked."""

    def get(self, url: str, timeout: float) -> HttpResponse | NoResponse:
        """One request on a connection of its own, so that a draining target is not asked again."""
        try:
            answer = requests.get(
                url, timeout=timeout, headers={"User-Agent": "archdeck-deploy", "Connection": "close"}
            )
        except requests.exceptions.Timeout:
            return NoResponse("timeout", f"no answer within {timeout:.0f} s")
        except requests.exceptions.SSLError as error:
            return NoResponse("tls", str(error))
        except requests.exceptions.TooManyRedirects as error:
            return NoResponse("redirects", str(error))
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidSchema,
        ) as error:
            return NoResponse("url", str(error))
        except requests.exceptions.RequestException as error:
            return NoResponse("connection", str(error))
        return HttpResponse(answer.status_code, answer.text[:MOST])
