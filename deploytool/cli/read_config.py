"""Reads `deploytool.yml` with PyYAML into plain data that knows the line and column of each key and value."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

import yaml

from deploytool.cli.yaml_document import YamlTree
from deploytool.core.config.document import Document
from deploytool.core.config.faults import ConfigFaults, Fault
from deploytool.core.config.parse import parse

if TYPE_CHECKING:
    from typing import NoReturn

    from deploytool.core.config.model import Config

DEFAULT = "deploytool.yml"
_MOST_BYTES = 1_000_000


def read_config(path: str | File = DEFAULT) -> Config:
    """The configuration in a file.

    Raises:
        ConfigFaults: the file cannot be read, is not YAML, or says what it may not; has every reason.
    """
    file = File(path)
    return parse(document_of(_content(file), str(file)))


def document_of(content: bytes, file: str) -> Document:
    """The YAML in `content`, which is that of the file named `file`.

    Raises:
        ConfigFaults: it is not one YAML document in UTF-8.
    """
    text = _decoded(content, file)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        _refuse(Fault(file, "", line, column, *_syntax(error)))
    except yaml.reader.ReaderError as error:
        line, column = _place(text[: error.position])
        problem = f"character U+{ord(text[error.position]):04X} is not allowed"
        _refuse(Fault(file, "", line, column, problem, "remove it"))
    except RecursionError:
        _refuse(Fault(file, "", None, None, "is nested too deeply", "flatten it"))
    if root is None:
        _refuse(Fault(file, "", None, None, "is empty", "`deploytool config schema` describes what goes into it"))
    return YamlTree(file).document(root)


def _content(file: File) -> bytes:
    if file.is_dir():
        _refuse(Fault(str(file), "", None, None, "is a directory", f"name the file: --config {file / DEFAULT}"))
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        fix = "run this where it is, or name it: --config PATH"
        _refuse(Fault(str(file), "", None, None, "there is no such file", fix))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _refuse(Fault(str(file), "", None, None, f"cannot be read: {reason}", "make it readable"))
    if len(content) > _MOST_BYTES:
        _refuse(Fault(str(file), "", None, None, f"is larger than {_MOST_BYTES} bytes", "name another file"))
    return content


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8"))
        _refuse(Fault(file, "", line, column, "is not text in UTF-8 from here on", "save it as UTF-8"))


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = error.problem or error.context or "cannot be understood"
    if "'\\t'" in problem:
        return "a tab cannot indent YAML", "use spaces"
    if "expected a single document" in f"{error.context} {problem}":
        return "has more than one YAML document", "remove what follows the line `---`"
    return f"is not YAML: {problem}" + (f", {error.context}" if error.context else ""), ""


def _refuse(fault: Fault) -> NoReturn:
    raise ConfigFaults([fault])
