"""One case of the corpus, and how its outcome is judged."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xzz_analysis.errors import XzzError
from xzz_analysis.intake.workbook import RawTable, read_raw, require_whole_key

Word = Literal["read", "reported", "refused", "silent", "needless", "unclear", "crashed"]
Cells = dict[str, list[str]]

_REMEDY = re.compile(
    r"\b(export (it|the|them|fewer|answers)|save[ds]? |open it|remove|delete|unpack|name |split|rename|correct|copy)"
)
"""A message must say what to do."""


@dataclass(frozen=True)
class Case:
    """A file and what must come of it.

    Attributes
    ----------
    kind : str
        Line of the printed table it is counted in.
    file : str
    content : bytes, or a function that makes them
    cells : dict of str to list of str, optional
        What reading must give; None when the file must be stopped, ``{}`` when only ``rule`` counts.
    rule : str
        Finding that must come with the cells; ``open_end`` for the flag of that name.
    needed : bool
        Refusing it would be a fault too.
    key : str
        Column that :func:`require_whole_key` must refuse.
    secret : str
        Never in a message.
    """

    kind: str
    file: str
    content: bytes | Callable[[], bytes]
    cells: Cells | None = None
    rule: str = ""
    needed: bool = False
    key: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a case: a word, the seconds it took, and why when it is a fault."""

    word: Word
    seconds: float
    why: str = ""


def judge(case: Case, folder: Path) -> Outcome:
    """Read a case's file and compare."""
    path = folder / case.file
    path.write_bytes(case.content if isinstance(case.content, bytes) else case.content())
    started = time.perf_counter()
    try:
        raw = read_raw(path)
        if case.key:
            require_whole_key(raw.frame[case.key], case.file)
    except XzzError as error:
        return Outcome(*_of_refusal(case, str(error), time.perf_counter() - started))
    except BaseException as error:  # noqa: BLE001 - a crash of any kind is what the corpus looks for
        return Outcome("crashed", time.perf_counter() - started, f"{type(error).__name__}: {error}")
    finally:
        path.unlink()
    return Outcome(*_of_reading(case, raw, time.perf_counter() - started))


def _of_refusal(case: Case, message: str, seconds: float) -> tuple[Word, float, str]:
    if case.file not in message or not _REMEDY.search(message):
        return "unclear", seconds, message
    if case.secret and case.secret in message:
        return "unclear", seconds, f"shows a cell: {message}"
    return ("needless", seconds, message) if case.needed else ("refused", seconds, "")


def _of_reading(case: Case, raw: RawTable, seconds: float) -> tuple[Word, float, str]:
    if case.cells is None or case.key:
        return "silent", seconds, "read, though it must be stopped"
    rules = {finding.rule for finding in raw.findings} | ({"open_end"} if raw.open_end else set())
    if case.rule and case.rule not in rules:
        return "silent", seconds, f"without {case.rule}: {sorted(rules)}"
    shown = " ".join(map(str, raw.findings))
    if case.secret and case.secret in shown:
        return "unclear", seconds, f"shows a cell: {shown}"
    read = raw.frame.to_dict("list")
    if case.cells and read != case.cells:
        return "silent", seconds, f"read {str(read)[:200]} instead of {str(case.cells)[:200]}"
    return ("reported" if rules else "read"), seconds, ""
