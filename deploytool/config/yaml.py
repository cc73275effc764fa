"""Reads `deploytool.yml` with PyYAML: plain data, aliases and merge keys resolved, with the position of each value."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File
from typing import TYPE_CHECKING

import yaml

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
from deploytool.config.loader import parse

if TYPE_CHECKING:
    from typing import NoReturn

    from deploytool.config.model import ConfigFile


_MOST_VALUES = 20_000  # aliases of aliases can make a small file describe more than a machine can hold
_DEEPEST = 50
_MERGE = "tag:yaml.org,2002:merge"
_PREFIX = "tag:yaml.org,2002:"


class YamlTree:
    """Turns one composed YAML document into a `Document`."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._loader = yaml.SafeLoader("")
        self._keys: dict[Path, Position] = {}
        self._values: dict[Path, Position] = {}
        self._issues: list[ConfigIssue] = []
        self._within: list[yaml.Node] = []
        self._count = 0

    def document(self, root: yaml.Node) -> Document:
        """Raises ConfigErrors where the document contains itself, or is far too large."""
        data = self._value(root, ())
        return Document(self._file, data, self._keys, self._values, tuple(self._issues))

    def _value(self, node: yaml.Node, path: Path) -> object:
        self._values[path] = _position(node)
        with self._inside(node, path):
            return self._content(node, path)

    @contextmanager
    def _inside(self, node: yaml.Node, path: Path) -> Iterator[None]:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise ConfigErrors([self._issue(node, path, f"has more than {_MOST_VALUES} values", "use fewer aliases")])
        if node in self._within:
            raise ConfigErrors([self._issue(node, path, f"{dotted(path)} contains itself", "remove the alias")])
        if len(self._within) > _DEEPEST:
            raise ConfigErrors([self._issue(node, path, "is nested too deeply", "flatten it")])
        self._within.append(node)
        yield
        self._within.pop()

    def _content(self, node: yaml.Node, path: Path) -> object:
        if not node.tag.startswith(_PREFIX):
            self._add(node, path, f"unknown tag {node.tag}", "remove it")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        own: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or key.tag != _PREFIX + "str":
                shown = f'key "{name}"' if name else "a key"
                self._add(key, path, f"{shown} is not text", "put it in quotes")
            elif has_surrogate(name):
                self._add(key, path, HALF, HALF_FIX)
            elif name in own:
                first = self._keys[(*path, name)]
                self._add(key, (*path, name), f'duplicate key "{name}", first in line {first.line}', "keep one")
            else:
                self._keys[(*path, name)] = _position(key)
                own[name] = self._value(value, (*path, name))
        return self._merged(node, own, path)

    def _merged(self, node: yaml.MappingNode, own: dict[str, object], path: Path) -> dict[str, object]:
        """`own` with the keys of `<<`: they never replace, and of several the first wins (YAML 1.1, merge key)."""
        for key, value in node.value:
            if key.tag != _MERGE:
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    self._add(source, path, "only mappings can be merged with `<<`", "use an alias of a mapping")
                    continue
                self._bring_in(source, own, path)
        return own

    def _bring_in(self, source: yaml.MappingNode, own: dict[str, object], path: Path) -> None:
        keys, values = self._keys, self._values
        self._keys, self._values = {}, {}
        with self._inside(source, path):
            brought = self._mapping(source, path)
        new_keys, new_values = self._keys, self._values
        self._keys, self._values = keys, values
        depth = len(path)
        fresh = {name for name in brought if name not in own}
        own.update({name: brought[name] for name in fresh})
        keys.update({at: place for at, place in new_keys.items() if at[depth] in fresh})
        values.update({at: place for at, place in new_values.items() if at[depth] in fresh})

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        text: str = node.value
        try:
            match node.tag.removeprefix(_PREFIX):
                case "null":
                    return None
                case "bool":
                    return self._loader.construct_yaml_bool(node)
                case "int":
                    number = self._loader.construct_yaml_int(node)
                    # In YAML 1.1, 012345670123 (an account) is octal and 10:30 is 630: the text is meant.
                    return number if str(number) == text else text
                case "float":
                    return self._loader.construct_yaml_float(node)
        except (ValueError, KeyError, IndexError):
            self._add(node, path, f"this is not a {node.tag.removeprefix(_PREFIX)}", "put it in quotes if it is text")
        if has_surrogate(text):
            self._add(node, path, HALF, HALF_FIX)
            # Messages may repeat it, and no terminal can show it.
            return text.encode("utf-8", "replace").decode()
        # Dates and the like are text: no value of the configuration is a date.
        return text

    def _add(self, node: yaml.Node, path: Path, problem: str, fix: str) -> None:
        self._issues.append(self._issue(node, path, problem, fix))

    def _issue(self, node: yaml.Node, path: Path, problem: str, fix: str) -> ConfigIssue:
        line, column = _position(node)
        return ConfigIssue(self._file, dotted(path), line, column, problem, fix)


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


DEFAULT = "deploytool.yml"
_MOST_BYTES = 1_000_000


def read_config(path: str | File = DEFAULT) -> ConfigFile:
    """Raises ConfigErrors where the file cannot be read, is not YAML, or is invalid; has every reason."""
    file = File(path)
    return parse(document_of(_content(file), str(file)))


def document_of(content: bytes, file: str) -> Document:
    """The document in `content`. Raises ConfigErrors where it is not one YAML document in UTF-8."""
    text = decoded(content, file)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        _refuse(ConfigIssue(file, "", line, column, *_syntax(error)))
    except yaml.reader.ReaderError as error:
        line, column = _place(text[: error.position])
        problem = f"character U+{ord(text[error.position]):04X} is not allowed"
        _refuse(ConfigIssue(file, "", line, column, problem, "remove it"))
    except RecursionError:
        _refuse(ConfigIssue(file, "", None, None, "is nested too deeply", "flatten it"))
    if root is None:
        _refuse(ConfigIssue(file, "", None, None, "is empty", "see `deploytool config schema`"))
    return YamlTree(file).document(root)


def content_of(file: File, shown: str, fix: str = "correct its path") -> bytes:
    """The file's bytes. Raises ConfigErrors, with the path as ``shown``, and ``fix`` where there is none."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        _refuse(ConfigIssue(shown, "", None, None, "file not found", fix))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _refuse(ConfigIssue(shown, "", None, None, f"cannot be read: {reason}", "make it readable"))
    if len(content) > _MOST_BYTES:
        _refuse(ConfigIssue(shown, "", None, None, f"is larger than {_MOST_BYTES} bytes", "name another file"))
    return content


def _content(file: File) -> bytes:
    if file.is_dir():
        _refuse(ConfigIssue(str(file), "", None, None, "is a directory", f"name the file: --config {file / DEFAULT}"))
    return content_of(file, str(file), "run this in its directory, or use --config PATH")


_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def decoded(content: bytes, file: str) -> str:
    """UTF-8, a byte order mark left out. Raises ConfigErrors."""
    # PowerShell 5.1 writes UTF-16 with a mark by `>` and Out-File; without a mark every second byte of ASCII is 0.
    # https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding
    wide = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if wide or (len(content) > 1 and 0 in content[:2]):
        fix = "save it as UTF-8; in PowerShell, pipe it to Set-Content -Encoding utf8 instead of `>`"
        _refuse(ConfigIssue(file, "", 1, 1, f"is {wide or 'UTF-16'}, not UTF-8", fix))
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8"))
        _refuse(ConfigIssue(file, "", line, column, "is not UTF-8 from here on", "save it as UTF-8"))


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = error.problem or error.context or "syntax error"
    if "'\\t'" in problem:
        return "a tab cannot indent YAML", "use spaces"
    if "expected a single document" in f"{error.context} {problem}":
        return "has more than one YAML document", "remove what follows the line `---`"
    return f"is not YAML: {problem}" + (f", {error.context}" if error.context else ""), ""


def _refuse(issue: ConfigIssue) -> NoReturn:
    raise ConfigErrors([issue])
