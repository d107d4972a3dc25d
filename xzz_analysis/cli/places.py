"""The command that draws the map of resources for paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xzz_analysis.cli.app import StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder


@app.command("map", epilog="Example:  xzz map data/demo --sheet A3 --community heyan --out maps")
def map_(
    study: StudyFolder = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")] = Path("maps"),
    sheet: Annotated[str, typer.Option(help="A4, A3 or booklet (a page of A5).")] = "A4",
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    community: Annotated[str, typer.Option(help="Key of one community; without it a sheet for each city.")] = "",
    kind: Annotated[str, typer.Option("--as", help="pdf, png or svg.")] = "pdf",
) -> None:
    """Draw the map of resources for paper: names that do not overlap, a numbered key, scale, north, source and date."""
    from xzz_analysis.atlas import open_atlas
    from xzz_analysis.errors import make_folder
    from xzz_analysis.report.chapters.places.sheets import write_sheets

    atlas = open_atlas(study_folder(study))
    said = {"sheet": sheet, "language": language, "community": community, "suffix": f".{kind}"}
    for path in write_sheets(atlas, make_folder(out), **said):
        say(path.as_posix())
