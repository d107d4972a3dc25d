"""The health star: who rose, stayed and fell."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.atlas.services.courses import UNSTATED, protected_courses, protected_star
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.courses.wording import NO_COMPARISON
from xzz_analysis.report.chapters.services.naming import COMMUNITY, ELSEWHERE, Bilingual, filled, wide_table
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import figure_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.training import DIRECTIONS
from xzz_analysis.survey.estimates import group_pairs

STAR: dict[str, Label] = {
    "rose": {"zh": "{share}升了级", "en": "{share} rose"},
    "stayed": {"zh": "{share}等级不变", "en": "{share} stayed at their level"},
    "fell": {"zh": "{share}降了级", "en": "{share} fell"},
}
STARS: Label = {
    "zh": "健康之星：前后都评过级的{n}人中，{parts}。",
    "en": "Health star: of {n} people with a level before and after, {parts}.",
}
HIDDEN_STARS: Bilingual = {
    "zh": "健康之星：升级、不变或降级的人太少，比例不予公布。",
    "en": "Health star: too few people rose, stayed or fell for the shares to be published.",
}
DIRECTION: dict[str, Bilingual] = {
    "rose": {"zh": "上升", "en": "Rose"},
    "stayed": {"zh": "不变", "en": "Stayed"},
    "fell": {"zh": "下降", "en": "Fell"},
}


def star_chapter(ledgers: Ledgers) -> list[Block]:
    """Who rose, stayed and fell on the health star, and from which level to which."""
    shown = protected_star(ledgers)
    if shown is None:
        return []
    shares, cells = shown
    parts = {name: shares.rows((shares.frame["option"] == name).to_numpy()) for name in DIRECTIONS}
    rows = Naming("by", _communities(ledgers, shares.frame), dict(COMMUNITY))
    caption = {"zh": "健康之星等级的变化", "en": "Change of level on the health star"}
    columns = [Column(name, DIRECTION[name], "percent") for name in DIRECTIONS]
    blocks: list[Block] = [star_sentence(shares)]
    if not protected_courses(ledgers):  # or the chapter on courses says it
        blocks.append(Note(dict(NO_COMPARISON), "warning"))
    safe = side_by_side(parts, ["by"])
    by = safe.frame["by"].tolist()
    safe = safe.ordered(sorted(range(len(by)), key=lambda place: by[place] == ""))
    blocks.append(wide_table(safe, caption=caption, rows=rows, columns=columns))
    return [*blocks, _transitions(ledgers, cells)] if len(cells.frame) else blocks


def _communities(ledgers: Ledgers, frame: pd.DataFrame) -> dict[str, Label]:
    """What communities are called, by ``by``; those that the study does not name are called by their key."""
    names = {UNSTATED: ELSEWHERE, **ledgers.communities}
    keys = {by: group_pairs(by)[0][1] for by in frame["by"] if by}
    return {by: names.get(key, {"": key}) for by, key in keys.items()}


def star_sentence(shares: Protected) -> Paragraph:
    """Say which part rose, stayed and fell, as far as it may be said."""
    whole = shares.frame[(shares.frame["by"] == "") & shares.frame["estimate"].notna()].to_dict("records")
    if not whole:
        return Paragraph(dict(HIDDEN_STARS))
    joined = {
        code: ("，" if code == "zh" else ", ").join(
            STAR[row["option"]][code].format(share=figure_text(row["estimate"], "percent")) for row in whole
        )
        for code in REPORT_LANGUAGES
    }
    text = filled(STARS, n=figure_text(whole[0]["n"], "count"), parts=joined)
    return Paragraph(text, [str(row["result_id"]) for row in whole])


def _transitions(ledgers: Ledgers, cells: Protected) -> Table:
    """Persons by level before (rows) and after (columns)."""
    declared = ledgers.declared.star
    assert declared is not None  # there are cells
    levels = [str(place) for place in range(1, len(declared.levels) + 1)]
    names = {level: _level(declared.levels, int(level)) for level in levels}
    parts = {f"to_{level}": cells.rows((cells.frame["after"] == level).to_numpy()) for level in levels}
    after: Label = {"zh": "后测{level}", "en": "{level} after"}
    columns = [Column(f"to_{level}", filled(after, level=names[level]), "count") for level in levels]
    rows = Naming("before", names, {"zh": "前测等级", "en": "Level before"})
    caption = {"zh": "由前测等级到后测等级的人数", "en": "Persons by level before and after"}
    return wide_table(side_by_side(parts, ["before"]), caption=caption, rows=rows, columns=columns)


def _level(ends: list[float], level: int) -> Bilingual:
    low = f"{ends[level - 1]:g}"
    if level == len(ends):
        return {"zh": f"第{level}级（{low}分起）", "en": f"Level {level} ({low} and more)"}
    return {
        "zh": f"第{level}级（{low}分至不足{ends[level]:g}分）",
        "en": f"Level {level} ({low} to below {ends[level]:g})",
    }
