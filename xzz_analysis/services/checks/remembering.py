"""How long the ledgers were at the last build, so that one that shrank is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xzz_analysis.errors import Finding, make_folder
from xzz_analysis.services.checks.finding import source_of
from xzz_analysis.services.checks.rules import remedy_of
from xzz_analysis.services.ledgers import DAYS
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.study import Study


def memory_file(study: Study) -> Path:
    """The file in which the length and the last day of each ledger are kept; no row is in it."""
    return study.outputs / "internal" / f"{study.id}-ledgers.json"


def remember_ledgers(ledgers: Ledgers) -> Path:
    """Remember how many rows each ledger has and its last day; to be called after a build.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    Path
        The file that was written, whole or not at all.

    Raises
    ------
    ReportError
        The folder of outputs cannot be written.
    """
    path = memory_file(ledgers.study)
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.tmp")
    told = {kind: _length(ledgers, kind) for kind in ledgers.declared.ledgers()}
    temporary.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8", newline="\n")
    temporary.replace(path)
    return path


def check_shrunk(ledgers: Ledgers) -> Iterator[Finding]:
    """Compare ledgers with what is remembered of them.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    Finding
        A ledger that has fewer rows than at the last build, or ends earlier.
    """
    for kind, before in _remembered(ledgers.study).items():
        if not ledgers.has(kind):
            continue
        now, rule = _length(ledgers, kind), "ledger_shrank"
        fewer = before["rows"] - now["rows"]
        earlier = bool(before["last"]) and now["last"] < before["last"]
        if fewer > 0 or earlier:
            message = f"the ledger had {before['rows']:,} rows at the last build and has {now['rows']:,}"
            if earlier:
                message += f"; its last day was {before['last']} and is {now['last'] or 'not there'}"
            yield Finding("warning", rule, source_of(ledgers, kind), message, remedy_of(rule), max(fewer, 1))


def _length(ledgers: Ledgers, kind: str) -> dict[str, Any]:
    last = ledgers.table(kind)[DAYS[kind]].max() if kind in DAYS else None
    return {"rows": ledgers.rows(kind), "last": f"{last:%Y-%m-%d}" if last is not None and last == last else ""}


def _remembered(study: Study) -> dict[str, dict[str, Any]]:
    """What was remembered; nothing where there is no such file or it is damaged: it is written anew by a build."""
    try:
        told = json.loads(memory_file(study).read_text(encoding="utf-8"))
        return {str(kind): {"rows": int(one["rows"]), "last": str(one["last"])} for kind, one in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
