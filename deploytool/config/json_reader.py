"""Reads JSON with the position of each key and value, and says in the user's terms what is not JSON."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from deploytool.config.errors import (
    HALF,
    HALF_FIX,
    ConfigErrors,
    ConfigIssue,
    Document,
    Path,
    Position,
    dotted,
    has_surrogate,
)

if TYPE_CHECKING:
    from typing import NoReturn


_DEEPEST = 50
_LONGEST_NUMBER = 40
_SPACE = re.compile(r"[ \t\n\r]*")
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_PLACEHOLDER = re.compile(r"\$\{[^}\n]*\}|\{\{[^}\n]*\}\}|<[^>\n]*>|\$\w+|%\w+%|\{%|#\{")
_ONLY = "only JSON and YAML are read"


def json_document(text: str, file: str) -> Document:
    """The document in `text`; a duplicate key is one of its issues. Raises ConfigErrors where it is not JSON."""
    return _Reader(text, file).document()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._keys: dict[Path, Position] = {}
        self._values: dict[Path, Position] = {}
        self._issues: list[ConfigIssue] = []

    def document(self) -> Document:
        self._skip()
        if self._at == len(self._text):
            raise ConfigErrors([ConfigIssue(self._file, "", None, None, "is empty", "write a task definition into it")])
        data = self._value(())
        self._skip()
        if self._at < len(self._text):
            raise self._error("there is more after the end of the JSON value", "remove it")
        return Document(self._file, data, self._keys, self._values, tuple(self._issues))

    def _value(self, path: Path) -> object:
        self._values[path] = self._position()
        if len(path) > _DEEPEST:
            raise self._error("is nested too deeply", "flatten it")
        match self._next:
            case "{":
                return self._object(path) if not self._text.startswith("{{", self._at) else self._other()
            case "[":
                return self._list(path)
            case '"':
                return self._quoted()
        return self._other()

    def _object(self, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        while self._more("{", "}", first=not data):
            place = self._position()
            if self._next != '"':
                self._refuse_key()
            name = self._quoted()
            key: Path = (*path, name)
            if name in data:
                first = self._keys[key].line
                problem = f'duplicate key "{name}", first in line {first}'
                self._issues.append(ConfigIssue(self._file, dotted(key), *place, problem, "keep one"))
                key = (*path, f"{name} again")
            else:
                self._keys[key] = place
            self._skip()
            if self._next != ":":
                raise self._error(f'a colon is missing after the key "{name}"', "add it")
            self._at += 1
            self._skip()
            value = self._value(key)
            data.setdefault(name, value)
        return data

    def _list(self, path: Path) -> list[object]:
        data: list[object] = []
        while self._more("[", "]", first=not data):
            data.append(self._value((*path, len(data))))
        return data

    def _more(self, begin: str, end: str, *, first: bool) -> bool:
        """Move to the next member of an object or list, or past its end."""
        comma = None
        if first:
            self._at += 1
            self._skip()
        else:
            self._skip()
            if self._next == ",":
                comma = self._at
                self._at += 1
                self._skip()
            elif self._next not in ("", end):
                self._refuse_separator(begin)
        if self._next == "":
            raise self._error(
                f"the JSON ends inside {'an object' if begin == '{' else 'a list'}", f"add the missing {end}"
            )
        if self._next != end:
            return True
        if comma is not None:
            self._at = comma
            raise self._error(f"JSON allows no comma before {end}", "remove it")
        self._at += 1
        return False

    def _refuse_separator(self, begin: str) -> NoReturn:
        self._refuse_comment()
        raise self._error(f"a comma is missing before the next {'key' if begin == '{' else 'item'}", "add it")

    def _refuse_key(self) -> NoReturn:
        self._refuse_comment()
        if self._next == "'" or _WORD.match(self._text, self._at):
            raise self._error("a key is not in double quotes, so this is not JSON", f"put it in double quotes; {_ONLY}")
        raise self._error("a key is missing here", _ONLY)

    def _refuse_comment(self) -> None:
        if self._text.startswith(("//", "/*", "#"), self._at) and not self._text.startswith("#{", self._at):
            raise self._error("JSON allows no comments", f"remove it, or write the file as YAML (.yml); {_ONLY}")

    def _quoted(self) -> str:
        match = _TEXT.match(self._text, self._at)
        if match is None:
            raise self._error("text is not closed in this line", 'add the missing " (write a line break as \\n)')
        try:
            value: str = json.loads(match[0])
        except ValueError as error:
            raise self._error("text has an escape that JSON does not know", "write a backslash as \\\\") from error
        if has_surrogate(value):
            raise self._error(HALF, HALF_FIX)
        self._at = match.end()
        return value

    def _other(self) -> object:
        if number := _NUMBER.match(self._text, self._at):
            if len(number[0]) > _LONGEST_NUMBER:
                raise self._error("this number is too long", "correct it, or put it in quotes")
            value = json.loads(number[0])
            if not math.isfinite(value):
                raise self._error("this number is too large", "correct it, or put it in quotes")
            self._at = number.end()
            return value
        word = _WORD.match(self._text, self._at)
        if word and word[0] in _WORDS:
            self._at = word.end()
            return _WORDS[word[0]]
        self._refuse_comment()
        if placeholder := _PLACEHOLDER.match(self._text, self._at):
            raise self._error(
                f"placeholder {placeholder[0][:60]} is not in quotes, so this is not JSON",
                "put it in double quotes, or fill it in first",
            )
        if self._next == "'":
            raise self._error("text is not in double quotes, so this is not JSON", f"use double quotes; {_ONLY}")
        raise self._error("a value is missing here, or it is not JSON", _ONLY)

    @property
    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _position(self) -> Position:
        line = bisect_right(self._lines, self._at)
        return Position(line, self._at - self._lines[line - 1] + 1)

    def _error(self, problem: str, fix: str) -> ConfigErrors:
        place = self._position()
        return ConfigErrors([*self._issues, ConfigIssue(self._file, "", *place, problem, fix)])
