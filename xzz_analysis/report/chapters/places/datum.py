"""Whether points lie in the communities they name: under the declared datum, and under the others."""

from __future__ import annotations

from xzz_analysis.atlas import Atlas
from xzz_analysis.errors import InputError
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Paragraph
from xzz_analysis.report.chapters.places.naming import Bilingual, filled
from xzz_analysis.report.chapters.places.population import published
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import figure_text
from xzz_analysis.study.datums import DATUMS

AUDIT: Label = {
    "zh": "点的坐标系：落在同名社区内的比例",
    "en": "Which datum the points are in: those inside the community they name",
}
AUDITED: Label = {
    "zh": "{count}个点写明了所在社区。按声明的{declared}换算后，{share} 落在自己的社区内；若当作{other}，只有 {less}。",
    "en": "The community is known of {count} points. Converted from {declared}, as declared, {share} lie inside their own; taken for "
    "{other}, {less} do.",
}


def datum_chapter(atlas: Atlas) -> list[Block]:
    """Whether points lie in the communities they name, under the declared datum and under the others.

    Returns
    -------
    list of Block
        Empty where nobody wrote down communities, or nothing can be told: outside China all datums agree.
    """
    if atlas.directory is None or not atlas.communities.areas:
        return []
    try:
        audit = atlas.directory.audit(atlas.communities.layer)
    except InputError:  # nothing to compare
        return []
    if audit.verdict == "cannot tell":
        return []
    first = audit.table.iloc[0]  # only the points are in doubt here: axes and polygons as declared
    rows = audit.table[(audit.table["axes"] == first["axes"]) & (audit.table["polygons"] == first["polygons"])]
    columns = [
        Column("inside", {"zh": "落在其中", "en": "Inside"}, "count"),
        Column("share", {"zh": "比例", "en": "Share"}, "percent"),
    ]
    naming = Naming("points", dict(DATUMS), {"zh": "若点的坐标系是", "en": "If the points are in"})
    safe = published(atlas, rows[["points", "inside", "share"]].reset_index(drop=True))
    other = rows[rows["points"] != audit.declared].sort_values("share", ascending=False, kind="stable").iloc[0]
    told: dict[str, Bilingual | str] = {
        "count": str(audit.counts["matched"]),
        "declared": _datum(audit.declared),
        "other": _datum(str(other["points"])),
        "share": figure_text(round(float(rows["share"].iloc[0]), 3), "percent"),
        "less": figure_text(round(float(other["share"]), 3), "percent"),
    }
    return [Paragraph(filled(AUDITED, **told)), counts_table(safe, caption=dict(AUDIT), rows=naming, columns=columns)]


def _datum(name: str) -> Bilingual:
    return {language: DATUMS[name][language] for language in REPORT_LANGUAGES}
