"""Worksheets in messages: by name where that is no person's, else by number."""

from __future__ import annotations

from collections.abc import Sequence

from xzz_analysis.intake.answers import machine_names


def sheet_name(title: str, titles: Sequence[str], asked: str | None = None) -> str:
    """What a worksheet is called in a message.

    Parameters
    ----------
    title : str
    titles : sequence of str
        All worksheets of the workbook.
    asked : str, optional
        The worksheet that the study or the form names; its name may be said.

    Returns
    -------
    str
        ``sheet 'member'``, or ``sheet 3`` for a name that is not one a program would give: it may be somebody's.
    """
    if title == asked or machine_names([title]):
        return f"sheet {title!r}"
    return f"sheet {titles.index(title) + 1}" if title in titles else "one of its sheets"


def sheet_names(titles: Sequence[str]) -> str:
    """The worksheets of a workbook as a message lists them."""
    named = machine_names(titles, len(titles))
    hidden = len(titles) - len(named)
    others = [f"{hidden} whose name may be somebody's"] if hidden else []
    return " and ".join(filter(None, (", ".join(named), *others))) or "none"
