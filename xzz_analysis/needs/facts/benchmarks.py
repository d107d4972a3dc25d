"""An official figure beside a survey figure, each with the people it counts in its own cell."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.facts.folder import Facts
from xzz_analysis.needs.facts.schema import UNITS, Fact, Population

_CELL: Label = {
    "zh": "{value}（{year}年，{place}；{what}；{definition}；统计范围：{population}；来源：{publisher}{notes}）",
    "en": "{value} ({year}, {place}; {what}; {definition}; who is counted: {population}; source: {publisher}{notes})",
}
_NOTES: dict[str, Label] = {
    "complement": {"zh": "；按100%减去{value}推算", "en": "; computed as 100% minus {value}"},
    "derived": {"zh": "；由公布的变化量推算", "en": "; derived from a published change"},
    "copy": {"zh": "，抄自转载", "en": ", read from a copy"},
    "unchecked": {"zh": "，未核对", "en": ", not yet checked"},
}
_SURVEY: Label = {"zh": "本次调查：{population}", "en": "this survey: {population}"}

COMPARABLE = {"share": "percent"}
"""Statistic of an estimate → the unit a fact must have to stand beside it; any unit beside a mean."""


class Indicated(Protocol):
    """What a benchmark needs to know of an indicator."""

    @property
    def id(self) -> str:
        """Name."""

    @property
    def label(self) -> Mapping[str, str]:
        """Language code → text."""


def fact_text(fact: Fact, population: Population, language: str, *, complement: bool = False) -> str:
    """A fact as a cell or a clause: value, year, place, what it is, who is counted, who says so.

    Parameters
    ----------
    fact : Fact
    population : Population
        The definition that the fact follows.
    language : "zh" or "en"
    complement : bool
        Print 100 % minus the value, and say so.

    Returns
    -------
    str
        Ends with what a reader must know: derived, read from a copy, not checked.
    """
    value = 100 - fact.value if complement else fact.value
    said = {
        "complement": complement,
        "derived": bool(fact.derived),
        "copy": fact.read_from == "copy",
        "unchecked": not fact.checked_by,
    }
    notes = "".join(
        _NOTES[name][language].format(value=_written(fact.value, fact.unit, language))
        for name, holds in said.items()
        if holds
    )
    return _CELL[language].format(
        value=_written(value, fact.unit, language),
        year=fact.year,
        place=fact.place_label[language],
        what=fact.what[language],
        definition=fact.definition[language].strip().rstrip("。."),
        population=population.definition[language].strip().rstrip("。."),
        publisher=fact.publisher[language],
        notes=notes,
    )


def _written(value: Decimal, unit: str, language: str) -> str:
    return UNITS[unit][language].format(value=f"{value:,}")


def benchmark(
    indicator: Indicated, facts: Facts, estimates: pd.DataFrame, population: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Official figures beside the survey's own for one indicator.

    Parameters
    ----------
    indicator : Indicator
        Facts name it in ``benchmarks``.
    facts : Facts
    estimates : DataFrame
        Protected estimates; the rows of the indicator about everybody (``by`` empty) are used.
    population : mapping of language code to text
        Whom the survey is about, as study.yml says.

    Returns
    -------
    list of dict
        One row per estimate and fact: ``indicator``, ``label``, ``result_id``, ``round``, ``statistic``, ``estimate``,
        ``low``, ``high``, ``n``, ``reason`` (the survey's figure, to be printed by the report with its id),
        ``survey_cell`` (whom the survey counts), ``fact``, ``fact_value`` (in the unit of the estimate),
        ``fact_cell`` (value, year, definition and source together), ``population``, ``unchecked``. Labels and cells
        are in both languages. No row where no fact is comparable.

    Raises
    ------
    InputError
        A fact in a unit that cannot stand beside the estimate; a population without text in both languages.
    """
    mine = estimates[(estimates["indicator"] == indicator.id) & (estimates["by"] == "")]
    survey = {language: choose(population, language).text for language in REPORT_LANGUAGES}
    if not all(survey.values()):
        raise InputError("the survey's population has no text in zh or en; write `population:` in study.yml")
    rows = []
    for fact in facts.benchmarks(indicator.id):
        cells = _fact_cells(fact, facts, indicator.id)
        for one in mine.to_dict("records"):
            needed = COMPARABLE.get(str(one["statistic"]), fact.unit)
            if fact.unit != needed:
                raise InputError(
                    f"fact {fact.id!r} is in {fact.unit}, and {indicator.id!r} is a {one['statistic']}, so they cannot "
                    f"stand side by side; take {indicator.id} out of its benchmarks in data/facts"
                )
            rows.append({**_survey_cells(indicator, one, survey), **cells})
    return rows


def _survey_cells(indicator: Indicated, row: Mapping[Any, Any], population: Label) -> dict[str, Any]:
    named = ("result_id", "round", "statistic", "estimate", "low", "high", "n", "reason")
    return {
        "indicator": indicator.id,
        "label": dict(indicator.label),
        **{name: row[name] for name in named},
        "survey_cell": {language: _SURVEY[language].format(population=population[language]) for language in _SURVEY},
    }


def _fact_cells(fact: Fact, facts: Facts, indicator: str) -> dict[str, Any]:
    complement = fact.benchmarks[indicator] == "complement"
    value = 100 - fact.value if complement else fact.value
    who = facts.population(fact.population)
    return {
        "fact": fact.id,
        "fact_value": float(value / 100 if fact.unit == "percent" else value),
        "fact_cell": {name: fact_text(fact, who, name, complement=complement) for name in REPORT_LANGUAGES},
        "population": fact.population,
        "unchecked": not fact.checked_by,
    }
