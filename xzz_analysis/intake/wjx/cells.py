"""Cells of one question → names of options, by the whole wording of an option and never by a part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xzz_analysis.intake.answers import Option
from xzz_analysis.intake.wjx.files import BLANK, SKIPPED, without_words
from xzz_analysis.intake.wjx.headings import plain

_LONGEST = 20
"""Parts of a cell that may belong together because an option or a respondent's words hold the separator."""

_HINT = re.compile(r"【[^】]*】")


@dataclass(frozen=True)
class Chosen:
    """What one cell says.

    Attributes
    ----------
    names : tuple of str
        Options, in the order of the cell.
    words : str
        What the respondent wrote beside an option.
    unread : tuple of str
        Parts of the cell that are no option.
    missing : str
        ``""``, ``(跳过)``, ``(空)`` or a declared code, which stands instead of an answer; ``None`` for an answer.
    """

    names: tuple[str, ...] = ()
    words: str = ""
    unread: tuple[str, ...] = ()
    missing: str | None = None


@dataclass(frozen=True)
class Wordings:
    """The options of a question by their wording.

    An option is found by its wording as written; where that fails, by the wording without differences of width,
    spaces and dashes; then without hints in 【…】. A wording that two options share finds neither. With ``coded``,
    the code of an option finds it before its wording does.
    """

    options: tuple[Option, ...]
    coded: bool = False
    seen: dict[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def _tables(self) -> tuple[dict[str, str], ...]:
        codes = ((option.code, option) for option in self.options if self.coded and option.code)
        tables = [_owners(codes, str.strip)]
        for fold in (str.strip, plain, _without_hints):
            labels = ((label, option) for option in self.options for label in option.label.values() if label.strip())
            tables.append(_owners(labels, fold))
        return tuple(tables)

    def find(self, text: str) -> str:
        """Name of the option with that wording, ``""`` when there is none or there are two."""
        known = self.seen.get(text)
        if known is None:
            codes, exact, folded, unhinted = self._tables
            bare = text.strip()
            known = codes.get(bare) or exact.get(bare) or folded.get(plain(text)) or ""
            known = known or unhinted.get(_without_hints(text)) or ""
            self.seen[text] = known
        return known

    def split_words(self, text: str) -> tuple[str, str]:
        """Option of ``其他〖…〗`` and the words in it; the option is ``""`` when there is none."""
        name = self.find(text)
        if name or not text.rstrip().endswith("〗"):
            return name, ""
        closed = text.rstrip()
        for place in (found.start() for found in re.finditer("〖", closed)):
            name = self.find(closed[:place])
            if name:
                return name, closed[place + 1 : -1].strip()
        return "", ""


def read_choice(text: str, wordings: Wordings, separator: str, kept: Collection[str] = ()) -> Chosen:
    """Options of one cell.

    Parameters
    ----------
    text : str
        ``看书┋其他【请注明】〖…〗``.
    wordings : Wordings
    separator : str
        ``┋`` or ``→``; ``""`` for one option per cell.
    kept : collection of str
        Texts that stand instead of an answer.

    Returns
    -------
    Chosen
        The cell is cut so that the fewest parts are unknown, then into the most parts: an option or a respondent's
        words may hold the separator themselves.
    """
    if text in ("", SKIPPED, BLANK) or text in kept:
        return Chosen(missing=text)
    parts = text.split(separator) if separator else [text]
    found = [wordings.split_words(part) for part in parts]
    if not all(name for name, _ in found):
        found, parts = _best_cut(parts, separator, wordings)
    names = dict.fromkeys(name for name, _ in found if name)
    unread = tuple(part for part, (name, _) in zip(parts, found, strict=True) if not name)
    return Chosen(tuple(names), "；".join(words for _, words in found if words), unread)


def explained(texts: Iterable[str], options: tuple[Option, ...], separator: str) -> tuple[int, int]:
    """How many cells the wordings of options explain whole, and how many their codes.

    Parameters
    ----------
    texts : iterable of str
        Answers.
    options : tuple of Option
    separator : str
        As for :func:`read_choice`.

    Returns
    -------
    int, int
        A cell that is a wording and a code is in both.
    """
    wordings, codes = Wordings(options), {option.code for option in options if option.code}
    text = number = 0
    for cell in texts:
        bare = without_words(cell)
        parts = {part.strip() for part in (bare.split(separator) if separator else [bare])}
        number += parts <= codes
        text += not read_choice(cell, wordings, separator).unread
    return text, number


def _best_cut(parts: Sequence[str], separator: str, wordings: Wordings) -> tuple[list[tuple[str, str]], list[str]]:
    """Join neighbouring parts so that the fewest are unknown, and then the most are left."""
    best: list[tuple[int, int, list[tuple[str, str]], list[str]]] = [(0, 0, [], [])]
    for end in range(1, len(parts) + 1):
        ways = []
        for start in range(max(0, end - _LONGEST), end):
            piece = separator.join(parts[start:end])
            option = wordings.split_words(piece)
            if option[0] or start == end - 1:
                unknown, count, options, pieces = best[start]
                ways.append((unknown + (not option[0]), count - 1, [*options, option], [*pieces, piece]))
        best.append(min(ways, key=lambda way: way[:2]))
    return best[-1][2], best[-1][3]


def _owners(wordings: Iterable[tuple[str, Option]], fold: Callable[[str], str]) -> dict[str, str]:
    """Folded wording → name of the one option that has it."""
    owners: dict[str, set[str]] = {}
    for wording, option in wordings:
        owners.setdefault(fold(wording), set()).add(option.name)
    return {wording: next(iter(names)) for wording, names in owners.items() if len(names) == 1}


def _without_hints(text: str) -> str:
    return plain(_HINT.sub("", text))
