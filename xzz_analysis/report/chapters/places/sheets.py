"""Maps of resources as sheets of paper: one file for each city or site."""

from __future__ import annotations

from pathlib import Path

from xzz_analysis.atlas import Atlas
from xzz_analysis.errors import StudyError
from xzz_analysis.report.chapters.places.maps import map_contents
from xzz_analysis.report.maps.paper.sheet import write_sheet


def write_sheets(
    atlas: Atlas, folder: Path, *, sheet: str = "A4", language: str = "zh", community: str = "", suffix: str = ".pdf"
) -> list[Path]:
    """Write the map of resources for paper.

    Parameters
    ----------
    atlas : Atlas
    folder : Path
        Files are called after the study, the community or the first one of a site, and the sheet.
    sheet : "A4", "A3" or "booklet"
    language : "zh" or "en"
    community : str
        Key of the community to draw; every city or site, a file each, when empty.
    suffix : ".pdf", ".png" or ".svg"

    Returns
    -------
    list of Path

    Raises
    ------
    StudyError
        The study has no resource to draw, or no such community.
    ReportError
        The sheet, the language or the kind of file is unknown.
    """
    if community:
        atlas.community(community)
    contents = map_contents(atlas, community)
    if not contents:
        raise StudyError(
            f"{atlas.study.path.name} names no resource with a point; write `resources:` (docs/resources.md)"
        )
    written = []
    for key, title, content in contents:
        name = "-".join(part for part in (atlas.study.id, key or "all", sheet, language) if part)
        written.append(write_sheet(content, folder / f"{name}{suffix}", language=language, title=title, sheet=sheet))
    return written
