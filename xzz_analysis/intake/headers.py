"""Columns of an export → questions and options of the form."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

_IN_R = re.compile(
    r"X\.?(_(?:submission__)?(?:id|uuid|submission_time|submitted_by|validation_status|notes|status|tags|_version__"
    r"|index|attachments|edited|geolocation|duration|version_|xform_id_string|bamboo_dataset_id|media_count"
    r"|total_media|media_all_received|date_modified|parent_index|parent_table_name))"
    r"|(meta|formhub)\.((?:instance|deprecated)ID|instanceName|rootUuid|uuid|audit)"
)
"""Those of them that R writes otherwise, as it writes them."""

_MARK = re.compile("^(?:\ufeff|ï»¿|X\\.U\\.FEFF\\.|ï\\.\\.)+")
"""A byte order mark before the first header, as written, read in Latin-1, and as R writes the two."""

_RESERVED = re.compile("if|else|repeat|while|function|for|next|break|in|TRUE|FALSE|NULL|Inf|NaN|NA")
"""Words that R puts a dot behind."""


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
    starts = _starts(headers)
    starts |= {fold(start) for start in starts if not start.isascii()}
    exact = _addresses(questions, lambda spelling: fold(spelling) in starts or spelling in starts)
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


def _starts(headers: Iterable[str]) -> set[str]:
    """What stands in front of a separator of options."""
    return {header[: place.start()] for header in headers for place in re.finditer(r"[/._]", header)}


def _addresses(questions: Mapping[str, Question], used: Callable[[str], bool]) -> dict[str, tuple[str, str]]:
    """Spellings that a column may have → (question, option or ``""``); the earlier spelling wins.

    Options are spelled out behind those spellings of their question only that are ``used``.
    """
    addresses = {name: (name, "") for name in questions}
    for name, question in questions.items():
        for spelling in _spellings(question, questions):
            addresses.setdefault(spelling, (name, ""))
    multiple = [question for question in questions.values() if question.kind == "select_multiple"]
    for question in sorted(multiple, key=lambda question: -len(question.name)):
        spellings = filter(used, _spellings(question, questions))
        for start in (f"{spelling}{separator}" for spelling in spellings for separator in OPTION_SEPARATORS):
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


def restore(headers: Sequence[str], questions: Mapping[str, Question]) -> dict[str, str]:
    """What columns were called before another program wrote them.

    Parameters
    ----------
    headers : sequence of str
    questions : mapping of str to Question
        Questions of the form.

    Returns
    -------
    dict of str to str
        Header → its name, ``question/option`` for an option, for those only that are written otherwise: behind a byte
        order mark, or as R's ``make.names`` writes names, a dot for what is no letter, digit, dot or underscore, and X
        in front of what may not begin a name (R Core Team, R: A Language and Environment for Statistical Computing,
        ``help(make.names)``). A header that two names could have become, and a name that two headers or a column of
        its own could be, are left alone.
    """
    bare = {header: _MARK.sub("", header) for header in headers}
    columns = match_columns(list(bare.values()), questions)
    strange = {*columns.unknown, *(header for found in columns.unlisted.values() for header in found.values())}
    taken = {*columns.whole, *(f"{name}/{option}" for name, found in columns.options.items() for option in found)}
    written = _as_in_r(strange, questions) if strange else {}
    names = {}
    for header, text in bare.items():
        known = written.get(text, set()) if text in strange else set()
        names[header] = next(iter(known)) if len(known) == 1 else text
    often = Counter(names.values())
    return {
        header: name
        for header, name in names.items()
        if name != header and often[name] == 1 and (name not in taken or name == bare[header])
    }


def _as_in_r(headers: Iterable[str], questions: Mapping[str, Question]) -> dict[str, set[str]]:
    """Names as R writes them → what they may have been: questions, options, and what platforms add."""
    starts = _starts(headers)
    used = _addresses(questions, lambda spelling: r_name(spelling) in starts)
    names = {address: f"{question}/{option}" if option else question for address, (question, option) in used.items()}
    parts = [f"_{name}_{part}" for name in questions for part in ("latitude", "longitude", "altitude", "precision")]
    written: dict[str, set[str]] = {}
    for address, name in (names | dict(zip(parts, parts, strict=True))).items():
        for text in (address, f"\ufeff{address}"):
            written.setdefault(r_name(text), set()).add(name)
    for header in headers:
        if found := _IN_R.fullmatch(header):
            written.setdefault(header, set()).add(found[1] or f"{found[2]}/{found[3]}")
    return written


def r_name(name: str) -> str:
    """A name as R's ``make.names`` writes it."""
    written = re.sub(r"[^\w.]", ".", name)
    begins = re.match(r"[^\W\d_]|\.(?!\d)", name)
    return (written if begins else f"X{written}") + ("." if _RESERVED.fullmatch(name) else "")


def fold(text: str) -> str:
    """Text without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def find_column(headers: Iterable[str], name: str) -> str:
    """The column of that name, group names in front allowed; ``""`` when there is none.

    Where there is none, a column that another program wrote otherwise (:func:`restore`), if there is one only; and
    the other way round, where ``name`` is as the other program wrote it.
    """
    endings = tuple(f"{separator}{name}" for separator in GROUP_SEPARATORS)
    known = list(headers)
    near = [header for header in known if header == name or header.endswith(endings)]
    if near:
        return min(near, key=len)
    written = (name, r_name(name), r_name(f"\ufeff{name}"))
    again = [header for header in known if _MARK.sub("", header) in written or r_name(header) == name]
    return again[0] if len(again) == 1 else ""


def need_column(headers: Sequence[str], name: str, *, file: str, why: str) -> str:
    """The column of that name; :class:`InputError` with the nearest name when there is none."""
    found = find_column(headers, name)
    if not found:
        raise InputError(
            f"{file} has no column {name!r}{suggest(name, headers)}; {why}; correct the name in study.yml, "
            "or export the column"
        )
    return found
