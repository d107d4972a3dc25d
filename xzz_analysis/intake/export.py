"""An export in the library's terms, whatever platform wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.form import Form

ROLES = (
    "key",
    "submitted",
    "start",
    "end",
    "seconds",
    "source",
    "detail",
    "total",
    "ip",
    "device",
    "interviewer",
    "version",
)
"""What a column that is no question may be: who, when, how long, from where, and by which version of the form."""


@dataclass(frozen=True)
class Export:
    """One table of one file, and its repeats.

    Attributes
    ----------
    file : str
        File name, and worksheet where there are several, for messages.
    frame : DataFrame of str, shape (records, columns)
        ``RangeIndex``. A question's column has its name; a select-multiple has one column ``question/option`` per
        option, with ``1``, ``0``, or ``""`` where it is unknown. Select questions hold option names; numbers, dates
        and texts are as written. ``""`` is an empty cell. Other columns keep their header.
    form : Form
        The questions of the file: those of the declared form that it has, or derived from it.
    words : mapping of str to Reason
        What the platform writes in a cell instead of an answer, such as ``(跳过)``.
    roles : mapping of str to str
        What some of the other columns are, one of :data:`ROLES` → header.
    repeats : mapping of str to Export
        Rows of repeats by the repeat's name.
    findings : tuple of Finding
    """

    file: str
    frame: pd.DataFrame
    form: Form
    words: Mapping[str, Reason] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    repeats: Mapping[str, Export] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
