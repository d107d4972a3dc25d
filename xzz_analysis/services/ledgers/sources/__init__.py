"""Where the rows of a ledger come from: files and tables of databases, all as tables of cells."""

from __future__ import annotations

from collections.abc import Iterator

from xzz_analysis.errors import InputError
from xzz_analysis.services.ledgers.sources.cells import Rows, Source
from xzz_analysis.services.ledgers.sources.databases import open_table
from xzz_analysis.services.ledgers.sources.files import open_file
from xzz_analysis.study import Study
from xzz_analysis.study.services import Ledger, ledger_files

__all__ = ["Rows", "Source", "open_sources"]


def open_sources(study: Study, kind: str, named: Ledger) -> Iterator[Source]:
    """The sources of a ledger, one after another: its table in a database, or its files by name.

    Parameters
    ----------
    study : Study
    kind : str
        The ledger's name, for messages.
    named : Ledger

    Raises
    ------
    InputError
        A source cannot be read; no user, password or cell is in the message.
    """
    if named.file is None:
        yield open_table(named, kind, study)
        return
    files = ledger_files(named.file)
    if not files:
        raise InputError(
            f"no file is called {named.file.name}, so the ledger {kind} has no rows; correct services.{kind}"
        )
    for path in files:
        yield open_file(path, named.sheet, kind)
