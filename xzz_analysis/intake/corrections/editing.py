"""A table while it is corrected: cells are read and written by place, all columns of an answer together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.intake.corrections.log import REMOVED_WORD
from xzz_analysis.intake.corrections.places import Place, mark, marks, option_names

_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass
class Editing:
    """Cells that were changed, over a frame that never is.

    Attributes
    ----------
    frame : DataFrame of str
    changed : dict of str to dict of int to str
        Header → row → text.
    added : dict of str to object array
        Columns for options that the export had no column of.
    """

    frame: pd.DataFrame
    changed: dict[str, dict[int, str]] = field(default_factory=dict)
    added: dict[str, np.ndarray] = field(default_factory=dict)
    _written_as: dict[str, tuple[str, str]] = field(default_factory=dict)
    _arrays: dict[str, Any] = field(default_factory=dict)

    def made(self, stay: np.ndarray) -> pd.DataFrame:
        """The corrected frame of the rows that stay, with a new ``RangeIndex``; added columns come last."""
        columns = {}
        for header in dict.fromkeys([*self.changed, *self.added]):
            kept = self.added[header] if header in self.added else self.frame[header].array
            cells = pd.array(kept, dtype=_TEXT, copy=True)
            edits = self.changed.get(header, {})
            if edits:
                cells[np.array(list(edits))] = list(edits.values())
            columns[header] = cells
        return self.frame.assign(**columns).loc[stay].reset_index(drop=True)

    def held(self, row: int, place: Place) -> str:
        """What a place holds: ``""`` when it is empty, the chosen options joined by spaces for a select-multiple."""
        if place.option:
            return self._marks(row, place).get(place.option, "")
        if place.question.kind == "select_multiple" and place.options:
            return " ".join(name for name, chosen in self._marks(row, place).items() if chosen == "1")
        text = self._get(row, place.whole)
        return "" if text == REMOVED_WORD else text

    def state(self, row: int, place: Place) -> object:
        """All that the question's columns say, in a form that can be compared."""
        if place.question.kind == "select_multiple" and place.options:
            known = self._marks(row, place)
            absent = "0" if any(known.values()) else ""
            return {name: known.get(name, absent) for name in {*known, *option_names(place.question)}}
        return replace(place, option="").plain(self._get(row, place.whole))

    def write(self, row: int, place: Place, new: str) -> None:
        """Write an answer, or :data:`REMOVED_WORD` to take it out, in every column of the question."""
        if place.question.kind != "select_multiple":
            self._put(row, place.whole, new)
        elif place.option:
            self._write_option(row, place, "" if new == REMOVED_WORD else new)
        elif new == REMOVED_WORD:
            for header in place.headers:
                self._put(row, header, REMOVED_WORD)
        else:
            self._write_marks(row, place, dict.fromkeys(place.options, "0") | dict.fromkeys(new.split(), "1"))

    def _write_option(self, row: int, place: Place, new: str) -> None:
        """Mark one option. Choosing it answers the question: what was unknown of the others is then not chosen."""
        known = self._marks(row, place)
        if new == "1":
            known = {name: chosen or "0" for name, chosen in known.items()}
        known[place.option] = new
        if any(known.values()):
            self._write_marks(row, place, known)
        else:
            self.write(row, replace(place, option=""), REMOVED_WORD)

    def _write_marks(self, row: int, place: Place, known: Mapping[str, str]) -> None:
        headers = self._option_headers(place, known) if place.options else {}
        for name, header in headers.items():
            yes, no = self._words(place)
            self._put(row, header, {"1": yes, "0": no, "": ""}[known.get(name, "0")])
        if not place.options and "1" not in known.values():
            self._put(row, place.whole, REMOVED_WORD)
        elif place.whole:
            earlier = [word for word in self._get(row, place.whole).split() if known.get(word) == "1"]
            chosen = dict.fromkeys([*earlier, *(name for name, one in known.items() if one == "1")])
            self._put(row, place.whole, " ".join(chosen))

    def _marks(self, row: int, place: Place) -> dict[str, str]:
        """Option → ``1``, ``0`` or ``""``; an option without a column is not chosen where the others are known."""
        if place.options:
            known = {name: mark(self._get(row, header)) for name, header in self._option_headers(place).items()}
        else:
            words = self._get(row, place.whole).split()
            words = [] if words == [REMOVED_WORD] else words
            known = dict.fromkeys(words, "1")
        if place.option and place.option not in known:
            known[place.option] = "0" if any(known.values()) else ""
        return known

    def _option_headers(self, place: Place, wanted: Collection[str] = ()) -> dict[str, str]:
        """Option → header, with a new column for each wanted option that has none."""
        headers = dict(place.options)
        ends = (header.removesuffix(name) for name, header in headers.items() if header.endswith(name))
        start = next(ends, f"{place.question.name}/")
        for name in (option.name for option in place.question.options):
            header = f"{start}{name}"
            if name not in headers and (header in self.added or name in wanted):
                if header not in self.added:
                    self.added[header] = self._not_chosen(place)
                headers[name] = header
        return headers

    def _not_chosen(self, place: Place) -> np.ndarray:
        """A column for an option that nobody chose: no where the question was answered, empty elsewhere."""
        header = next(iter(place.options.values()))
        cells = np.where(marks(self.frame[header]) == "", "", self._words(place)[1]).astype(object)
        for row, text in self.changed.get(header, {}).items():
            cells[row] = text if text == REMOVED_WORD else "" if mark(text) == "" else self._words(place)[1]
        return cells

    def _words(self, place: Place) -> tuple[str, str]:
        """How the export writes that an option is chosen, and that it is not."""
        name = place.question.name
        if name not in self._written_as:
            headers = list(place.options.values())
            used = {str(text) for header in headers for text in self.frame[header].unique()}
            pairs = [("1", "0"), ("TRUE", "FALSE"), ("True", "False"), ("true", "false"), ("1.0", "0.0")]
            self._written_as[name] = next((pair for pair in pairs if used & set(pair)), pairs[0])
        return self._written_as[name]

    def _get(self, row: int, header: str) -> str:
        edits = self.changed.get(header, {})
        if row in edits:
            return edits[row]
        if header not in self._arrays:
            self._arrays[header] = self.added[header] if header in self.added else self.frame[header].array
        return str(self._arrays[header][row])

    def _put(self, row: int, header: str, text: str) -> None:
        self.changed.setdefault(header, {})[row] = text
