"""Coordinates and people of a file of homes as numbers; what is wrong is counted, never shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.places.datum.conversion import check_degrees
from xzz_analysis.places.directory.codes import as_texts
from xzz_analysis.study.datums import datum_name

MOST = 1_000_000
"""People of one home beyond which the number must be something else."""


MILLIONTH = 1_000_000
"""People are added up in millionths, as whole numbers: sums are exact, and the same in any order."""


class Numbers(NamedTuple):
    """Rows as numbers, shape (rows,) each.

    ``lon`` and ``lat`` are NaN where there is no point; ``people`` is NaN where it is no number.
    """

    lon: np.ndarray
    lat: np.ndarray
    people: np.ndarray

    @property
    def placed(self) -> np.ndarray:
        """Whether there is a point."""
        return np.asarray(~(np.isnan(self.lon) | np.isnan(self.lat)))


@dataclass(frozen=True)
class Columns:
    """Names of columns in a file of homes; ``""`` for those it has not."""

    lon: str
    lat: str
    community: str = ""
    people: str = ""

    def require(self, headers: Iterable[object], file: str) -> None:
        """Refuse a file that lacks a column.

        Parameters
        ----------
        headers : iterable
        file : str

        Raises
        ------
        InputError
            Headers with digits are not suggested: in a file without a header they are a home.
        """
        names = [str(name) for name in headers]
        words = [name for name in names if not any(sign.isdigit() for sign in name)]
        for name in (self.lon, self.lat, self.community, self.people):
            if name and name not in names:
                remedy = suggest(name, words) or "; its first row must be the names of its columns"
                raise InputError(f"{file} has no column {name!r}{remedy}")
        if self.lon == self.lat:
            raise InputError(f"{file}: longitude and latitude are both read from {self.lon!r}; name two columns")


def read_numbers(cells: pd.DataFrame, columns: Columns, datum: str, file: str) -> tuple[Numbers, list[Finding]]:
    """Read coordinates and people.

    Parameters
    ----------
    cells : DataFrame of str
    columns : Columns
    datum : str
        Of the coordinates.
    file : str
        Its name, for messages.

    Returns
    -------
    Numbers
    list of Finding
        Errors refuse the file.

    Raises
    ------
    InputError
        The datum is unknown.
    """
    name = datum_name(datum, file)
    findings: list[Finding] = []
    (lon, lon_blank), (lat, lat_blank) = (
        _numbers(cells[column], f"{file}: {column}", "degrees", findings) for column in (columns.lon, columns.lat)
    )
    findings += _points(lon, lat, lon_blank, lat_blank, file)
    try:
        check_degrees(lon, lat, name)
    except InputError as error:
        findings.append(Finding("error", "degrees_impossible", file, str(error)))
    people = np.ones(len(cells))
    if columns.people:
        where = f"{file}: {columns.people}"
        people, blank = _numbers(cells[columns.people], where, "people", findings)
        findings += _people(people, blank, where)
    return Numbers(lon, lat, people), findings


def _numbers(cells: pd.Series, where: str, what: str, findings: list[Finding]) -> tuple[np.ndarray, np.ndarray]:
    """Finite numbers of a column (NaN for the rest), and which cells are blank."""
    texts = as_texts(cells)
    blank = (texts == "").to_numpy()
    numbers = pd.to_numeric(texts.mask(texts == ""), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = int((~blank & ~np.isfinite(numbers)).sum())
    if wrong:
        said = f"{wrong:,} of {len(cells):,} cell(s) are no number of {what}"
        remedy = "write decimal numbers without units or signs of degrees"
        findings.append(Finding("error", "home_no_number", where, said, remedy, wrong))
    return np.where(np.isfinite(numbers), numbers, np.nan), blank


def _points(
    lon: np.ndarray, lat: np.ndarray, lon_blank: np.ndarray, lat_blank: np.ndarray, file: str
) -> Iterator[Finding]:
    half, nowhere, none = lon_blank ^ lat_blank, (lon == 0) & (lat == 0), lon_blank & lat_blank
    for where, said in ((half, "have one coordinate of two"), (nowhere, "lie at longitude 0 and latitude 0")):
        if count := int(where.sum()):
            told = f"{count:,} of {len(lon):,} home(s) {said}"
            yield Finding("error", "point_incomplete", file, told, "correct them, or empty both cells", count)
    if none.all():
        yield Finding("error", "home_no_points", file, "no home has a point", "fill in the coordinates", len(lon))
    elif count := int(none.sum()):
        told = f"{count:,} of {len(lon):,} home(s) have no point and are left out of every figure of places"
        yield Finding("warning", "home_no_point", file, told, "find their coordinates", count)


def _people(people: np.ndarray, blank: np.ndarray, where: str) -> Iterator[Finding]:
    much = people > MOST
    reasons = ((blank, "say nothing about people"), (people < 0, "have fewer than 0 people"), (much, "have too many"))
    for wrong, said in reasons:
        if count := int(wrong.sum()):
            told = f"{count:,} of {len(people):,} home(s) {said}"
            yield Finding("error", "home_people_missing", where, told, "write how many there are, 0 for none", count)
    nobody = int((people == 0).sum())
    if nobody:
        told = f"nobody lives in {nobody:,} of {len(people):,} home(s), so they count for nothing"
        yield Finding("note", "home_nobody", where, told, "", nobody)


def millionths(people: pd.Series) -> np.ndarray:
    """People in millionths, shape (homes,), int."""
    return np.asarray(np.round(people.to_numpy(dtype=np.float64) * MILLIONTH).astype(np.int64))
