"""The registry's files: ready indicators by domain, and the questions that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.needs.indicator import DOMAINS, Indicator, Told, declared_twice, problems_of
from xzz_analysis.study import BothLanguages, Name

FOLDER = Path(__file__).parent
FILES = ("education.yml", "health.yml", "livelihood.yml", "support.yml", "participation.yml")
"""Files of indicators, in the order reports follow."""


class CanonicalQuestion(Declaration):
    """One question that registry indicators are computed from, by the name that their expressions use.

    Attributes
    ----------
    name : str
    unit : str
        Whom it is asked of: child or family.
    kind : str
        As in a form.
    label : both languages
        A wording; of a restricted instrument, which item it is.
    options : dict of str to both languages
        Option → meaning. A form adds "don't know" and "prefers not to answer", declared under ``missing`` of study.yml.
    range : pair of float
        Lowest and highest number that makes sense.
    note : both languages
        How it is asked, or where its wording is to be had.
    """

    name: Name
    unit: Literal["child", "family"]
    kind: Literal["select_one", "select_multiple", "integer", "decimal"]
    label: BothLanguages
    options: dict[str, BothLanguages] = Field(default_factory=dict)
    range: Annotated[list[float], Field(max_length=2)] = Field(default_factory=list)
    note: Told = Field(default_factory=dict)

    def question(self) -> Question:
        """The question as a form holds it."""
        options = tuple(Option(name, label) for name, label in self.options.items())
        return Question(self.name, self.kind, self.label, options)


def indicators(domain: str = "") -> list[Indicator]:
    """Every ready indicator, domain by domain.

    Parameters
    ----------
    domain : str
        One of ``education``, ``health``, ``livelihood`` and ``support``; all of them when empty.

    Returns
    -------
    list of Indicator

    Raises
    ------
    InputError
        An unknown domain; the nearest is named.
    StudyError
        The registry's files are damaged; all problems in one error.

    References
    ----------
    Each indicator names its own sources; the four kinds of need are those of Bradshaw, J. (1972). The concept of
    social need. New Society 30, 640–643.
    """
    if domain and domain not in DOMAINS:
        raise InputError(f"domain {domain!r} is not known{suggest(domain, DOMAINS)}; it is one of {', '.join(DOMAINS)}")
    return [one for one in _read().values() if domain in ("", one.domain)]


def find(name: str) -> Indicator:
    """The ready indicator of that id.

    Parameters
    ----------
    name : str

    Returns
    -------
    Indicator

    Raises
    ------
    InputError
        There is none; the nearest id is named.
    """
    found = _read()
    if name not in found:
        raise InputError(
            f"indicator {name!r} is not in the registry{suggest(name, found)}; `xzz indicators` lists its {len(found)}"
        )
    return found[name]


@lru_cache(maxsize=1)
def _read() -> dict[str, Indicator]:
    made: list[Indicator] = []
    findings: list[Finding] = []
    for file in FILES:
        data, problems = read_yaml(FOLDER / file)
        findings += problems
        for entry in data["indicators"]:
            one, problems = check(Indicator, entry, f"{file}: {entry.get('id', '')}")
            findings += problems if one is None else problems_of(one, file)
            made += [] if one is None else [one]
    refuse(FOLDER, [*findings, *declared_twice(made, FOLDER.name)])
    return {one.id: one for one in made}


@lru_cache(maxsize=1)
def canonical_questions() -> dict[str, CanonicalQuestion]:
    """Every question that the ready indicators ask for, by name.

    Returns
    -------
    dict of str to CanonicalQuestion

    Raises
    ------
    StudyError
        The registry's file of questions is damaged.
    """
    path = FOLDER / "questions.yml"
    data, findings = read_yaml(path)
    made: dict[str, CanonicalQuestion] = {}
    entries = data["questions"] | {name: entry for one in data["instruments"] for name, entry in _items(one)}
    for name, entry in entries.items():
        listed = data["choices"].get(entry.get("options"), {}) if "options" in entry else {}
        one, problems = check(CanonicalQuestion, {**entry, "name": name, "options": listed}, f"{path.name}: {name}")
        findings += problems
        made |= {} if one is None else {name: one}
    refuse(path, findings)
    return made


def _items(instrument: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of an instrument, numbered in their labels."""
    rest = {field: told for field, told in instrument.items() if field not in ("names", "label")}
    for number, name in enumerate(instrument["names"], start=1):
        label = {language: text.format(n=number) for language, text in instrument["label"].items()}
        yield name, {**rest, "label": label}
