"""People in ledgers: who asked to be forgotten, and who stands there under two keys."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.services.ledgers.cells.texts import truth
from xzz_analysis.services.ledgers.problems import Problem, noticed
from xzz_analysis.study import Study

_ABOUT = ("person", "family", "source", "target")
"""Keys of the people whom a row is about: the row goes with them."""
_BESIDE = ("staff", "owner")
"""Keys of people beside: only the cell goes."""


class Gone:
    """Those who asked this study to forget them.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study) -> None:
        privacy = study.settings.privacy
        asked = privacy is not None and (privacy.vault / "forgotten.txt").is_file()
        self._vault = Vault.open(study.folder, privacy.vault) if asked and privacy is not None else None

    def leave_out(self, table: pa.Table, where: str) -> tuple[pa.Table, list[Problem]]:
        """A table without their rows, and a problem that counts them."""
        if self._vault is None or not self._vault.buried() or not len(table):
            return table, []
        gone = np.zeros(len(table), dtype=bool)
        for name in (name for name in _ABOUT if name in table.column_names):
            gone |= self._forgotten(table[name])
        for name in (name for name in _BESIDE if name in table.column_names):
            cells = pc.if_else(pa.array(self._forgotten(table[name])), "", table[name])
            table = table.set_column(table.column_names.index(name), name, cells)
        lines = np.zeros(len(table), dtype=np.int64)
        return table.filter(pa.array(~gone)), noticed("ledger_forgotten", where, gone, lines)

    def _forgotten(self, keys: pa.ChunkedArray) -> np.ndarray:
        assert self._vault is not None
        encoded = pc.dictionary_encode(keys.combine_chunks())
        different = pd.Series(encoded.dictionary.to_pylist(), dtype="str")
        out = self._vault.forgotten(different) | self._vault.forgotten(self._vault.pseudonyms(different))
        made: np.ndarray = (out & (different != "").to_numpy())[np.asarray(encoded.indices)]
        return made


def under_two_keys(table: pa.Table, where: str) -> list[Problem]:
    """Keys that share a phone or an id number.

    Parameters
    ----------
    table : Table
        People, with ``phone`` and ``id_number`` as hashes.
    where : str

    Returns
    -------
    list of Problem
        A phone is often a parent's: it counts only where born and sex do not differ.
    """
    frame = table.select(["person", "sex", "born", "phone", "id_number", "line"]).to_pandas()
    born = frame["born"].astype(str)
    alike = {"id_number": [], "phone": ["sex", "born"]}
    problems = []
    for name, others in alike.items():
        known = frame[truth(pc.not_equal(table[name], ""))].assign(born=born)
        keys = known.drop_duplicates([name, "person"])
        several = keys[keys.duplicated([name, *others], keep=False)]
        if name == "phone":
            several = several[(several["born"] != "NaT") & (several["sex"] != "")]
        lines = several["line"].to_numpy(dtype=np.int64)
        problems += noticed("ledger_person_twice", where, np.ones(len(several), bool), lines, name)
    return problems
