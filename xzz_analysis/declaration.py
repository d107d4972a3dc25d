"""Declarations written in YAML (study.yml, indicators.yml, reports.yml): read, all problems at once."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from xzz_analysis.errors import Finding, StudyError, suggest

M = TypeVar("M", bound=BaseModel)


class Declaration(BaseModel):
    """Base of every declared thing: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml, ten times faster, where PyYAML was built with it; the same data either way."""


class _Loader(_PARSER):  # type: ignore[misc]
    """SafeLoader that remembers keys written twice and keeps dates as text."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[tuple[str, int]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                self.duplicates.append((key, key_node.start_mark.line + 1))
            seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> tuple[Any, list[Finding]]:
    """Read one YAML file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple
        The data, and a finding for every key written twice.

    Raises
    ------
    StudyError
        When the file is missing, not UTF-8 or not YAML; the line is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(f"{path} does not exist; `xzz init FOLDER` makes a study to start from") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path} is not UTF-8 (byte {error.start}); save it again as UTF-8 in your editor") from None
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error.strerror}); name a study folder") from None
    loader = None
    try:
        loader = _Loader(text)
        data = loader.get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise StudyError(
            f"{path.name}{line}: this is not YAML: {getattr(error, 'problem', error)}; "
            "check the indentation and the colons"
        ) from None
    finally:
        if loader is not None:
            loader.dispose()
    if data is None:
        raise StudyError(f"{path} is empty; `xzz init FOLDER` makes a study to start from")
    findings = [
        Finding(
            "error",
            "duplicate_key",
            f"{path.name}, line {line}",
            f"{key!r} is written twice",
            "keep one of them",
        )
        for key, line in loader.duplicates
    ]
    return data, findings


def check(model: type[M], data: Any, where: str) -> tuple[M | None, list[Finding]]:
    """Validate data against a model, turning every problem into a finding.

    Parameters
    ----------
    model : subclass of BaseModel
    data : the YAML's data
    where : str
        File, and place inside it, to name in the findings.

    Returns
    -------
    tuple
        The model (None when there are problems) and the findings.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_finding(problem, model, where) for problem in error.errors()]


def read_list(model: type[M], path: Path, key: str) -> tuple[list[M], list[Finding]]:
    """Read a YAML file that lists declarations of one kind.

    Parameters
    ----------
    model : subclass of Declaration
    path : Path
    key : str
        Field that names an entry; no two may share it.

    Returns
    -------
    tuple
        The entries that are right, and a finding for every problem of the others.
    """
    data, findings = read_yaml(path)
    if not isinstance(data, list):
        raise StudyError(f"{path.name} holds {type(data).__name__}, not a list", findings)
    entries: list[M] = []
    for position, entry in enumerate(data):
        name = entry.get(key, position) if isinstance(entry, dict) else position
        made, problems = check(model, entry, f"{path.name}: {name}")
        findings += problems
        entries += [] if made is None else [made]
    names = [str(getattr(entry, key)) for entry in entries]
    for name in sorted({name for name in names if names.count(name) > 1}):
        message = f"{key} {name!r} is declared {names.count(name)} times"
        findings.append(Finding("error", "duplicate_id", path.name, message, "keep one, or rename one"))
    return entries, findings


def refuse(path: Path, findings: Sequence[Finding]) -> None:
    """Raise one :class:`StudyError` that lists every finding, if there are any."""
    if findings:
        raise StudyError(f"{path.name} has {len(findings)} problem(s) to correct", findings)


def without_unknown(model: type[BaseModel], data: Any) -> Any:
    """The data without the keys that the model does not know, at any depth."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        data = copy.deepcopy(data)
        for problem in error.errors():
            if problem["type"] == "extra_forbidden":
                *place, name = problem["loc"]
                here = data
                for part in place:
                    here = here[part]
                del here[name]
    return data


def _finding(problem: ErrorDetails, model: type[BaseModel], where: str) -> Finding:
    place = ".".join(str(part) for part in problem["loc"])
    kind = problem["type"]
    value = problem.get("input")
    if kind == "extra_forbidden":
        known = _fields(model, problem["loc"][:-1])
        name = str(problem["loc"][-1])
        message = f"unknown key {name!r}{suggest(name, known)}"
        remedy = f"known keys: {', '.join(known)}" if known else "remove it"
    elif kind == "missing":
        message, remedy = "is missing", "write it"
    else:
        shown = f"{value!r}" if isinstance(value, str | int | float | bool) or value is None else type(value).__name__
        message, remedy = f"{shown[:80]}: {problem['msg']}", "correct the value"
    return Finding("error", kind, f"{where}: {place}" if place else where, message, remedy)


def _fields(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Field names of the model that sits at a place inside another model."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = _inner(field.annotation) if field else here  # a key of a mapping, a place in a list
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return []


def _inner(annotation: Any) -> Any:
    """The model inside ``dict[str, Model]``, ``list[Model]`` or ``Model | str``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _inner(part)
        if found is not None:
            return found
    return None


_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>[^}]*))?\}")


def expand(text: str) -> str:
    """Replace ``${NAME:-default}`` by the environment's value of NAME, else by the default.

    Raises
    ------
    StudyError
        When the variable is unset and no default is given.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match["name"]) or match["default"]
        if found is None:
            raise StudyError(f"the environment variable {match['name']} is not set; set it, or write a default")
        return found

    return _VARIABLE.sub(value, text)
