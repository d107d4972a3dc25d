"""Sentences of a report: numbers come from protected tables, words from here, both languages at once.

Every sentence is a function with a literal test; each paragraph lists the ids of the results it states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.errors import ReportError
from xzz_analysis.language import REPORT_LANGUAGES, Label, choose
from xzz_analysis.report.blocks import Block, Note, Paragraph
from xzz_analysis.report.tables import ESTIMATED, Naming, caution_of, printed_figures, protected_frame
from xzz_analysis.report.theme import CAUTION, figure_text, interval_text

INTERVAL_WORD: dict[bool, dict[str, str]] = {
    True: {"zh": "{level} 参考区间", "en": "{level} indicative interval"},
    False: {"zh": "{level} 置信区间", "en": "{level} confidence interval"},
}
"""What an interval is called, by whether the sample is a non-probability sample."""


def figure(value: float, unit: str = "percent") -> str:
    """Print one figure; a missing one is the mark of suppression."""
    return MARK if pd.isna(value) else figure_text(value, unit)


def joined(parts: Sequence[str], language: str) -> str:
    """Join parts as a list is written: ``甲、乙和丙``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    comma, last = ("、", "和") if language == "zh" else (", ", " and ")
    return comma.join(parts[:-1]) + last + parts[-1]


def lower_first(text: str) -> str:
    """Begin an English label in lower case, unless its first word is an abbreviation or a name."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def beside(left: str, right: str) -> str:
    """Two texts of a Chinese sentence side by side: Latin letters and figures do not touch.

    ``Rural`` and ``31.4%`` get a space between them, ``农村`` and ``31.4%`` none.
    """
    latin = left[-1:].isascii() and (right[:1].isascii() or right[:1] in ("−", MARK))
    return f"{left} {right}" if left and right and latin else left + right


def statement(row: Mapping[Any, Any], label: Label, unit: Label, language: str) -> str:
    """State one estimate with its interval and base.

    Parameters
    ----------
    row : mapping
        A row of ``printed_figures``.
    label : Label
        What was estimated.
    unit : Label
        Whom: 名儿童 / children.
    """
    name, whom = choose(label, language).text, choose(unit, language).text
    value = figure(row["estimate"], row["unit"]) + CAUTION.get(caution_of(row["flags"]), "")
    base = figure(row["n"], "count")
    base = beside(base, whom) if language == "zh" else f"{base} {whom}"
    if pd.isna(row["low"]):
        return f"{name}：{value}（基数{base}）" if language == "zh" else f"{name}: {value} (base: {base})"
    word = INTERVAL_WORD[row["kind"] == "nonprobability"][language].format(level=f"{row['level']:.0%}")
    span = interval_text(row["low"], row["high"], language, unit=row["unit"])
    if language == "zh":
        return f"{name}：{value}（{word}{span}，基数{base}）"
    return f"{name}: {value} ({word} {span}; base: {base})"


def leading_needs(table: Protected, naming: Naming, units: Mapping[str, Label], *, count: int = 3) -> Paragraph:
    """Name the most frequent needs, highest share first.

    Parameters
    ----------
    table : Protected
        Shares of the whole; means and suppressed rows are passed over.
    naming : Naming
        Labels of the indicators.
    units : mapping of unit name to Label
        Whom the base counts.
    count : int
        How many to name.
    """
    frame = printed_figures(protected_frame(table, "leading_needs", ESTIMATED))
    shares = frame[(frame["unit"] == "percent") & (frame["statistic"] != "ratio") & frame["estimate"].notna()]
    shares = shares.assign(whom=table.frame.loc[shares.index, "unit"])
    rows = shares.sort_values("estimate", ascending=False, kind="stable").head(count).to_dict("records")
    if not rows:
        return Paragraph({"zh": "本领域没有可以公布的比例。", "en": "No share of this domain can be published."})
    said = {
        language: [statement(row, naming.label(row["indicator"]), units.get(row["whom"], {}), language) for row in rows]
        for language in REPORT_LANGUAGES
    }
    some_hidden = bool((table.frame["suppressed"] & (table.frame["statistic"] == "share")).any())
    among = {"zh": "可以公布的需求中，", "en": "Of the needs that can be published, "} if some_hidden else {}
    if len(rows) == 1:
        text = {
            "zh": f"{among.get('zh', '')}{said['zh'][0]}。",
            "en": f"{among.get('en', '')}{said['en'][0]}.",
        }
    else:
        start = "the" if some_hidden else "The"
        number = _number_word(len(rows))
        text = {
            "zh": f"{among.get('zh', '')}最常见的{len(rows)}项是：{'；'.join(said['zh'])}。",
            "en": f"{among.get('en', '')}{start} {number} most frequent: {'; '.join(map(lower_first, said['en']))}.",
        }
    return Paragraph(text, [row["result_id"] for row in rows])


def _number_word(count: int) -> str:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if count < len(words) else str(count)


def group_gaps(table: Protected, indicators: Naming, levels: Naming) -> Paragraph:
    """Say for which needs the intervals of two groups lie apart.

    Parameters
    ----------
    table : Protected
        Shares by one grouping of two or more levels; the highest and the lowest are compared.
    indicators, levels : Naming
        Labels of the indicators, and of the ``by`` values.
    """
    frame = printed_figures(protected_frame(table, "group_gaps", ESTIMATED))
    shares = frame[(frame["unit"] == "percent") & (frame["statistic"] != "ratio") & frame["low"].notna()]
    compared = shares[shares.groupby("indicator")["by"].transform("size") > 1]
    said: dict[str, list[str]] = {"zh": [], "en": []}
    results: list[str] = []
    for name, rows in compared.groupby("indicator", sort=False):
        ordered = rows.sort_values("estimate", kind="stable")
        bottom, top = ordered.iloc[0], ordered.iloc[-1]
        if top["low"] <= bottom["high"]:
            continue
        results += [top["result_id"], bottom["result_id"]]
        for language in REPORT_LANGUAGES:
            said[language].append(_gap(top, bottom, indicators.label(name), levels, language))
    if compared.empty:
        text = GAPS["none"]
    elif not results:
        text = GAPS["overlap"]
    else:
        text = {
            "zh": f"区间不重叠、差别明显的需求：{'；'.join(said['zh'])}。{GAPS['rest']['zh']}",
            "en": f"The intervals lie apart for: {'; '.join(said['en'])}. {GAPS['rest']['en']}",
        }
    return Paragraph(dict(text), results)


GAPS: dict[str, dict[str, str]] = {
    "none": {
        "zh": "可以公布的数字不足以比较各组。",
        "en": "Too few figures can be published to compare the groups.",
    },
    "overlap": {
        "zh": "各组的区间都有重叠；仅凭区间重叠不能判断各组之间有没有差别。",
        "en": "The intervals of the groups overlap for every need compared; that alone does not say whether the "
        "groups differ.",
    },
    "rest": {
        "zh": "其余可比较的需求区间有重叠，仅凭这一点不能判断有无差别。",
        "en": "For the other needs compared they overlap, which alone does not say whether the groups differ.",
    },
}
"""What can be said about groups, beside naming those whose intervals lie apart."""


def _gap(top: pd.Series, bottom: pd.Series, label: Label, levels: Naming, language: str) -> str:
    name = choose(label, language).text
    high, low = (choose(levels.label(row["by"]), language).text for row in (top, bottom))
    above, below = (figure(row["estimate"]) for row in (top, bottom))
    if language == "zh":
        return f"{name}（{beside(high, above)}，{beside(low, below)}）"
    return f"{lower_first(name)} ({high} {above}, {low} {below})"


def response(counts: Mapping[str, float], units: Mapping[str, Label], dates: tuple[str, str]) -> Paragraph:
    """Say how many answered in a round, and when.

    Parameters
    ----------
    counts : mapping of unit name to respondents
        NaN where their number is withheld.
    units : mapping of unit name to Label
    dates : pair of str
        First and last day, ``YYYY-MM-DD``.
    """
    said = {
        language: joined([_count(n, units.get(unit, {"": unit}), language) for unit, n in counts.items()], language)
        for language in REPORT_LANGUAGES
    }
    return Paragraph(
        {
            "zh": f"本轮资料收集于{dates[0]}至{dates[1]}，共有{said['zh']}的回答可用。",
            "en": f"Answers were collected from {dates[0]} to {dates[1]}; those of {said['en']} are usable.",
        }
    )


def _count(n: float, unit: Label, language: str) -> str:
    name = choose(unit, language).text
    return beside(figure(n, "count"), name) if language == "zh" else f"{figure(n, 'count')} {name}"


def sample_caution(kind: str) -> Note:
    """Say what the intervals are worth for this kind of sample."""
    texts = {
        "probability": {
            "zh": "本轮为概率抽样，区间反映抽样误差；不反映无应答、回答误差和覆盖不全的影响。",
            "en": "This round is a probability sample: intervals reflect sampling error, and not non-response, "
            "wrong answers or people the frame missed.",
        },
        "census": {
            "zh": "本轮调查了总体中的每一个单位，没有抽样误差。",
            "en": "This round visited everybody in the population: there is no sampling error.",
        },
        "nonprobability": {
            "zh": "本轮不是概率抽样，区间仅供参考，结果只说明受访者，不能推断总体。",
            "en": "This round is not a probability sample: intervals are indicative, and results describe "
            "those who answered, not the population.",
        },
    }
    return Note(texts[kind], "warning" if kind == "nonprobability" else "note")


OVERCLAIMS = ("代表性", "有代表意义", "representative")
"""Words that a report on a non-probability sample cannot hold, not even denied: readers skip the "not"."""


def refuse_overclaims(blocks: Iterable[Block], kind: str) -> None:
    """Refuse a report that calls a non-probability sample representative.

    Parameters
    ----------
    blocks : iterable of Block
        Everything the report prints, in both languages.
    kind : "probability", "census" or "nonprobability"

    Raises
    ------
    ReportError
        Naming the word and how often it stands there.
    """
    if kind != "nonprobability":
        return
    texts = [text.lower() for block in blocks for label in block.texts() for text in label.values()]
    for word in OVERCLAIMS:
        count = sum(word in text for text in texts)
        if count:
            raise ReportError(
                f"the report says {word!r} in {count} of {len(texts)} texts, but its sample is not a probability "
                "sample, so nobody knows whom it stands for; say what it describes: those who answered"
            )


def fallback_note(questions: Iterable[Any]) -> Note | None:
    """Say that some wordings are printed in the language they were asked in; None when all have both.

    Parameters
    ----------
    questions : iterable of Question
    """
    labels = [question.label for question in questions if question.label]
    missing = {language: sum(not label.get(language) for label in labels) for language in REPORT_LANGUAGES}
    if not any(missing.values()):
        return None
    return Note(
        {
            "zh": f"问卷的{len(labels)}道题目中，{missing['zh']}道没有中文措辞，"
            f"{missing['en']}道没有英文措辞；这些题目按提问时的语言印出。",
            "en": f"{missing['zh']} of {len(labels)} questions have no Chinese wording in the form and "
            f"{missing['en']} no English one; they are printed in the language they were asked in.",
        }
    )
