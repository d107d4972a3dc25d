"""What can go wrong, as one tree.

::

    XzzError
    ├── StudyError        study.yml, reports.yml or indicators.yml is wrong (exit code 2)
    ├── InputError        a raw export or a form cannot be read
    ├── ExpressionError   an XLSForm expression cannot be parsed or evaluated
    ├── DesignError       strata, clusters, weights or population sizes make no estimate possible
    ├── DisclosureError   something unprotected was about to leave
    └── ReportError       a notebook failed, a glyph is missing, an output cannot be written

A problem that does not stop the work is a :class:`Finding`; problems are collected and shown together.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One problem, or one thing worth knowing, found while reading a study.

    Parameters
    ----------
    severity : "error", "warning" or "note"
        An error stops the study; a warning is printed in the quality report; a note is kept.
    rule : str
        Name of the rule that found it, a word of ``intake.quality.RULES`` or of the study reader.
    where : str
        File and place inside it (``study.yml: tables.child.key``); never a respondent.
    message : str
        The value that is wrong, why it matters and how many there are.
    remedy : str
        What to do, and in which file.
    count : int
        How many values or rows are concerned.
    """

    severity: Severity
    rule: str
    where: str
    message: str
    remedy: str = ""
    count: int = 1

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.where}: {self.message}{remedy}"


class XzzError(Exception):
    """Base of every error this library raises on purpose.

    Parameters
    ----------
    message : str
        One sentence: the value, why it matters, how many, what to do, in which file.
    findings : sequence of Finding, optional
        All problems found together; they are printed below the message.
    """

    exit_code = 1

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        self.findings = tuple(findings)
        lines = [message, *(f"  - {finding}" for finding in self.findings)]
        super().__init__("\n".join(lines))


class StudyError(XzzError):
    """A declaration (study.yml, reports.yml, indicators.yml, a parameter) is wrong."""

    exit_code = 2


class InputError(XzzError):
    """A raw export or a questionnaire form cannot be read."""


class ExpressionError(XzzError):
    """An XLSForm expression cannot be parsed, or names something that does not exist."""


class DesignError(XzzError):
    """The sample design (strata, clusters, weights, population sizes) cannot be used."""


class DisclosureError(XzzError):
    """Something unprotected was about to leave the house."""


class ReportError(XzzError):
    """A report could not be made, checked or written."""


def make_folder(folder: Path) -> Path:
    """Make a folder to write in; :class:`ReportError` with the remedy when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"the folder {folder} cannot be written ({error.strerror}); "
            "give yourself the right to write there, or set `outputs:` in study.yml"
        ) from None
    return folder


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or ``""`` when none is near."""
    near = difflib.get_close_matches(str(name), [str(word) for word in known], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
