"""The command that writes annual figures for the forms of national reporting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xzz_analysis.cli.app import StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder


@app.command("annual", epilog="Example:  xzz annual data/demo --year 2025 --out annual.xlsx")
def annual(
    study: StudyFolder = None,
    year: Annotated[str, typer.Option(help="A year 2025, a quarter 2025Q4 or a month 2025-11.")] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="Workbook to write.")] = Path("annual.xlsx"),
) -> None:
    """Write the figures that annual returns ask for to a workbook, in both languages."""
    from xzz_analysis.report.chapters.services.annual import write_annual
    from xzz_analysis.services.opening import Ledgers
    from xzz_analysis.study import open_study

    opened = open_study(study_folder(study))
    last = Ledgers(opened).until.year
    say(write_annual(Ledgers(opened, year or str(last)), out).as_posix())
