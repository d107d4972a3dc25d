"""The same sub-district under two spellings: matched when only the suffix differs, asked whenever it is not certain."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rapidfuzz import fuzz, process

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.places.directory.sheets import write_texts

NATIONS = "汉|回|满|蒙古|朝鲜|壮|苗|瑶|土家|侗|畲|彝|藏|白|傣|布依|黎|维吾尔|哈萨克|达斡尔|鄂温克|各"
SUFFIXES = re.compile(
    rf"(?:地区办事处|街道办事处|办事处|街道|地区|(?:(?:{NATIONS})族)*(?:民族)?乡|镇|"
    r"社区居民委员会|社区居委会|居民委员会|居委会|社区|村民委员会|村委会|村)$"
)
"""What is left out at the end of the name of a town or a community."""

_ABOVE = re.compile(r"(?:自治县|自治旗|市辖区|新区|市|区|县|旗)$")
_NOTHING = re.compile("(?!)")
_SHORTEST = 2
NONE = "none"
"""What a person writes for a name that is in no row of the other list."""

_CANDIDATES = 5
_LIKE, _VERY_LIKE = 50, 80
COLUMNS = ("id", "name", "within", "reason", "candidates", "decision")
"""Columns of the file in which a person decides."""


def stem(name: str, suffixes: re.Pattern[str] = SUFFIXES) -> str:
    """A name without its suffix (街道、地区、镇、乡、办事处、社区、村、居委会 …), of two characters at least."""
    whole = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    short = suffixes.sub("", whole)
    return short if len(short) >= _SHORTEST else whole


@dataclass(frozen=True, eq=False)
class NameMatch:
    """Which rows of two lists name the same place.

    Attributes
    ----------
    table : DataFrame
        Index: ids of the first list, sorted. Columns ``name``, ``within``, ``match`` (id of the second list or ``""``),
        ``how`` (``exact``, ``suffix``, ``decided`` or ``""``), ``reason`` (why there is no match: ``several``,
        ``shared``, ``unlike``; ``""`` otherwise) and ``candidates`` (tuple of ids, best first).
    names : Series of str
        Names of the second list, for people who decide.
    findings : tuple of Finding
        ``name_undecided`` (a warning) with the number of names for a person to decide.
    """

    table: pd.DataFrame
    names: pd.Series
    findings: tuple[Finding, ...]

    @property
    def undecided(self) -> pd.DataFrame:
        """Rows that a person has to decide, as :data:`COLUMNS`; candidates are written ``id name``."""
        rows = self.table[self.table["reason"] != ""].rename_axis("id").reset_index()
        shown = ["; ".join(f"{one} {self.names[one]}" for one in candidates) for candidates in rows.pop("candidates")]
        return rows.assign(candidates=shown, decision="")[list(COLUMNS)].astype("str")

    def write_undecided(self, path: Path) -> Path:
        """Write them to a workbook in which a person fills the column ``decision``; never over an existing file."""
        if path.exists():
            raise InputError(f"{path.name} exists, and somebody may have filled it; give another name")
        return write_texts(path, {"decisions": self.undecided})


def match_names(
    ours: pd.DataFrame, theirs: pd.DataFrame, decisions: Mapping[str, str] | None = None, where: str = "names"
) -> NameMatch:
    """Find the same places in two lists of names; what is not certain is listed and never guessed.

    Parameters
    ----------
    ours, theirs : DataFrame
        Index: ids (str, unique). Columns ``name`` and ``within`` (name of the district above, or ``""``).
    decisions : mapping of str to str, optional
        What a person decided: id of ours → id of theirs, or :data:`NONE`; see :func:`read_decisions`.
    where : str
        What is matched, for messages.

    Returns
    -------
    NameMatch
        A name matches exactly when it is the same text in the same district (县 or 区, which changes) and nobody else
        has it; by suffix when the stems are the same (:func:`stem`), of one row on each side without an exact match.

    Raises
    ------
    InputError
        Ids are not unique; a column is missing; a decision names an unknown id; two decisions name the same row.
    """
    for table, side in ((ours, "first"), (theirs, "second")):
        _check(table, f"{where}, {side} list")
    decided = dict(decisions or {})
    _check_decisions(decided, ours.index, theirs.index)
    ours, theirs = ours.sort_index(), theirs.sort_index()
    found = {key: ("" if match == NONE else match, "decided") for key, match in decided.items()}
    for how, keys in (("exact", _written), ("suffix", _stems)):
        free = theirs.drop([match for match, _ in found.values() if match])
        pairs = _only_partners(ours.drop(list(found)), free, keys)
        found |= {row: (match, how) for row, match in pairs.items()}
    table = ours[["name", "within"]].astype("str").rename_axis("id")
    table["match"] = pd.Series({row: match for row, (match, _) in found.items()}, dtype="str").reindex(
        table.index, fill_value=""
    )
    table["how"] = pd.Series({row: how for row, (_, how) in found.items()}, dtype="str").reindex(
        table.index, fill_value=""
    )
    asked = _questions(table[table["how"] == ""], theirs)
    table["reason"] = [asked.get(row, ("", ()))[0] for row in table.index]
    table["candidates"] = [asked.get(row, ("", ()))[1] for row in table.index]
    said = f"{len(asked):,} of {len(table):,} names have no certain match"
    remedy = "write them to a file (write_undecided), fill the column decision, and read it again"
    findings = (Finding("warning", "name_undecided", where, said, remedy, len(asked)),) if asked else ()
    return NameMatch(table, theirs["name"].astype("str"), findings)


def _check(table: pd.DataFrame, where: str) -> None:
    for column in ("name", "within"):
        if column not in table:
            raise InputError(f"{where}: no column {column!r}{suggest(column, map(str, table.columns))}; add it")
    if not table.index.is_unique:
        count = int(table.index.duplicated().sum())
        raise InputError(f"{where}: {count:,} rows share an id with another; give each its own")


def _check_decisions(decided: Mapping[str, str], ours: Collection[str], theirs: Collection[str]) -> None:
    for key, match in decided.items():
        for name, known in ((key, ours), (match, theirs)):
            if name not in known and name != NONE:
                raise InputError(
                    f"the decision {key!r} → {match!r} names {name!r}, which is no id{suggest(name, known)}"
                )
    taken = [match for match in decided.values() if match != NONE]
    twice = sorted({match for match in taken if taken.count(match) > 1})
    if twice:
        raise InputError(f"{len(twice)} row(s) of the second list are decided twice ({', '.join(twice[:5])}); keep one")


def _written(name: str, within: str) -> set[tuple[str, str]]:
    return {(stem(within, _ABOVE), stem(name, _NOTHING))}


def _stems(name: str, within: str) -> set[tuple[str, str]]:
    above = stem(within, _ABOVE)
    return {(above, stem(name)), (above, stem(name, _NOTHING))}


Keys = Callable[[str, str], set[tuple[str, str]]]


def _partners(rows: pd.DataFrame, others: pd.DataFrame, keys: Keys) -> dict[str, set[str]]:
    """Row → the rows of the other list that share a key with it."""
    index: dict[tuple[str, str], set[str]] = defaultdict(set)
    for other, name, within in zip(others.index, others["name"], others["within"], strict=True):
        for key in keys(str(name), str(within)):
            index[key].add(str(other))
    return {
        row: set().union(*(index.get(key, set()) for key in keys(str(name), str(within))))
        for row, name, within in zip(rows.index, rows["name"], rows["within"], strict=True)
    }


def _only_partners(ours: pd.DataFrame, theirs: pd.DataFrame, keys: Keys) -> dict[str, str]:
    """Pairs of rows that share a key with each other and with nobody else."""
    forward, backward = _partners(ours, theirs, keys), _partners(theirs, ours, keys)
    single = {row: next(iter(matches)) for row, matches in forward.items() if len(matches) == 1}
    return {row: match for row, match in single.items() if backward[match] == {row}}


def _questions(rows: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Why rows have no match, and the rows of the other list that come nearest."""
    partners = _partners(rows, theirs, _stems)
    above = {row: stem(str(within), _ABOVE) for row, within in theirs["within"].items()}
    names = theirs["name"].astype("str").to_dict()
    out = {}
    for row, name, within in zip(rows.index, rows["name"], rows["within"], strict=True):
        near = tuple(sorted(partners[row]))
        reason = {0: "unlike", 1: "shared"}.get(len(near), "several")
        if not near:
            district = stem(str(within), _ABOVE)
            same = {other: text for other, text in names.items() if above[other] == district}
            near = _nearest(str(name), same, _LIKE) or _nearest(str(name), names, _VERY_LIKE)
        out[row] = (reason, near)
    return out


def _nearest(name: str, names: Mapping[Any, str], least: float) -> tuple[str, ...]:
    found = process.extract(name, names, scorer=fuzz.ratio, score_cutoff=least, limit=None)
    return tuple(row for _, _, row in sorted(found, key=lambda one: (-one[1], one[2]))[:_CANDIDATES])


def read_decisions(path: Path) -> dict[str, str]:
    """Read what a person decided.

    Parameters
    ----------
    path : Path
        Workbook or CSV with columns ``id`` and ``decision``: an id of the second list, :data:`NONE`, or nothing yet.

    Returns
    -------
    dict of str to str
        Only rows that are decided.

    Raises
    ------
    InputError
        The file or a column is missing, or an id is there twice.
    """
    frame = read_raw(path).frame
    for column in ("id", "decision"):
        if column not in frame:
            raise InputError(f"{path.name} has no column {column!r}{suggest(column, frame.columns)}; add it")
    cells = frame[["id", "decision"]].apply(lambda column: column.str.strip())
    twice = cells["id"][cells["id"].duplicated()]
    if len(twice):
        raise InputError(f"{path.name}: {len(twice)} id(s) are there twice ({twice.iloc[0]!r}); keep one row of each")
    filled = cells[cells["decision"] != ""]
    return dict(zip(filled["id"], filled["decision"].str.split(" ").str[0], strict=True))
