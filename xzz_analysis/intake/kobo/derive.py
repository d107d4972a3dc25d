"""Answers without a form → the questions they must have come from, for a person to check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

import pandas as pd

from xzz_analysis.intake.answers import Kind, Option, Question
from xzz_analysis.intake.form import Form

MAX_OPTIONS = 40
"""More distinct answers than this are no list of options."""

_SYSTEM = re.compile(
    r"_.*|(meta|formhub|__system)/.*|instanceID|instanceName|rootUuid|KEY|PARENT_KEY|deviceid|username|phonenumber"
    r"|simserial|subscriberid|start|end|today",
    re.I,
)
_LINK = re.compile(r"KEY|PARENT_KEY|_(index|id|uuid|parent_.*|submission_.*)")
_PATTERNS: dict[Kind, re.Pattern[str]] = {
    "integer": re.compile(r"[+-]?(0|[1-9][0-9]{0,8})"),
    "decimal": re.compile(r"[+-]?(0|[1-9][0-9]{0,8})(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?"),
}
"""Numbers with a zero in front, or with ten digits or more, are identifiers and stay text."""
_OTHER = re.compile(r"_oth(er)?$")
_OPTION = re.compile(r"[\w.-]{1,40}")


def derive_form(
    title: str,
    frames: Mapping[str, pd.DataFrame],
    paths: Mapping[str, str] | None = None,
    kinds: Mapping[str, Mapping[str, Kind]] | None = None,
) -> Form:
    """Derive a form from the content of a Kobo or ODK export.

    Parameters
    ----------
    title : str
    frames : mapping of str to DataFrame of str
        The main table under ``""``, repeats by name.
    paths : mapping of str to str, optional
        Table → its path (``household/member``), for the groups around its questions.
    kinds : mapping of str to mapping of str to Kind, optional
        Table → column → its kind, where that is known.

    Returns
    -------
    Form
        Names without groups; kinds told from the answers: a number, a date, a few words that come again
        (select_one), such words joined by spaces (select_multiple), and otherwise text. Options are in the order
        of how often they are chosen. Nobody has checked it: wording, labels and skip logic are unknown.
    """
    questions: dict[str, Question] = {}
    for table, frame in frames.items():
        path = (paths or {}).get(table, table)
        known = (kinds or {}).get(table, {})
        for header in map(str, frame.columns):
            if _added_by_the_platform(header, table):
                continue
            *group, name = re.split(r"[/:]", header)
            kind, options = _kind(frame[header], known.get(header))
            if _OTHER.search(name) and _OTHER.sub("", header) in frame:
                kind, options = "text", ()
            free = _free_name(name, questions)
            outer = group or [part for part in path.split("/") if part]
            questions[free] = Question(free, kind, options=options, group=tuple(outer), repeat=table)
    return Form(title, "", (), questions, tuple(name for name in frames if name), ())


def _added_by_the_platform(header: str, table: str) -> bool:
    """Whether a column is no question; inside a repeat of JSON only the links are none."""
    return bool((_LINK if table else _SYSTEM).fullmatch(header))


def _free_name(name: str, taken: Collection[str]) -> str:
    """The name, numbered as Kobo numbers a name that occurs again."""
    again, free = 0, name
    while free in taken:
        again += 1
        free = f"{name}_{again:03d}"
    return free


def _kind(column: pd.Series, known: Kind | None) -> tuple[Kind, tuple[Option, ...]]:
    """Kind of a question and its options, from its answers."""
    answers: Counter[str] = Counter()
    for cell, count in column.value_counts().items():
        answers.update({str(cell).strip(): int(count)})
    del answers[""]
    words: Counter[str] = Counter()
    for answer, count in answers.items():
        words.update(dict.fromkeys(answer.split(), count))
    if known:
        return known, _options(words) if known == "select_multiple" else ()
    for kind, pattern in _PATTERNS.items():
        if answers and all(map(pattern.fullmatch, answers)):
            return kind, ()
    if _comes_again(Counter({answer.replace("/", ""): count for answer, count in answers.items()})):
        return "select_one", _options(answers)
    once = all(len(set(parts)) == len(parts) for parts in map(str.split, answers))
    if once and _comes_again(words):
        return "select_multiple", _options(words)
    return "text", ()


def _comes_again(counts: Counter[str]) -> bool:
    """Whether the words are few, look like names of options and come three times on average."""
    few = 0 < len(counts) <= MAX_OPTIONS and counts.total() >= 3 * len(counts)
    return few and all(map(_OPTION.fullmatch, counts))


def _options(counts: Counter[str]) -> tuple[Option, ...]:
    return tuple(Option(name) for name, _ in counts.most_common())
