"""What people said in their own words: themes with their shares, and the words that somebody approved for print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xzz_analysis.disclosure.protect import Protected, protect
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.themes import AGREEMENT, KAPPA, agreement, coded_questions, theme_shares
from xzz_analysis.report.blocks import Block, Column, Heading, Note, Paragraph, Table
from xzz_analysis.report.chapters.naming import both, counted_units, policy_of, unit_label
from xzz_analysis.report.sentences import joined, lower_first, statement
from xzz_analysis.report.tables import Naming, estimates_table, printed_figures
from xzz_analysis.study import CodedQuestion, Quotation

UNNAMED: dict[str, str] = {
    "zh": "比例是在回答里主动提到该主题的人所占的比例；没有提到，不等于没有这方面的需求。一个人可以提到几个主题。"
    "写了而尚未编码的回答计入缺失。",
    "en": "Shares are of those who brought the theme up themselves: that somebody did not name it is not to say that there "
    "is no need. One answer may hold several themes; an answer that nobody has coded yet counts as missing.",
}
CODED: dict[str, str] = {
    "zh": "开放题的回答由人工逐条阅读，按下表编码为主题；报告只印主题的比例和经批准的引语，不印原文。",
    "en": "Answers in people's own words were read one by one and coded as the table says; reports print shares of themes "
    "and approved quotations, never the answers.",
}
AGREED: dict[str, str] = {
    "zh": "两名编码员互不知情，各自编码同一批回答。科恩κ系数扣除了碰巧一致的部分：1为完全一致，0为与碰巧无异。",
    "en": "Two coders read the same answers without seeing each other's codes. Cohen's kappa leaves out what would agree by "
    "chance: 1 is full agreement, 0 no more than chance.",
}


def theme_chapter(survey: MonitoringRound, domain: str) -> list[Block]:
    """The themes of one domain that people named in their own words; nothing where none were coded.

    Parameters
    ----------
    survey : MonitoringRound
    domain : str
        One of ``indicator.DOMAINS``.

    Returns
    -------
    list of Block
        A heading; for each coded question a sentence, a table and its approved quotations. A quotation whose theme too
        few named is left out with its figure, and a report on one place has none: there people know each other.
    """
    questions = coded_questions(survey, domain)
    if not questions:
        return []
    blocks: list[Block] = [_heading(survey, questions, domain)]
    for coded in questions:
        safe = protect(theme_shares(survey, coded), policy_of(survey))
        here = safe.rows(safe.frame["option"].map(coded.domain_of) == domain)
        order = here.frame["estimate"].fillna(-1.0).sort_values(ascending=False, kind="stable").index
        blocks += _question(survey, coded, here.ordered(list(order)))
    return blocks


def _heading(survey: MonitoringRound, questions: Sequence[CodedQuestion], domain: str) -> Heading:
    units = list(dict.fromkeys(coded.unit for coded in questions))
    names = {language: [choose(unit_label(survey, unit), language).text for unit in units] for language in ("zh", "en")}
    owners = joined([f"{name}'" if name.endswith("s") else f"{name}'s" for name in map(lower_first, names["en"])], "en")
    name = DOMAINS[domain]
    text = {"zh": f"{name['zh']}：{joined(names['zh'], 'zh')}自己的话", "en": f"{name['en']}: in {owners} own words"}
    return Heading(text, 3)


def _question(survey: MonitoringRound, coded: CodedQuestion, safe: Protected) -> list[Block]:
    """Sentence, table and quotations of one coded question."""
    labels: dict[str, Label] = {code: theme.label for code, theme in coded.codes.items()}
    naming = Naming("option", labels, {"zh": "主题", "en": "Theme"})
    caption = both("{}：提到的主题", "{}: themes named", coded.label)
    columns: list[str | Column] = [
        Column("estimate", {"zh": "提到的比例", "en": "Named it"}, "figure"),
        "interval",
        "n",
        Column("n_need", {"zh": "其中提到", "en": "Of which named it"}, "count"),
        "missing",
    ]
    table = estimates_table(safe, caption=caption, rows=naming, columns=columns, notes=[UNNAMED])
    whom = counted_units(survey)[coded.unit]
    shown = {f"{coded.id}/{code}" for code in safe.frame.loc[~safe.frame["suppressed"], "option"]}
    quoted = [
        _quoted(one, labels[one.theme.partition("/")[2]])
        for one in survey.study.themes.quotations
        if one.theme in shown and one.round in ("", survey.name) and not survey.place  # whose words is not told
    ]
    return [_most_named(safe, coded, naming, whom), table, *quoted]


AMONG: dict[str, dict[str, str]] = {
    "hidden": {"zh": "可以公布的主题中，", "en": ", of those that can be published,"},
    "domain": {"zh": "本领域的主题中，", "en": ", of those of this domain,"},
    "": {"zh": "", "en": ""},
}
"""Among which themes one was named most often."""


def _most_named(safe: Protected, coded: CodedQuestion, naming: Naming, whom: Label) -> Paragraph:
    """The theme that most people named; several where their shares are printed alike."""
    asked = coded.label
    frame = printed_figures(safe.frame)
    shown = frame[frame["estimate"].notna()]
    rows = shown[shown["estimate"] == shown["estimate"].max()].to_dict("records")
    if not rows:
        return Paragraph(
            both("“{}”：没有可以公布的比例。", '"{}": no share of a theme can be published.', asked),
        )
    said = {
        language: joined([statement(row, naming.label(row["option"]), whom, language) for row in rows], language)
        for language in REPORT_LANGUAGES
    }
    some_hidden, part = bool(safe.frame["suppressed"].any()), len(safe.frame) < len(coded.codes)
    among = AMONG["hidden" if some_hidden else "domain" if part else ""]
    if len(safe.frame) == 1:
        most = {"zh": "提到", "en": "the one theme of this domain is"}
    elif len(rows) == 1:
        most = {"zh": f"{among['zh']}提到最多的是", "en": f"the theme named most often{among['en']} is"}
    else:
        most = {"zh": f"{among['zh']}提到最多的是", "en": f"the themes named most often{among['en']} are"}
    text = {
        "zh": f"说到“{choose(asked, 'zh').text}”，{most['zh']}{said['zh']}。",
        "en": f'On "{lower_first(choose(asked, "en").text)}", {most["en"]} {lower_first(said["en"])}.',
    }
    return Paragraph(text, [str(row["result_id"]) for row in rows])


def _quoted(quotation: Quotation, theme: Label) -> Note:
    """Approved words, with whose they are and what about."""
    told = {"zh": "（大意）", "en": " (paraphrased)"} if quotation.paraphrased else {"zh": "", "en": ""}
    names = {language: choose(theme, language).text for language in REPORT_LANGUAGES}
    text = {
        "zh": f"“{quotation.zh}”\n\n——{quotation.who['zh']}，谈“{names['zh']}”{told['zh']}",
        "en": f'"{quotation.en}"\n\n— {quotation.who["en"]}, on "{lower_first(names["en"])}"{told["en"]}',
    }
    return Note(text, "quotation")


def coding_tables(survey: MonitoringRound) -> list[Block]:
    """How free text was coded: what every theme means, and how far two coders agree; nothing where none was coded."""
    questions = coded_questions(survey)
    if not questions:
        return []
    columns = [
        Column("label", {"zh": "主题", "en": "Theme"}),
        Column("definition", {"zh": "含义", "en": "What belongs to it"}),
        Column("domain", {"zh": "领域", "en": "Domain"}),
    ]
    rows = [
        {
            "label": dict(theme.label),
            "definition": dict(theme.definition),
            "domain": dict(DOMAINS[coded.domain_of(code)]),
            "section": dict(coded.label),
        }
        for coded in questions
        for code, theme in coded.codes.items()
    ]
    meaning = Table({"zh": "开放题的主题", "en": "Themes of answers in people's own words"}, columns, rows)
    return [Paragraph(dict(CODED)), meaning, *_agreement(survey, questions)]


def _agreement(survey: MonitoringRound, questions: Sequence[CodedQuestion]) -> list[Block]:
    """Agreement of two coders by theme; nothing where nobody coded twice."""
    found = agreement(survey)
    if not len(found):
        return []
    safe = protect(found, policy_of(survey)).frame
    printed = printed_figures(safe, 2).assign(suppressed=safe["suppressed"])
    known = {coded.id: coded for coded in questions}
    shares = printed[printed["statistic"] == AGREEMENT].set_index(["indicator", "option"])
    rows = [
        _agreed(row, shares.loc[(row["indicator"], row["option"])].to_dict(), known[row["indicator"]])
        for row in printed[printed["statistic"] == KAPPA].to_dict("records")
    ]
    columns = [
        Column("label", {"zh": "主题", "en": "Theme"}),
        Column("agreement", {"zh": "编码一致的比例", "en": "Coded alike"}, "percent"),
        Column("estimate", {"zh": "科恩κ系数", "en": "Cohen's kappa"}, "figure", unit="number", decimals=2),
        Column("n", {"zh": "两人都编码的回答", "en": "Answers coded twice"}, "count"),
    ]
    return [Table({"zh": "两名编码员的一致程度", "en": "Agreement of two coders"}, columns, rows, [AGREED, WITHHELD])]


WITHHELD: dict[str, str] = {
    "zh": "任何一名编码员认为提到或没有提到该主题的人过少时，不印数字。",
    "en": "No figure is printed where either coder gave the theme, or did not give it, to too few answers.",
}


def _agreed(row: dict[Any, Any], share: dict[Any, Any], coded: CodedQuestion) -> dict[str, Any]:
    """One theme: kappa with its result, and the share that agrees beside it."""
    line = {"label": dict(coded.codes[row["option"]].label), "section": dict(coded.label), "unit": "number"}
    line |= {"result_id": row["result_id"], **({"absent": row["reason"]} if row["reason"] else {})}
    n = None if row["n"] != row["n"] else round(row["n"])
    values = {"agreement": share["estimate"], "estimate": row["estimate"]}
    return line | {"n": n} | {name: None if one != one else float(one) for name, one in values.items()}
