"""What is kept of a file of vouchers issued: each voucher in eighteen bytes, in the order of their hashes.

Keys of vouchers and people are kept as hashes of 64 bits: among ten million people the odds that any two share one are
three in a million. A file at a time is held in memory, at most about 160 bytes for each of its lines: 2 GB hold a file
of eleven million lines, so a larger ledger comes in several files, as by month.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.partials.cells import cells_of, months_of, named, summed
from xzz_analysis.services.vouchers.partials.columns import read_lines
from xzz_analysis.services.vouchers.partials.sorted_keys import in_key_order
from xzz_analysis.services.vouchers.partials.store import Store


@dataclass(frozen=True, eq=False)
class Issued:
    """What is kept of a file of issues; arrays are read when they are asked for.

    Attributes
    ----------
    key : str
        Name of the partial.
    folder : Path
    """

    key: str
    folder: Path

    def cells(self) -> pd.DataFrame:
        """``month``, ``community``, ``category``, ``lines``, ``cents``, ``persons``; a row for each cell."""
        return pd.read_parquet(self.folder / "cells.parquet")

    def vouchers(self) -> np.ndarray:
        """Hashes of vouchers, in order."""
        return np.asarray(np.load(self.folder / "vouchers.npy"))

    def persons(self) -> np.ndarray:
        """Hashes of people, one for each voucher."""
        return np.asarray(np.load(self.folder / "persons.npy"))

    def codes(self) -> np.ndarray:
        """Rows of ``cells``, one for each voucher."""
        return np.asarray(np.load(self.folder / "codes.npy"))

    def may_hold(self, span: tuple[str, str] | None) -> bool:
        """Whether numbers of vouchers between two may be in the file."""
        own = json.loads((self.folder / "span.json").read_text(encoding="utf-8"))
        return own is not None and span is not None and own[0] <= span[1] and span[0] <= own[1]


def issued_partial(store: Store, path: Path) -> str:
    """Make the partial of a file of issues where there is none.

    Parameters
    ----------
    store : Store
    path : Path

    Returns
    -------
    str
        Name of the partial.
    """
    key = store.key(path, "issued")
    if store.at(key).exists():
        return key
    store.read.append(path.name)
    lines = read_lines(store, path, "issued")
    community, category = lines.names["community"], lines.names["category"]
    places = [(one, other) for one in community.names for other in category.names]
    month, months = months_of(lines.numbers["at"])
    cells = cells_of(month, community.codes * len(category.names) + category.codes, len(places))
    persons = lines.numbers["p"]
    with store.draft(key) as folder:
        table = summed(cells, lines.numbers["cents"], persons)
        named(table, months, places).to_parquet(folder / "cells.parquet")
        order, vouchers = in_key_order(lines.numbers["v"])
        np.save(folder / "vouchers.npy", vouchers)
        np.save(folder / "persons.npy", persons[order])
        np.save(folder / "codes.npy", cells.codes.astype(np.min_scalar_type(len(table)))[order])
        (folder / "span.json").write_text(json.dumps(lines.span), encoding="utf-8")
        (folder / "elsewhere.json").write_text(json.dumps(lines.elsewhere, sort_keys=True), encoding="utf-8")
    return key


def issued_at(store: Store, key: str) -> Issued:
    """What is kept under a name."""
    return Issued(key, store.at(key))
