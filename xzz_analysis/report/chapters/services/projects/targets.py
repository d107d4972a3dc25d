"""What projects agreed to do beside what was done, with a light in words."""

from __future__ import annotations

from xzz_analysis.atlas.services.projects import HIDDEN_LIGHT, protected_targets
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.disclosure.wide import RESULTS
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import Bilingual, filled, wide_table
from xzz_analysis.report.chapters.services.projects.wording import (
    LIGHT,
    expected_amount,
    indicator_naming,
    project_names,
    result_text,
)
from xzz_analysis.report.tables import Naming
from xzz_analysis.services.linkage import AMBER, GREEN, NOT_KNOWN, RED
from xzz_analysis.services.opening import Ledgers

COUNTED: dict[str, Label] = {
    GREEN: {"zh": "{count}项按进度", "en": "{count} on course"},
    AMBER: {"zh": "{count}项略慢于进度", "en": "{count} a little behind"},
    RED: {"zh": "{count}项明显慢于进度", "en": "{count} well behind"},
    NOT_KNOWN: {"zh": "{count}项不详", "en": "{count} not known"},
    HIDDEN_LIGHT: {
        "zh": "{count}项因人数太少不予公布",
        "en": "{count} not published, as too few people are behind them",
    },
}
OPENING: dict[bool, Label] = {
    False: {"zh": "{count}项目标：{parts}。", "en": "{count} targets: {parts}."},
    True: {"zh": "1项目标：{parts}。", "en": "One target: {parts}."},
}
RULE: Label = {
    "zh": "到本期末应做到＝目标×已过天数÷项目天数（首尾两天都算）。做到其中{green}及以上为绿，{amber}及以上为黄，不足为红。",
    "en": "To be expected by now: target × days gone ÷ days of the project, first and last included. Green from {green} of "
    "it, amber from {amber}, red below.",
}
BOUND: Bilingual = {
    "zh": "“至少”：没有签到表的活动数不出不同的人，或有的活动没有填数目，只能给出下限；灯按下限定，实际可能更好。",
    "en": "“At least”: activities without an attendance sheet do not tell different persons apart, or some state no number, "
    "so only a lower bound is known; the light goes by it, and things may be better.",
}
NONE: Bilingual = {"zh": "本期没有正在进行的项目。", "en": "No project runs in this period."}


def projects_chapter(ledgers: Ledgers) -> list[Block]:
    """Targets and results of the projects that run in the period."""
    if not ledgers.has("projects"):
        return []
    safe = protected_targets(ledgers)
    if safe is None:
        return [Paragraph(dict(NONE))]
    return [lights_sentence(safe), targets_table(ledgers, safe)]


def lights_sentence(safe: Protected) -> Paragraph:
    """How many targets have which light.

    Parameters
    ----------
    safe : Protected
        Of ``atlas.services.projects.protected_targets``.
    """
    lights = list(safe.frame["light"])
    counts = {light: lights.count(light) for light in COUNTED if light in lights}
    parts = {
        code: ("，" if code == "zh" else ", ").join(COUNTED[one][code].format(count=n) for one, n in counts.items())
        for code in REPORT_LANGUAGES
    }
    if len(lights) == 1:
        parts = {
            code: text.replace("1项", "") if code == "zh" else text.removeprefix("1 ") for code, text in parts.items()
        }
    text = filled(OPENING[len(lights) == 1], count=str(len(lights)), parts=parts)
    return Paragraph(text, [str(ids["result"]) for ids in safe.frame[RESULTS]])


def targets_table(ledgers: Ledgers, safe: Protected) -> Table:
    """Targets, what was to be expected, what was done, and the light in words.

    Parameters
    ----------
    ledgers : Ledgers
    safe : Protected
        Of ``atlas.services.projects.protected_targets``.
    """
    rows = safe.frame.to_dict("records")
    bounded = any(row["bound"] for row in rows)
    table = safe.with_texts("light", [LIGHT[row["light"]] for row in rows])
    table = table.with_texts("result", [result_text(row) for row in rows])  # type: ignore[misc]
    expected = [expected_amount(row["measure"], row["expected"]) for row in rows]
    table = table.with_texts("expected", [dict.fromkeys(REPORT_LANGUAGES, text) for text in expected])
    columns = [
        Column("target", {"zh": "目标值", "en": "Agreed"}, "number", decimals=0),
        Column("expected", {"zh": "到本期末应做到", "en": "To be expected by now"}),
        Column("result", {"zh": "已做到", "en": "Done"}),
        Column("ratio", {"zh": "为应做到的", "en": "Of what was expected"}, "percent"),
        Column("light", {"zh": "灯", "en": "Light"}),
    ]
    lights = ledgers.declared.lights
    rule = filled(RULE, green=f"{lights.green:.0%}", amber=f"{lights.amber:.0%}")
    return wide_table(
        table,
        caption={"zh": "项目目标与完成情况", "en": "Targets of projects and what was done"},
        rows=indicator_naming(ledgers),
        columns=columns,
        section=Naming("project", project_names(ledgers), {"zh": "项目", "en": "Project"}),
        notes=[rule, dict(BOUND)] if bounded else [rule],
    )
