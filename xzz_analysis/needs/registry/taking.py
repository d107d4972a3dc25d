"""An indicator of the registry as a study takes it over: its questions and options under the study's names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from xzz_analysis.declaration import Declaration, check
from xzz_analysis.errors import Finding, suggest
from xzz_analysis.needs.indicator import Indicator, ReasonName, Told
from xzz_analysis.needs.registry.catalogue import indicators
from xzz_analysis.needs.rewriting import options_named, renamed
from xzz_analysis.study import Name, Words

_OWN = ("label", "definition", "base", "missing", "unit", "ages", "version")
"""What a study may say in its own way."""

_WORDS = {True: "yes", False: "no"}
"""What YAML makes of a bare yes and no."""


def _as_written(value: Any) -> Any:
    """Options as they were written: YAML reads a bare ``yes`` as true."""
    if isinstance(value, dict):
        return {_as_written(name): _as_written(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_written(inner) for inner in value]
    return _WORDS[value] if isinstance(value, bool) else value


class Taken(Declaration):
    """An indicator of the registry as a study uses it.

    Attributes
    ----------
    use : str
        Its id in the registry.
    questions : dict
        Canonical question → the study's; those of one name in both need no line.
    options : dict
        Canonical question → its option → the study's option, or options that all mean it.
    label, definition, base, missing, unit, ages, version
        What the study says in its own way; ``base`` is in the study's names. The version is kept or raised.
    """

    use: Name
    questions: dict[str, str] = Field(default_factory=dict)
    options: Annotated[dict[str, dict[str, Words]], BeforeValidator(_as_written)] = Field(default_factory=dict)
    label: Told = Field(default_factory=dict)
    definition: Told = Field(default_factory=dict)
    base: str = ""
    missing: dict[ReasonName, str] = Field(default_factory=dict)
    unit: str = ""
    ages: list[int] = Field(default_factory=list)
    version: int = 0


def take(entry: Any, where: str) -> tuple[Indicator | None, list[Finding]]:
    """Make a study's indicator of one of the registry.

    Parameters
    ----------
    entry : dict
        ``use`` and what the study says beside it: see :class:`Taken`.
    where : str
        File and entry, to name in the findings.

    Returns
    -------
    tuple
        The indicator (None when there are problems) and the findings: an unknown id, question or option with the
        nearest name, a version below the registry's.
    """
    taken, findings = check(Taken, entry, where)
    if taken is None:
        return None, findings
    known = {one.id: one for one in indicators()}
    if taken.use not in known:
        message = f"indicator {taken.use!r} is not in the registry{suggest(taken.use, known)}"
        return None, [Finding("error", "unknown_name", where, message, "`xzz indicators` lists what there is")]
    ready = known[taken.use]
    findings = [*_strange_names(taken, ready, where), *_older(taken, ready, where)]
    if findings:
        return None, findings
    own = {name: value for name in _OWN if (value := getattr(taken, name))}
    return check(Indicator, {**ready.model_dump(), **_under_their_names(ready, taken), **own}, where)


def _strange_names(taken: Taken, ready: Indicator, where: str) -> list[Finding]:
    """Questions and options that the indicator does not name."""
    findings = []
    asked = ready.questions()
    named = _options_of(ready)
    for question in dict.fromkeys([*taken.questions, *taken.options]):
        if question not in asked:
            message = f"{ready.id} has no question {question!r}{suggest(question, asked)}"
            remedy = f"it has {', '.join(asked)}"
            findings.append(Finding("error", "unknown_name", where, message, remedy))
    for question, options in taken.options.items():
        known = named.get(question, [])
        for option in options:
            if question in asked and option not in known:
                message = f"{ready.id} names no option {option!r} of {question!r}{suggest(option, known)}"
                remedy = f"it names {', '.join(known) or 'none'}"
                findings.append(Finding("error", "unknown_name", where, message, remedy))
    return findings


def _options_of(ready: Indicator) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for text in ready.expressions():
        for question, options in options_named(text).items():
            named[question] = [*named.get(question, []), *options]
    return named


def _older(taken: Taken, ready: Indicator, where: str) -> list[Finding]:
    if not taken.version or taken.version >= ready.version:
        return []
    message = f"version {taken.version} is below the registry's {ready.version}, whose definition has changed"
    return [Finding("error", "version_below", where, message, "leave `version` out, or raise it")]


def _under_their_names(ready: Indicator, taken: Taken) -> dict[str, Any]:
    """Every expression of an indicator in the study's names."""

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return renamed(value, taken.questions, taken.options) if value else value
        return [told(one) for one in value]

    changed: dict[str, Any] = {name: told(getattr(ready, name)) for name in ("base", "need", "value", "over")}
    changed["rank"] = [taken.questions.get(name, name) for name in ready.rank]
    if ready.scale is not None:
        changed["scale"] = {**ready.scale.model_dump(), "items": told(ready.scale.items)}
    if ready.growth is not None:
        grown = {name: told(getattr(ready.growth, name)) for name in ("value", "age", "sex")}
        changed["growth"] = {**ready.growth.model_dump(), **grown}
    return changed
