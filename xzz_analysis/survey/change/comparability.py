"""Which questions may be compared between rounds: a crosswalk says so, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.intake.answers import Reason
from xzz_analysis.survey.estimate.items import Item, answers

Comparable = Mapping[Any, Any] | pd.DataFrame | None
"""What a user may write, see :func:`read_crosswalk`."""

_YES_NO = {"yes": True, "no": False, "是": True, "否": False}
_REQUIRED, _ALLOWED = ("question", "comparable"), ("question", "option", "comparable", "reason")


@dataclass(frozen=True)
class Crosswalk:
    """Questions and options that must not be compared.

    Attributes
    ----------
    refused : dict of (question, option) to str
        Why, in the crosswalk's words; option ``""`` is the whole question.
    """

    refused: dict[tuple[str, str], str]

    def refuses(self, question: str, option: str) -> bool:
        """Whether an option, or its whole question, is not comparable."""
        return (question, option) in self.refused or (question, "") in self.refused

    def why(self, question: str, option: str) -> str:
        """The crosswalk's words on an option, else on its question; ``""`` when it has none."""
        return self.refused.get((question, option), "") or self.refused.get((question, ""), "")


def read_crosswalk(comparable: Comparable) -> Crosswalk:
    """Read which questions are comparable; what the crosswalk does not name is.

    Parameters
    ----------
    comparable : mapping or DataFrame, optional
        ``{question: yes/no}`` or ``{(question, option): yes/no}``, where any other text is the reason why not; or a
        table with columns ``question`` and ``comparable``, and ``option`` and ``reason`` where there are any. Yes and
        no are True and False, or these words.

    Raises
    ------
    DesignError
        Columns that are absent or unknown, an entry that is neither yes nor no, two entries that contradict.
    """
    if comparable is None:
        return Crosswalk({})
    if not isinstance(comparable, Mapping | pd.DataFrame):
        raise DesignError(
            f"a crosswalk is a mapping {{question: yes or no}} or a table, not of type {type(comparable).__name__}"
        )
    rows = _table_rows(comparable) if isinstance(comparable, pd.DataFrame) else _mapping_rows(comparable)
    found: dict[tuple[str, str], bool] = {}
    refused: dict[tuple[str, str], str] = {}
    for question, option, answer, why in rows:
        place = (question, option)
        if found.setdefault(place, answer) != answer:
            raise DesignError(
                f"the crosswalk says both yes and no about {_named(*place)}, so it is not known whether its rounds may "
                "be compared; keep one entry"
            )
        if not answer:
            refused[place] = refused.get(place, "") or why
    return Crosswalk(refused)


def join_items(items: Sequence[Sequence[Item]], sizes: Sequence[int]) -> tuple[list[Item], dict[tuple[str, str], str]]:
    """Put the items of two or more rounds together, those with the same indicator and option.

    Parameters
    ----------
    items : sequence of sequences of Item
        Of the rows of each round; one that a round does not have was not asked there.
    sizes : sequence of int
        Rows of each round.

    Returns
    -------
    joined : list of Item
        Of the rows of all rounds, in the order of the first.
    versions : dict of (indicator, option) to str
        Items whose definition changed, with every version.
    """
    named = [{(item.indicator, item.option): item for item in some} for some in items]
    joined, versions = [], {}
    for place in dict.fromkeys(name for one in named for name in one):
        every = [one.get(place) for one in named]
        known = next(item for item in reversed(every) if item is not None)
        parts = [_part(item, known, size) for item, size in zip(every, sizes, strict=True)]
        y, reasons, below = (np.concatenate(some) for some in zip(*parts, strict=True))
        joined.append(Item(*place[:1], y, reasons, place[1], known.version, None if known.below is None else below))
        found = [item.version for item in every if item is not None]
        if len(set(found)) > 1:
            versions[place] = " → ".join(found)
    return joined, versions


def _part(item: Item | None, known: Item, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One round's answers, reasons and denominators of an item; not asked where the round has none."""
    nothing = np.full(size, np.nan)
    if item is None:
        return nothing, np.full(size, Reason.NOT_ASKED, np.int8), nothing
    y = answers(item)
    blank = np.where(np.isnan(y), Reason.BLANK, Reason.ANSWERED).astype(np.int8)
    return y, blank if item.reasons is None else item.reasons, nothing if item.below is None else item.below


def _mapping_rows(comparable: Mapping[Any, Any]) -> Iterable[tuple[str, str, bool, str]]:
    for place, given in comparable.items():
        if isinstance(place, tuple) and len(place) != 2:
            raise DesignError(f"the crosswalk names {place!r}; name a question, or (question, option)")
        question, option = place if isinstance(place, tuple) else (place, "")
        answer = _yes_no(given)
        why = given.strip() if answer is None and isinstance(given, str) else ""
        if answer is None and not why:
            raise DesignError(
                f"the crosswalk says {given!r} about {_named(str(question), str(option))}; "
                "write yes, no, or the reason why it is not comparable"
            )
        yield str(question), str(option), bool(answer), why


def _table_rows(comparable: pd.DataFrame) -> Iterable[tuple[str, str, bool, str]]:
    names = list(map(str, comparable.columns))
    for name in _REQUIRED:
        if name not in names:
            raise DesignError(f"the crosswalk has no column {name!r}{suggest(name, names)}")
    for name in names:
        if name not in _ALLOWED:
            raise DesignError(
                f"the crosswalk has a column {name!r}{suggest(name, _ALLOWED)}; its columns are {', '.join(_ALLOWED)}"
            )
    table = comparable.reindex(columns=list(_ALLOWED)).astype(object)
    table = table.where(table.notna(), "")
    for question, option, given, why in table.itertuples(index=False, name=None):
        answer = _yes_no(given)
        if answer is None:
            raise DesignError(
                f"the crosswalk says {given!r} about {_named(str(question), str(option))}; write yes or no in its "
                "column 'comparable'"
            )
        yield str(question), str(option), answer, str(why)


def _yes_no(given: Any) -> bool | None:
    if isinstance(given, str):
        return _YES_NO.get(given.strip().lower())
    return bool(given) if given in (True, False) else None


def _named(question: str, option: str) -> str:
    return f"option {option!r} of {question!r}" if option else f"question {question!r}"
