"""One ledger, from its file or its table to a typed table."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.errors import Finding
from xzz_analysis.language import Label
from xzz_analysis.services.communities import community_names
from xzz_analysis.services.ledgers.cells import SEPARATOR, Meaning, Values, empty_values, read_cells, words_of
from xzz_analysis.services.ledgers.cells.texts import truth
from xzz_analysis.services.ledgers.columns import Column, ledger_columns
from xzz_analysis.services.ledgers.headers import match_headers
from xzz_analysis.services.ledgers.people import Gone, under_two_keys
from xzz_analysis.services.ledgers.problems import Problem, as_findings, noticed
from xzz_analysis.services.ledgers.settling import counted_once, in_order, usable
from xzz_analysis.services.ledgers.sources import Rows, Source, open_sources
from xzz_analysis.study import Study
from xzz_analysis.study.services import Ledger

_PANDAS = {pa.large_string(): pd.StringDtype(na_value=np.nan), pa.bool_(): pd.BooleanDtype()}
_CATEGORIES = ("category", "instrument", "reasons")
"""Columns whose cells may be the names that study.yml gives to categories."""


@dataclass(frozen=True, eq=False)
class ReadLedger:
    """A ledger as it was read.

    Attributes
    ----------
    table : DataFrame
        See :meth:`xzz_analysis.services.opening.Ledgers.table`. Rows are sorted by all columns, so that they stand in
        the same order whatever they were read from.
    findings : tuple of Finding
    rows : int
        Rows of the source, before any was left out.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()
    rows: int = 0


def last_day(study: Study) -> dt.date:
    """The day a study's ledgers stand at: as declared, or the last day of its latest round."""
    return study.settings.services.until or max(one.collected[1] for one in study.rounds.values())


def empty_ledger(kind: str) -> ReadLedger:
    """A ledger without rows."""
    return ReadLedger(_frame(_no_rows(kind), kind))


def read_ledger(study: Study, kind: str, named: Ledger, communities: Mapping[str, Label] | None = None) -> ReadLedger:
    """Read one ledger.

    Parameters
    ----------
    study : Study
    kind : str
        One of ``study.services.LEDGERS``.
    named : Ledger
        Where it is.
    communities : mapping of str to Label, optional
        Keys and names of the study's communities; read from its layer when not given.

    Returns
    -------
    ReadLedger

    Raises
    ------
    InputError
        A source cannot be read, a required column is missing, or two headers stand for one column.
    """
    names = community_names(study) if communities is None else communities
    reader = _Reader(study, kind, named, names)
    parts = [reader.part(source) for source in open_sources(study, kind, named)]
    table = in_order(pa.concat_tables(parts).combine_chunks())
    where = reader.where if len(parts) == 1 else f"{kind} ({len(parts)} files)"
    if kind == "people":
        reader.problems += under_two_keys(table, where)
        table = table.drop_columns([one.id for one in ledger_columns(kind) if one.kind == "secret"])
    settled = counted_once(table, kind, where)
    told = as_findings([*reader.problems, *settled.problems], study.settings.disclosure.threshold)
    return ReadLedger(_frame(settled.table, kind), (*reader.findings, *told), reader.rows)


class _Reader:
    """Reads the sources of one ledger one after another and remembers what it noticed."""

    def __init__(self, study: Study, kind: str, named: Ledger, communities: Mapping[str, Label]) -> None:
        self.kind, self._named, self._communities = kind, named, communities
        self._currency, self._until = study.settings.services.currency, last_day(study)
        categories = words_of(study.settings.services.categories)
        words = dict.fromkeys(_CATEGORIES, categories) | {"community": words_of(communities)}
        self._meaning = Meaning(study.settings.time_zone, words, secrets.token_bytes(32))
        self._gone = Gone(study)
        self.problems: list[Problem] = []
        self.findings: list[Finding] = []
        self.rows, self.where = 0, kind

    def part(self, source: Source) -> pa.Table:
        """Rows of one source that can be used."""
        self.where = source.where
        found, notes = match_headers(self.kind, source.headers, self._named.columns, source.where)
        self.findings += [*source.findings, *notes]
        rows = source.rows(list(found.values()))
        self.rows += len(rows.table)
        broken = np.array(rows.broken, dtype=np.int64)
        self._notice("ledger_line_broken", np.ones(len(broken), dtype=bool), broken)
        table = self._typed(source, rows, found)
        table, problems = self._gone.leave_out(table, source.where)
        settled = usable(table, self.kind, source.where, self._until, self._currency)
        self.problems += [*problems, *settled.problems]
        return settled.table

    def _notice(self, rule: str, rows: np.ndarray, lines: np.ndarray, column: str = "") -> None:
        self.problems += noticed(rule, self.where, rows, lines, column)

    def _typed(self, source: Source, rows: Rows, found: Mapping[str, str]) -> pa.Table:
        """Columns of the ledger; rows without any cell, and rows that lack a required one, are left out."""
        meaning = replace(self._meaning, date_system=source.date_system)
        columns = {one.id: one for one in ledger_columns(self.kind)}
        read = {name: read_cells(rows.table[found[name]], columns[name], meaning) for name in columns if name in found}
        out = np.logical_and.reduce([cells.missing & ~cells.unread for cells in read.values()])
        self.rows -= int(out.sum())
        for name, cells in read.items():
            if columns[name].required:
                self._notice("ledger_row_left_out", cells.missing & ~out, rows.lines, name)
                out |= cells.missing
        made = {name: read[name].values if name in read else empty_values(columns[name], len(out)) for name in columns}
        self._look_at(read, columns, ~out, rows.lines)
        table = pa.table({**made, "line": pa.array(rows.lines)})
        return table.filter(pa.array(~out)) if out.any() else table

    def _look_at(
        self, read: Mapping[str, Values], columns: Mapping[str, Column], kept: np.ndarray, lines: np.ndarray
    ) -> None:
        """Notice cells of the rows that stay."""
        for name, cells in read.items():
            if not columns[name].required:
                self._notice("ledger_cell_unread", cells.unread & kept, lines, name)
            if cells.rounded is not None:
                self._notice("ledger_money_rounded", cells.rounded & kept, lines, name)
        if "community" in read and self._communities:
            self._notice("ledger_community_unknown", self._strange(read["community"].values) & kept, lines, "community")

    def _strange(self, cells: pa.Array) -> np.ndarray:
        """Where a cell names no community of the study."""
        known = pa.array([*self._communities, ""], pa.large_string())
        return ~truth(pc.is_in(cells, known))


def _columns(kind: str) -> list[Column]:
    return [one for one in ledger_columns(kind) if one.kind != "secret"]


def _no_rows(kind: str) -> pa.Table:
    made = {one.id: empty_values(one, 0) for one in _columns(kind)}
    return pa.table({**made, "line": pa.array([], pa.int64())})


def _frame(table: pa.Table, kind: str) -> pd.DataFrame:
    """A table as a frame; tags as tuples."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS.get, self_destruct=True, split_blocks=True)
    for one in (one for one in _columns(kind) if one.kind == "tags"):
        codes, different = pd.factorize(frame[one.id])
        tuples = np.empty(len(different), dtype=object)
        tuples[:] = [tuple(part for part in text.split(SEPARATOR) if part) for text in different]
        frame[one.id] = pd.Series(tuples[codes], index=frame.index, dtype=object)
    return frame
