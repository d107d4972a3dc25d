"""What a fact and a definition of the population say."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from xzz_analysis.declaration import Declaration
from xzz_analysis.language import Label
from xzz_analysis.study import BothLanguages, Name

UNITS: dict[str, Label] = {
    "person": {"zh": "{value}人", "en": "{value} persons"},
    "ten_thousand_persons": {"zh": "{value}万人", "en": "{value} × 10,000 persons"},
    "hundred_million_persons": {"zh": "{value}亿人", "en": "{value} × 100 million persons"},
    "percent": {"zh": "{value}%", "en": "{value}%"},
    "yuan_per_month": {"zh": "每月{value}元", "en": "{value} yuan a month"},
    "year_of_age": {"zh": "{value}岁", "en": "{value} years of age"},
    "square_metre": {"zh": "{value}平方米", "en": "{value} m²"},
    "family": {"zh": "{value}户", "en": "{value} families"},
}
"""Unit → how a value in it is written. A value is kept in the unit it was published in."""

NATIONWIDE: Label = {"zh": "全国", "en": "China"}


def _matching(pattern: str, said: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(said)
        return text

    return AfterValidator(check)


Written = Annotated[str, _matching(r"(?s).*\S.*", "write it: a figure without it cannot be quoted")]
Year = Annotated[str, _matching(r"(19|20)\d\d(-(19|20)\d\d)?", "write a year, 2020, or two, 2022-2023")]
Day = Annotated[str, _matching(r"20\d\d(-\d\d(-\d\d)?)?", "write the day it was read, 2026-03-01 (or 2026-03, 2026)")]
Stripped = Annotated[str, AfterValidator(str.strip)]
Place = Annotated[str, _matching(r"CN|\d{6}", "write CN, or the six digits of the division (GB/T 2260)")]
Address = Annotated[str, _matching(r"https?://\S+", "write the address of the page that was read, http://…")]


class Population(Declaration):
    """One definition of who is counted.

    Attributes
    ----------
    id : str
    label, definition : mapping of language code to text
        What it is called in a heading, and who exactly is counted: ages, boundary crossed, months, source.
    checked_by : str
        Who compared the definition with its publisher's; empty = nobody yet.
    """

    id: Name
    label: BothLanguages
    definition: BothLanguages
    checked_by: Stripped = ""


class Fact(Declaration):
    """One published figure.

    Attributes
    ----------
    id : str
    value : Decimal
        As published, every digit kept; write it in quotes.
    unit : str
        A key of :data:`UNITS`.
    what, definition : mapping of language code to text
        What the figure is, in a few words; how it is counted, beyond who is counted.
    population : str
        Id of the definition of who is counted.
    year : str
        Year, or first and last year, that the figure is about.
    place : str
        ``CN`` or the code of a division, with ``place_label``.
    publisher, url, accessed
        Who published it, the page that was read, and when.
    read_from : "original" or "copy"
        Whether that page is the publisher's own.
    checked_by : str
        Who compared it with the publisher's own page; empty = nobody yet, a red line in reports.
    licence : str
    derived : str
        How it was computed where it is not printed as such.
    benchmarks : dict
        Indicator → ``as_is``, or ``complement`` where 100 % minus the figure is comparable.
    """

    id: Name
    value: Decimal
    unit: str
    what: BothLanguages
    definition: BothLanguages
    population: Name
    year: Year
    place: Place = "CN"
    place_label: BothLanguages = Field(default_factory=lambda: dict(NATIONWIDE))
    publisher: BothLanguages
    url: Address
    accessed: Day
    read_from: Literal["original", "copy"]
    checked_by: Stripped = ""
    licence: Written
    derived: str = ""
    benchmarks: dict[str, Literal["as_is", "complement"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.unit not in UNITS:
            raise ValueError(f"unit {self.unit!r} is not one of {', '.join(UNITS)}")
        if not self.value.is_finite():
            raise ValueError(f"value {self.value} is no number")
        if self.unit == "percent" and not 0 <= self.value <= 100:
            raise ValueError(f"value {self.value} is no percentage; write a number from 0 to 100")
        if "complement" in self.benchmarks.values() and self.unit != "percent":
            raise ValueError("only a percentage has a complement")
        if self.place != "CN" and self.place_label == NATIONWIDE:
            raise ValueError(f"place {self.place} has no place_label; write its name in both languages")
        return self
