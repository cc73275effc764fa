"""A stand-in for the AWS Price List: GetProducts over HTTP, filters and pages included, products as AWS writes them.

The shapes are those of an answer in the Price List's own guide: a product with attributes, and terms by SKU and offer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = 2


def product(
    service: str, usage: str, *steps: tuple[str, str], region: str = "us-east-1", family: str = "", **attributes: str
) -> dict[str, Any]:
    """``steps``: from how many units on, and dollars per unit."""
    sku = f"{abs(hash((service, usage, region, *attributes.items()))):X}"[:16]
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "unit": "Hrs",
            "beginRange": begin,
            "endRange": steps[number + 1][0] if number + 1 < len(steps) else "Inf",
            "description": f"$ per unit of {usage}",
            "appliesTo": [],
            "rateCode": f"{sku}.JRTCKXETXF.{number}",
            "pricePerUnit": {"USD": usd},
        }
        for number, (begin, usd) in enumerate(steps)
    }
    return {
        "product": {
            "productFamily": family,
            "attributes": {"regionCode": region, "servicecode": service, "usagetype": usage, **attributes},
            "sku": sku,
        },
        "serviceCode": service,
        "terms": {
            "OnDemand": {
                f"{sku}.JRTCKXETXF": {
                    "priceDimensions": dimensions,
                    "sku": sku,
                    "effectiveDate": "2026-11-01T00:00:00Z",
                    "offerTermCode": "JRTCKXETXF",
                    "termAttributes": {},
                }
            }
        },
        "version": "20261101000000",
        "publicationDate": "2026-11-01T00:00:00Z",
    }


@contextmanager
def price_list(products: list[dict[str, Any]]) -> Iterator[str]:
    """Its address, while the block runs."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            result = [json.dumps(item) for item in products if matches(item, asked)]
            start = int(asked.get("NextToken") or 0)
            answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": result[start : start + PAGE]}
            if start + PAGE < len(result):
                answer["NextToken"] = str(start + PAGE)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def matches(product: dict[str, Any], request: dict[str, Any]) -> bool:
    """TERM_MATCH compares whole values; productFamily is the one field outside the attributes."""
    attributes = {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}
    return product["serviceCode"] == request["ServiceCode"] and all(
        filter_["Type"] == "TERM_MATCH" and attributes.get(filter_["Field"]) == filter_["Value"]
        for filter_ in request["Filters"]
    )
