"""Columns of an export → questions and options of the form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.intake.answers import Question

GROUP_SEPARATORS = "/-:"
"""Kobo writes ``group/question``, ODK Central ``group-question``, ODK Aggregate ``group:question``."""
OPTION_SEPARATORS = "/._"

_SYSTEM = re.compile(
    r"_.*|meta[/:-].*|formhub[/:-].*|(instanceID|instanceName|KEY|PARENT_KEY|SET-OF-.*|SubmissionDate"
    r"|SubmitterID|SubmitterName|AttachmentsPresent|AttachmentsExpected|Status|ReviewState|DeviceID|Edits"
    r"|FormVersion|deviceid|username|phonenumber|simserial|subscriberid|start|end|today)",
    re.I,
)
"""Columns that Kobo and ODK add by themselves."""


@dataclass(frozen=True)
class Columns:
    """Where the answers of each question are.

    Attributes
    ----------
    whole : dict
        Question → its own column.
    options : dict
        Select-multiple question → option → its 0/1 column.
    unlisted : dict
        Select-multiple question → what stands in the option's place → column, where the list of the
        form has no such option.
    unaccented : tuple of str
        Columns that were matched only after accents were dropped.
    unknown : tuple of str
        Columns that belong to no question and that the platform did not add.
    """

    whole: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    unlisted: dict[str, dict[str, str]] = field(default_factory=dict)
    unaccented: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __contains__(self, question: str) -> bool:
        return question in self.whole or question in self.options


def match_columns(headers: Sequence[str], questions: Mapping[str, Question]) -> Columns:
    """Find the column or columns of every question.

    Parameters
    ----------
    headers : sequence of str
    questions : mapping of str to Question
        Questions of one unit, in form order.

    Returns
    -------
    Columns
        A question's own name wins over an option's column of the same spelling; group names in front
        are optional; accents are dropped only where nothing matches exactly.
    """
    exact = _addresses(questions, headers)
    folded = {fold(address): target for address, target in reversed(exact.items()) if not address.isascii()}
    whole: dict[str, str] = {}
    options: dict[str, dict[str, str]] = {}

    def place(header: str, target: tuple[str, str] | None) -> bool:
        question, option = target or ("", "")
        taken = options.get(question, {}) if option else whole
        if target is None or (option or question) in taken:
            return False
        (options.setdefault(question, {}) if option else whole)[option or question] = header
        return True

    rest = [header for header in headers if not place(header, exact.get(header))]
    plain = {header: fold(header) for header in rest}
    unaccented = [header for header in rest if place(header, folded.get(plain[header]) or exact.get(plain[header]))]
    rest = [header for header in rest if header not in unaccented]
    unlisted = _unlisted(rest, questions)
    claimed = {header for found in unlisted.values() for header in found.values()}
    unknown = [header for header in rest if header not in claimed and not _SYSTEM.fullmatch(header)]
    return Columns(whole, options, unlisted, tuple(unaccented), tuple(unknown))


def _addresses(questions: Mapping[str, Question], headers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Spellings that a column may have → (question, option or ``""``); the earlier spelling wins."""
    starts = {header[: place.start()] for header in headers for place in re.finditer(r"[/._]", header)}
    starts |= {fold(start) for start in starts if not start.isascii()}
    addresses = {name: (name, "") for name in questions}
    for name, question in questions.items():
        for spelling in _spellings(question, questions):
            addresses.setdefault(spelling, (name, ""))
    multiple = [question for question in questions.values() if question.kind == "select_multiple"]
    for question in sorted(multiple, key=lambda question: -len(question.name)):
        used = [
            spelling for spelling in _spellings(question, questions) if fold(spelling) in starts or spelling in starts
        ]
        for start in (f"{spelling}{separator}" for spelling in used for separator in OPTION_SEPARATORS):
            for option in question.options:
                addresses.setdefault(f"{start}{option.name}", (question.name, option.name))
    return addresses


def _spellings(question: Question, questions: Mapping[str, Question]) -> Iterator[str]:
    """The question's name with none, some or all of its groups in front."""
    yield question.name
    original = re.sub(r"_\d{3}$", "", question.name)
    names = [question.name] if original not in questions else [question.name, original]
    for separator in GROUP_SEPARATORS:
        for first in range(len(question.group)):
            for name in names:
                yield separator.join((*question.group[first:], name))


def _unlisted(headers: Iterable[str], questions: Mapping[str, Question]) -> dict[str, dict[str, str]]:
    """Columns written ``question/x`` or ``question.x`` of a select-multiple whose list lacks ``x``."""
    spellings = {
        spelling: question.name
        for question in questions.values()
        if question.kind == "select_multiple"
        for spelling in _spellings(question, questions)
    }
    found: dict[str, dict[str, str]] = {}
    for header in headers:
        for place in re.finditer(r"[/.]", header):
            question = spellings.get(header[: place.start()])
            if question:
                found.setdefault(question, {})[header[place.end() :]] = header
    return found


def fold(text: str) -> str:
    """Text without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def find_column(headers: Iterable[str], name: str) -> str:
    """The column of that name, group names in front allowed; ``""`` when there is none."""
    endings = tuple(f"{separator}{name}" for separator in GROUP_SEPARATORS)
    near = [header for header in headers if header == name or header.endswith(endings)]
    return min(near, key=len, default="")


def need_column(headers: Sequence[str], name: str, *, file: str, why: str) -> str:
    """The column of that name; :class:`InputError` with the nearest name when there is none."""
    found = find_column(headers, name)
    if not found:
        raise InputError(
            f"{file} has no column {name!r}{suggest(name, headers)}; {why}; correct the name in study.yml, "
            "or export the column"
        )
    return found
