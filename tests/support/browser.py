"""A headless Chromium for tests, driven over WebDriver (chromedriver) by plain HTTP.

Debian: `apt-get install chromium chromium-driver`.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """One tab. Elements are named by CSS selectors; what takes time is waited for, 10 seconds at most."""

    def __init__(self, driver: str, profile: Path) -> None:
        self._driver = driver
        self._http = requests.Session()
        self._http.trust_env = False
        options = {"binary": shutil.which("chromium"), "args": [*_FLAGS, f"--user-data-dir={profile}"]}
        body = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self._session = f"/session/{self._call('POST', '/session', body)['sessionId']}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self._driver + path, json=body if method == "POST" else None, timeout=60)
        value = answer.json()["value"]
        if not answer.ok:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def open(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def script(self, source: str, *arguments: Any) -> Any:
        """Run JavaScript in the page, as the body of a function; its return value."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": source, "args": list(arguments)})

    def wait(self, source: str, what: str, seconds: float = 10.0) -> Any:
        """Until the script gives something true."""
        until = time.monotonic() + seconds
        while not (value := self.script(source)):
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds:g} s: {what}; the page says:\n{self.text()}")
            time.sleep(0.1)
        return value

    def text(self, selector: str = "body") -> str:
        return str(self.script("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def wait_for_text(self, wanted: str, selector: str = "body", seconds: float = 10.0) -> None:
        until = time.monotonic() + seconds
        while wanted not in (seen := self.text(selector)):
            if time.monotonic() > until:
                raise AssertionError(f"{wanted!r} not within {seconds:g} s in {selector}:\n{seen}")
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """As a person does: it must be there to be seen and nothing may lie on top."""
        until = time.monotonic() + 10
        while True:
            try:
                result = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
                self._call("POST", f"{self._session}/element/{result[_ELEMENT]}/click", {})
            except AssertionError as refused:
                # A page that updates itself may have replaced the element since it was found.
                if "stale element" not in str(refused) or time.monotonic() > until:
                    raise
            else:
                return

    def look(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Set the window, and whether the reader prefers dark."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", {"features": [feature]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", size)

    def _devtools(self, command: str, params: dict[str, Any]) -> Any:
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": params})

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """PNG of the whole page, or of the window."""
        shot = self._devtools("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._call("DELETE", self._session)


@contextmanager
def started() -> Iterator[Browser]:
    """A browser of its own with an empty profile; gone afterwards, process and files."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        log = Path(directory) / "chromedriver.log"
        with log.open("wb") as written:
            driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=written, stderr=subprocess.STDOUT)
        try:
            browser = Browser(f"http://127.0.0.1:{_port(driver, log)}", Path(directory) / "profile")
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
            driver.wait(timeout=10)


def _port(driver: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 10
    while time.monotonic() < until and driver.poll() is None:
        output = log.read_text()
        if "started successfully on port " in output:
            return output.rpartition("started successfully on port ")[2].partition(".")[0]
        time.sleep(0.05)
    raise AssertionError(f"chromedriver did not start: {log.read_text()}")
