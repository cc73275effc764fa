"""Pieces of HTML that every page is made of. Text from outside goes through `text`."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from deploytool.sandbox.github.store import BOT, DeploymentStatus

text = escape
_TASK_LINE = re.compile(r"^((?:\s|>)*(?:[-*+]|\d+[.)])\s+\[)([ xX])(\]\s)")
STATES = {
    "success": ("Active", "good"),
    "inactive": ("Inactive", "quiet"),
    "failure": ("Failure", "bad"),
    "error": ("Error", "bad"),
    "in_progress": ("In progress", "busy"),
    "queued": ("Queued", "busy"),
    "pending": ("Pending", "busy"),
}
# Drawn here, as strokes on a square of 16.
_ICONS = {
    "merge": "M4 5v6M4 5c.5 3 3 4 6 4",
    "open": "M4 5.5v5M12 10.5V6a2 2 0 0 0-2-2H8M9.5 2 7.5 4l2 2",
    "commit": "M1 8h4M11 8h4M5 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "rocket": "M6 10 C6.5 5 10 2 14 2c0 4-3 7.5-8 8zM6 10 3.5 8.5 5.5 6M6 10l1.5 2.5L10 10.5M2.5 13.5 4.5 11.5",
    "play": "M6.5 5.5v5l4-2.5zM1.5 8a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0",
}
_RINGS = {"merge": ((4, 3.5), (4, 12.5), (12, 9)), "open": ((4, 3.5), (4, 12.5), (12, 12.5))}


def set_task(body: str, line: int, *, checked: bool) -> str | None:
    """A comment's text with that line's box set; None where the line has no box in the other state."""
    lines = body.splitlines(keepends=True)
    match = _TASK_LINE.match(lines[line]) if 0 <= line < len(lines) else None
    if not match or (match[2] != " ") == checked:
        return None
    lines[line] = _TASK_LINE.sub(rf"\g<1>{'x' if checked else ' '}\g<3>", lines[line])
    return "".join(lines)


def icon(name: str) -> str:
    rings = "".join(f'<circle cx="{x}" cy="{y}" r="1.6"/>' for x, y in _RINGS.get(name, ()))
    shapes = f'<path d="{_ICONS[name]}"/>{rings}'
    return f'<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{shapes}</svg>'


def avatar(name: str, size: int = 40) -> str:
    kind = "avatar bot" if name.endswith("[bot]") else "avatar"
    return f'<img class="{kind}" src="/_page/avatar/{quote(name)}.svg" width="{size}" height="{size}" alt="">'


def login(name: str) -> str:
    """The account as GitHub writes it: a bot without brackets and with a label."""
    if name.endswith("[bot]"):
        return f'<strong>{text(name.removesuffix("[bot]"))}</strong> <span class="pill">bot</span>'
    return f"<strong>{text(name)}</strong>"


def when(moment: str) -> str:
    return f'<time datetime="{text(moment)}">{text(moment)}</time>'


def sha(repository: str, value: str) -> str:
    return f'<a class="sha" href="/{repository}/commit/{value}">{value[:7]}</a>'


def label(state: str) -> str:
    name, kind = STATES[state]
    return f'<span class="state {kind}"><i class="dot"></i>{name}</span>'


def state_of(statuses: list[DeploymentStatus]) -> str:
    """The state of a deployment is that of its newest status; without any it is pending."""
    return statuses[0].state if statuses else "pending"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def document(repository: str, title: str, tab: str, main: str, pull_count: int) -> bytes:
    owner, _, name = repository.partition("/")
    tabs = {"Pull requests": "/", "Actions": f"/{repository}/actions", "Deployments": f"/{repository}/deployments"}
    counts = {"Pull requests": f' <span class="count">{pull_count}</span>' if pull_count else ""}
    bar = "".join(
        f'<a href="{url}"{" class=here" if label == tab else ""}>{label}{counts.get(label, "")}</a>'
        for label, url in tabs.items()
    )
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>{text(title)} · {text(repository)}</title>
<link rel="icon" href="/_page/avatar/{quote(BOT)}.svg"><link rel="stylesheet" href="/_page/style.css">
<script src="/_page/page.js" defer></script></head><body>
<header><div class="crumbs"><span class="brand">{icon("rocket")}</span> <a href="/">{text(owner)}</a>
<span class="dim">/</span>
<a href="/"><strong>{text(name)}</strong></a> <span class="pill">Public</span>
<span class="sandbox">sandbox · not github.com</span></div><nav>{bar}</nav></header>
<main>{main}</main></body></html>"""
    return page.encode()
