"""How the rows of a file came in: who asked, from where, when, and which texts and constraints tell of haste."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.headers import need_column
from xzz_analysis.intake.links import Arrival, Sheet
from xzz_analysis.intake.quality import MINUTES
from xzz_analysis.intake.sources import SOURCES
from xzz_analysis.intake.table.cells import Cells
from xzz_analysis.intake.table.logic import names_in
from xzz_analysis.study import Table

TIMES = ("start", "end", "submitted")
UTC_HEADERS = ("_submission_time", "__system/submissionDate", "SubmissionDate")
"""Times of a server that are written without an offset and mean UTC: those of Kobo and ODK Central."""

_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"
_SPACE = re.compile(r"[\s，。、；：,.;:!！?？()（）\[\]【】“”\"'‘’]+")


def role_headers(sheet: Sheet, table: Table) -> dict[str, str]:
    """Column of each role: of times the one that study.yml names, else the platform's own.

    Raises
    ------
    InputError
        study.yml names a column that the file lacks.
    """
    headers = list(sheet.frame.columns)
    found = {role: header for role, header in sheet.export.roles.items() if header in headers}
    for role in TIMES:
        if named := getattr(table, role):
            found[role] = need_column(headers, named, file=sheet.name, why=f"study.yml names it as {role}")
    return found


def submission(sheet: Sheet, table: Table, cells: Mapping[str, Cells], zone: str) -> pd.DataFrame:
    """Who asked, from where and when, one row per row of the sheet.

    Parameters
    ----------
    sheet : Sheet
        Sources are codes already; the door has seen to that.
    table : Table
    cells : mapping of str to Cells
        Typed questions; the minutes of interviews among them where they are known.
    zone : str
        The study's time zone.

    Returns
    -------
    DataFrame
        As :attr:`xzz_analysis.intake.quality.Records.submission`.
    """
    found: dict[str, pd.Series] = {}
    for role, header in role_headers(sheet, table).items():
        column = sheet.frame[header].str.strip()
        if role in TIMES:
            found[role] = local_times(column, zone, utc=header in UTC_HEADERS)
        elif role in SOURCES:
            found[role] = column
    if MINUTES in cells:
        found["seconds"] = pd.Series(60 * cells[MINUTES].values[MINUTES].astype(float))
    return pd.DataFrame(found, index=sheet.frame.index)


def local_times(column: pd.Series, zone: str, *, utc: bool = False) -> pd.Series:
    """Times as written → times in one zone, without offset; NaT where a cell holds none.

    Parameters
    ----------
    column : Series of str
        ISO 8601, with or without offset.
    zone : str
        Times with an offset are brought there; those without are taken to be there.
    utc : bool
        Whether times without an offset mean UTC.
    """
    codes, texts = pd.factorize(column)
    words = pd.Series(texts, dtype="str")
    moments = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True)
    there = moments.dt.tz_convert(zone).dt.tz_localize(None)
    plain = moments.dt.tz_localize(None)
    told = there if utc else there.where(words.str.contains(_OFFSET), plain)
    return pd.Series(told.to_numpy()[codes], index=column.index)


def text_hashes(cells: Mapping[str, Cells], questions: Mapping[str, Question], least: int) -> pd.DataFrame:
    """Hashes of free texts, 0 where a text has fewer than ``least`` characters, spaces apart; uint64."""
    found = {}
    for name, question in questions.items():
        if question.kind == "text" and name in cells:
            written = cells[name].seen
            long = np.fromiter(map(len, written), np.int64, len(written)) >= least
            codes, texts = pd.factorize(written[long])
            found[name] = np.zeros(len(written), np.uint64)
            found[name][long] = _hashes(texts.tolist(), least)[codes]
    return pd.DataFrame(found)


def _hashes(texts: Sequence[str], least: int) -> np.ndarray:
    """Hash of each text, 0 where it is short; all are made plain in one go, with a mark between them."""
    joined = "\0".join(texts)
    if joined.count("\0") >= len(texts):
        joined = "\0".join(text.replace("\0", " ") for text in texts)
    written = plain(joined).split("\0") if texts else []
    hashes = pd.util.hash_array(np.array(written, dtype=object), categorize=False) | np.uint64(1)
    hashes[np.fromiter(map(len, written), np.int64, len(written)) < least] = 0
    return hashes


def plain(text: str) -> str:
    """The text in one width and case, without spaces and punctuation."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def other_texts(questions: Mapping[str, Question]) -> dict[str, str]:
    """Text question that says what "other" is → the select question it belongs to.

    Its name begins with that of the question, and only that question's answer decides whether it is shown
    (``selected(${q}, 'other')``); or it is called ``q_other``.
    """
    found = {}
    for name, question in questions.items():
        if question.kind != "text":
            continue
        asked = set(names_in(question.relevant[-1])) if question.relevant else set()
        base = asked.pop() if len(asked) == 1 else name.removesuffix("_other")
        owner = questions.get(base)
        if owner is not None and owner.options and name.startswith(base):
            found[name] = base
    return found


def repeated_options(cells: Mapping[str, Cells], questions: Mapping[str, Question]) -> pd.DataFrame:
    """Other-texts that say what an option of their question says, in any language; bool."""
    found = {}
    for name, base in other_texts(questions).items():
        if name in cells:
            labels = {
                plain(text) for option in questions[base].options for text in (*option.label.values(), option.name)
            }
            codes, texts = pd.factorize(cells[name].seen)
            said = np.array([plain(str(text)) in labels - {""} for text in texts], dtype=bool)
            found[name] = said[codes]
    return pd.DataFrame(found)


def told(sheet: Sheet, cells: Mapping[str, Cells], broken: Mapping[str, np.ndarray], least: int) -> Arrival:
    """What the checks need of one file beside its answers.

    Parameters
    ----------
    sheet : Sheet
    cells : mapping of str to Cells
    broken : mapping of str to bool array
        Of :class:`~xzz_analysis.intake.table.logic.Logic`.
    least : int
        Fewest characters of a text that is compared.
    """
    questions = {name: one.question for name, one in cells.items()}
    return Arrival(
        broken=pd.DataFrame(dict(broken), index=sheet.frame.index),
        other_repeats=repeated_options(cells, questions),
        texts=text_hashes(cells, questions, least),
    )
