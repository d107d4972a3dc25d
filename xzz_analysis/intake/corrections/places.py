"""Where a correction's question is in an export, what its cell holds, and how a new value is written there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.errors import suggest
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.corrections.log import NOTHING, REMOVED_WORD
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form

_YES, _NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SEPARATOR = re.compile(r"[/.]")


@dataclass(frozen=True)
class Place:
    """A question in one export, or one option of it.

    Attributes
    ----------
    question : Question
        Of kind ``column`` for a column that is no question.
    whole : str
        Header of the question's own column, ``""`` when a select-multiple has none.
    options : mapping of str to str
        Option → header of its column.
    option : str
        The option that is corrected alone, ``""`` for the whole question.
    """

    question: Question
    whole: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    option: str = ""

    @property
    def name(self) -> str:
        """``question`` or ``question/option``."""
        return f"{self.question.name}/{self.option}" if self.option else self.question.name

    @property
    def multiple(self) -> bool:
        """Whether it is a whole select-multiple question."""
        return self.question.kind == "select_multiple" and not self.option

    @property
    def headers(self) -> tuple[str, ...]:
        """Every column that holds a part of the answer."""
        return (*((self.whole,) if self.whole else ()), *self.options.values())

    def same(self, left: str, right: str) -> bool:
        """Whether two texts say the same: 3 and 3.0, options in any order, an option and its label."""
        return self.plain(left) == self.plain(right)

    def plain(self, text: str) -> object:
        """What a text says, in a form that can be compared."""
        text = text.strip()
        if text in ("", REMOVED_WORD, NOTHING):
            return ""
        if self.option:
            return mark(text)
        if self.question.kind == "select_multiple":
            return frozenset(self.words(text))
        if self.question.kind == "select_one":
            return number_or_text(option_name(self.question, text))
        if self.question.kind == "date":
            return text[:10] if _DAY.match(text) else text
        return text if self.question.kind == "text" else number_or_text(text)

    def words(self, text: str) -> list[str]:
        """Names of the options in a cell of a select-multiple."""
        one = option_name(self.question, text)
        return [one] if one in option_names(self.question) else text.split()

    def objection(self, new: str) -> str:
        """Why a new value cannot be an answer, ``""`` when it can; no value is shown but a slip of an option."""
        kind, known = self.question.kind, option_names(self.question)
        if self.option:
            return "" if mark(new) in ("0", "1") else "give an option neither 1 nor 0"
        if kind in ("select_one", "select_multiple") and known:
            words = self.words(new) if kind == "select_multiple" else [option_name(self.question, new)]
            strange = [word for word in words if word not in known]
            slip = next((f" ({word}){suggest(word, known)}" for word in strange if suggest(word, known)), "")
            return f"name an option that its list lacks{slip}" if strange else ""
        number = number_or_text(new)
        if kind in ("integer", "decimal") and isinstance(number, str):
            return "give no number"
        if kind == "integer" and not float(number).is_integer():  # type: ignore[arg-type]
            return "give no whole number"
        if kind == "date" and pd.isna(pd.to_datetime(new, format="%Y-%m-%d", errors="coerce")):
            return "give no day written YYYY-MM-DD"
        return ""

    def written(self, new: str) -> str:
        """A new value as the export writes it."""
        if self.option:
            return str(mark(new))
        if self.question.kind == "select_multiple":
            return " ".join(dict.fromkeys(self.words(new)))
        return option_name(self.question, new) if self.question.kind == "select_one" else new


@dataclass(frozen=True)
class Places:
    """All places of an export.

    Attributes
    ----------
    by_name : dict of str to Place
        Questions, and columns that are no question, by name; those first.
    by_header : dict of str to Place
        The same and single options, by the header of their column.
    """

    by_name: Mapping[str, Place]
    by_header: Mapping[str, Place]

    def find(self, text: str) -> Place | None:
        """The place that a log names by question, by column, or as ``question/option`` or ``question.option``."""
        if text in self.by_name or text in self.by_header:
            return self.by_name.get(text) or self.by_header[text]
        for separator in _SEPARATOR.finditer(text):
            place = self.by_name.get(text[: separator.start()])
            option = text[separator.end() :]
            if place and place.multiple and option in {*place.options, *option_names(place.question)}:
                return Place(place.question, place.whole, place.options, option)
        return None

    def near(self, text: str) -> str:
        """``"; did you mean 'x'?"`` for the nearest name."""
        for separator in _SEPARATOR.finditer(text):
            place = self.by_name.get(text[: separator.start()])
            if place and place.multiple:
                return suggest(text, (f"{place.question.name}/{name}" for name in option_names(place.question)))
        return suggest(text, self.by_name)


def key_column(export: Export, key: str) -> str:
    """Header of the key, group names in front allowed; :class:`InputError` when there is none."""
    from xzz_analysis.intake.headers import need_column  # that room may itself apply corrections

    why = "without it no correction finds its record"
    return need_column([str(header) for header in export.frame.columns], key, file=export.file, why=why)


def places_of(export: Export, key: str) -> Places:
    """Find every question of an export; the key has no place, because it is never corrected."""
    from xzz_analysis.intake.headers import match_columns  # that room may itself apply corrections

    headers = [str(header) for header in export.frame.columns if header != key]
    columns = match_columns(headers, export.form.questions)
    by_name: dict[str, Place] = {}
    by_header: dict[str, Place] = {}
    for name, question in export.form.questions.items():
        if name in columns:
            options = {**columns.options.get(name, {}), **columns.unlisted.get(name, {})}
            place = Place(question, columns.whole.get(name, ""), options)
            by_name[name] = place
            by_header |= {header: Place(question, place.whole, options, one) for one, header in options.items()}
            by_header |= {place.whole: place} if place.whole else {}
    rest = {header: Place(Question(header, "column"), header) for header in headers if header not in by_header}
    return Places({**rest, **by_name}, {**rest, **by_header})


def form_places(form: Form) -> Places:
    """Every question of a form, in no particular export."""
    by_name: dict[str, Place] = {}
    for name, question in form.questions.items():
        multiple = question.kind == "select_multiple"
        options = {option: f"{name}/{option}" for option in option_names(question)} if multiple else {}
        by_name[name] = Place(question, "" if options else name, options)
    return Places(by_name, {})


def mark(text: str) -> str:
    """``1`` or ``0`` of an option's cell however it is written, ``""`` when it is neither."""
    plain = text.strip().lower()
    return "1" if plain in _YES else "0" if plain in _NO else ""


def marks(column: pd.Series) -> np.ndarray:
    """``1``, ``0``, ``""`` or the word of a removed answer for every cell of an option's column."""
    codes, texts = pd.factorize(column)
    plain = [REMOVED_WORD if text == REMOVED_WORD else mark(str(text)) for text in texts]
    return np.array([*plain, ""], dtype=object)[codes]


def number_or_text(text: str) -> float | str:
    """The number that a text is, else the text."""
    return float(text) if _NUMBER.fullmatch(text) else text


def option_names(question: Question) -> tuple[str, ...]:
    """Names of a question's options."""
    return tuple(option.name for option in question.options)


def option_entry(option: Option) -> str:
    """An option as the drop-downs of the workbook show it: its name, and its label in every language."""
    labels = dict.fromkeys(text.strip() for text in option.label.values() if text.strip() not in ("", option.name))
    return " · ".join((option.name, *labels))


def option_name(question: Question, text: str) -> str:
    """Name of the option that a text is the name, the entry in a drop-down or the only such label of; else the text."""
    text = text.strip()
    if text in option_names(question):
        return text
    found = [option.name for option in question.options if text == option_entry(option)]
    found = found or [option.name for option in question.options if text in _labels(option)]
    found = found or [name for name in option_names(question) if number_or_text(name) == number_or_text(text)]
    return found[0] if len(found) == 1 else text


def _labels(option: Option) -> Iterable[str]:
    return (label.strip() for label in option.label.values())
