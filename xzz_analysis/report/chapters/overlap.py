"""Needs that come together in the same children: how many, which ones, who has several."""

from __future__ import annotations

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.report.blocks import Block, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import both, counted_units, level_naming, lower, policy_of
from xzz_analysis.report.drawings import upset_figure
from xzz_analysis.report.sentences import joined, lower_first, statement
from xzz_analysis.report.tables import Naming, estimates_table, printed_figures
from xzz_analysis.survey.estimates import Estimates

MEASURES: dict[str, Label] = {
    "headcount": {"zh": "同时缺乏的人所占比例（H）", "en": "Share deprived in so many at once (H)"},
    "intensity": {"zh": "这些人平均缺乏的维度比例（A）", "en": "Dimensions they lack on average, as a share (A)"},
    "adjusted_headcount": {"zh": "调整后的比例（M0＝H×A）", "en": "Adjusted headcount (M0 = H × A)"},
    "headcount_low": {"zh": "H 的下限：未测到的都不缺乏", "en": "Lowest H: nobody unmeasured is deprived"},
    "headcount_high": {"zh": "H 的上限：未测到的都缺乏", "en": "Highest H: everybody unmeasured is deprived"},
}
"""Measures of Alkire and Foster (2011, Journal of Public Economics 95, 476-487) that the report prints, in words."""

BASED: dict[str, str] = {
    "zh": "估计值的基数是每个维度都测到的儿童；上下限的基数是全部适用的儿童，没有测到的不算作没有需求。",
    "en": "Estimates are of children measured in every dimension; bounds are of everybody concerned: an unmeasured child "
    "is never counted as being without the need.",
}


def overlap_chapter(survey: MonitoringRound, group: str = "") -> list[Block]:
    """The tables and the figure of what comes together; nothing where study.yml declares no overlap.

    Parameters
    ----------
    survey : MonitoringRound
    group : str
        Group whose levels are set side by side; none when empty.
    """
    declared = survey.study.settings.overlap
    if declared is None or declared.unit not in survey.units:
        return []
    found = survey.overlap()
    labels = {name: declared.dimensions[name].label for name in found.dimensions}
    combined = _protected(survey, found.combinations)
    names = [option.removeprefix("combination=") for option in combined.frame["option"]]
    combined = combined.with_column("combination", names)
    blocks: list[Block] = [
        Paragraph(_dimensions(survey, labels)),
        *_counted(survey, found.patterns),
        _measures(survey, found.counting, found.bounds),
        upset_figure(combined, labels, {"zh": "哪些需求同时出现", "en": "Which needs come together"}),
        _combinations(combined, labels),
    ]
    if group and group in {one.name for one in survey.study.groups}:
        blocks += _by_group(survey, group)
    return [*blocks, Note(BASED)]


def _protected(survey: MonitoringRound, estimates: Estimates) -> Protected:
    return protect(estimates, policy_of(survey))


def _dimensions(survey: MonitoringRound, labels: dict[str, dict[str, str]]) -> dict[str, str]:
    """Which indicators make each dimension."""
    declared = survey.study.settings.overlap
    assert declared is not None
    known = {one.id: one.label for one in survey.indicators}
    said = {}
    for language in REPORT_LANGUAGES:
        parts = []
        for name, label in labels.items():
            inside = [choose(known[one], language).text for one in declared.dimensions[name].indicators]
            inside = inside if language == "zh" else [lower_first(one) for one in inside]
            opening, closing = ("（", "）") if language == "zh" else (" (", ")")
            parts.append(f"{choose(label, language).text}{opening}{joined(inside, language)}{closing}")
        said[language] = "；".join(parts) if language == "zh" else "; ".join(parts)
    return {
        "zh": f"一个孩子在某个维度上有任何一项需求，就算在该维度上有需求：{said['zh']}。",
        "en": f"A child has a need in a dimension when it has any of the needs there: {said['en']}.",
    }


def _counted(survey: MonitoringRound, patterns: Estimates) -> list[Block]:
    """In how many dimensions children have needs at once: a sentence and a table."""
    safe = _protected(survey, patterns)
    counts = safe.rows((safe.frame["indicator"] == "deprivations") & (safe.frame["by"] == ""))
    several = safe.rows((safe.frame["option"] == "count=2") & (safe.frame["indicator"] == "at_least"))
    labels = {f"count={n}": _number(n) for n in range(len(counts.frame))}
    caption = {"zh": "同时有需求的维度数", "en": "In how many dimensions at once"}
    naming = Naming("option", labels, {"zh": "维度数", "en": "Dimensions"})
    table = estimates_table(counts, caption=caption, rows=naming, columns=("estimate", "interval", "n", "n_need"))
    rows = printed_figures(several.frame).to_dict("records")
    if not rows or rows[0]["estimate"] != rows[0]["estimate"]:
        return [table]
    unit = counted_units(survey)[str(several.frame["unit"].iloc[0])]
    label = {"zh": "在两个或更多维度上同时有需求的比例", "en": "Needs in two or more dimensions at once"}
    text = {language: statement(rows[0], label, unit, language) for language in REPORT_LANGUAGES}
    return [Paragraph({"zh": f"{text['zh']}。", "en": f"{text['en']}."}, [str(rows[0]["result_id"])]), table]


def _number(count: int) -> dict[str, str]:
    if count == 0:
        return {"zh": "没有", "en": "None"}
    return {"zh": f"{count}个维度", "en": f"{count} dimension{'s' if count > 1 else ''}"}


def _measures(survey: MonitoringRound, counting: Estimates, bounds: Estimates) -> Table:
    """H, A and M0 with what missing answers allow, for every cutoff."""
    parts = [_protected(survey, one) for one in (counting, bounds)]
    wanted = [one.rows(one.frame["indicator"].isin(list(MEASURES))) for one in parts]
    both_ = wanted[0].joined(wanted[1])
    cutoffs = list(both_.frame["option"].map(_cutoff).unique())
    measures = list(MEASURES)
    keys = [
        (cutoffs.index(_cutoff(option)), measures.index(measure))
        for option, measure in zip(both_.frame["option"], both_.frame["indicator"], strict=True)
    ]
    safe = both_.ordered(sorted(range(len(keys)), key=keys.__getitem__))
    safe = safe.with_column("cutoff", [_cutoff(option) for option in safe.frame["option"]])
    sections = {name: _cutoff_label(name) for name in cutoffs}
    caption = {"zh": "多维缺乏的程度", "en": "How much comes together"}
    naming = Naming("indicator", MEASURES, {"zh": "指标", "en": "Measure"})
    section = Naming("cutoff", sections)
    columns = ("estimate", "interval", "n")
    return estimates_table(safe, caption=caption, rows=naming, section=section, columns=columns, decimals=3)


def _cutoff(option: str) -> str:
    return option.removeprefix("cutoff=")


def _cutoff_label(name: str) -> Label:
    zh = f"至少{name}的权重" if name.endswith("%") else f"至少{name}个维度"
    en = f"At least {name} of the weight" if name.endswith("%") else f"At least {name} dimensions"
    return {"zh": zh, "en": en}


def _combinations(combined: Protected, labels: dict[str, dict[str, str]]) -> Table:
    """The combinations by frequency."""
    frame = combined.frame
    order = frame["estimate"].fillna(-1.0).sort_values(ascending=False, kind="stable").index
    ranked = combined.ordered(list(order))
    named = {one: _together(one, labels) for one in frame["combination"]}
    naming = Naming("combination", named, {"zh": "同时出现的需求", "en": "Needs together"})
    caption = {"zh": "需求的组合", "en": "Combinations of needs"}
    return estimates_table(ranked, caption=caption, rows=naming, columns=("estimate", "interval", "n", "n_need"))


def _together(combination: str, labels: dict[str, dict[str, str]]) -> Label:
    inside = [labels[name] for name in combination.split("+") if name]
    if not inside:
        return {"zh": "都没有", "en": "None of them"}
    return {
        "zh": "＋".join(choose(one, "zh").text for one in inside),
        "en": " + ".join(choose(one, "en").text for one in inside),
    }


def _by_group(survey: MonitoringRound, group: str) -> list[Block]:
    """H and M0 for the levels of one group."""
    safe = _protected(survey, survey.overlap(group).counting)
    kept = safe.frame["indicator"].isin(["headcount", "adjusted_headcount"]) & (safe.frame["by"] != "")
    rows = safe.rows(kept)
    if not len(rows.frame):
        return []
    rows = rows.ordered(
        list(rows.frame.sort_values(["option", "indicator"], ascending=[True, False], kind="stable").index)
    )
    name = survey.label(group, str(rows.frame["unit"].iloc[0]))
    rows = rows.with_column(
        "measure",
        [
            f"{one}\x1f{_cutoff(option)}"
            for one, option in zip(rows.frame["indicator"], rows.frame["option"], strict=True)
        ],
    )
    sections = {one: _section(one) for one in rows.frame["measure"].unique()}
    caption = both("多维缺乏，按{}", "How much comes together, by {}", lower(name))
    columns = ("estimate", "interval", "n")
    return [
        estimates_table(
            rows,
            caption=caption,
            rows=level_naming(survey, rows),
            section=Naming("measure", sections),
            columns=columns,
            decimals=3,
        )
    ]


def _section(measure: str) -> Label:
    indicator, _, cutoff = measure.partition("\x1f")
    label, at = MEASURES[indicator], _cutoff_label(cutoff)
    return {language: f"{choose(at, language).text}: {choose(label, language).text}" for language in REPORT_LANGUAGES}
