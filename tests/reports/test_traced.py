"""Every digit of a release report is a result that can be traced, a declared text, or a count of records."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from xzz_analysis.editions.trace import trace
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.needs.policy import crosswalk_of
from xzz_analysis.report.tables import unit_of
from xzz_analysis.report.theme import figure_text, level_unit
from xzz_analysis.study import open_study

REPORTS = ("needs_report", "change_report")
NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?%?")
FIXED = (
    r"\d{4}-\d{2}-\d{2}",  # days
    r"2025Q[24]",  # rounds
    r"95% (?:置信区间|confidence interval)",
    r"不足\s*5\s*[个的]|[Ff]ewer than 5|below 5|不足 30 个|fewer than 30|2017 年|2017|1972",
    r"表 \d+|图 \d+|Table \d+|Figure \d+",
    r"有明确变化的指标有\d+项|另有\d+项|比较的\d+项指标",
    r"For \d+ others|\d+ indicators changed clearly|Of the \d+ indicators|最常见的\d+项",
    r"目标\d+(?:\.\d+)?(?:、\d+(?:\.\d+)?)*（|Goal \d+(?:\.\d+)?(?:, \d+(?:\.\d+)?)* \(",  # Agenda 2030
    r"第\d+条（|Article \d+(?:, \d+)* \(",  # Convention on the Rights of the Child
    r"清单共\d+项|list has \d+ items",
    r"\d个维度|\d dimensions?|M0",
    r"^\d+（\d+(?:–\d+)?）$|^\d+ \(\d+(?:–\d+)?\)$",  # a rank and the ranks that are possible
    r"95%置信区间",
    r"有\d+项差距明确|\d+ gaps are clear|社区不足\d+个|Fewer than \d+ communities",
    r"Kitagawa（1955）|Kitagawa \(1955\)|Erreygers 2009|Herriot 1979|在−1和1之间|between −1 and 1",
    r"第\d+版|version \d+|\d+–\d+岁|aged \d+ to \d+|(?:SDG|CRC) \d+(?:\.\d+)?",  # definitions
    r"满分100|Score of 100|of 100",
    r"的\d+道题目中，\d+道没有中文措辞，\d+道没有英文",
    r"\d+ of \d+ questions have no Chinese wording in the form and \d+ no",
)
"""What may hold digits without being a result: days, rounds, levels, rules under tables, how many things are listed."""

COUNTS = (
    "同期服务",
    "Services",
    "社区",
    "ommunit",
    "指标变化概览",
    "at a glance",
    "官方数字",
    "official figures",
    "四个领域",
    "Four domains",
    "题目措辞",  # skip logic
    "Wording of the questions",
    "历次收集的轮次",
    "The rounds so far",
    "登记的更正",
    "Corrections declared",
)
"""Words of the captions of tables that count records or quote a register with its source, not answers."""


class Page(HTMLParser):
    """Texts of a page with the result ids that the element around them states."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str, str, str]] = []
        self.caption, self.stack, self.inside = "", [], False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "img", "meta", "link"):
            return
        given = dict(attrs)
        self.inside |= tag == "main"
        self.stack.append((tag, given.get("data-result") or given.get("data-results") or ""))
        if tag == "caption":
            self.caption = ""

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass
        self.inside &= tag != "main"
        if tag == "table":
            self.caption = ""

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.stack]
        if "caption" in tags:
            self.caption += data
        if self.inside and data.strip() and not {"style", "script", "nav"} & set(tags):
            stated = next((ids for _, ids in reversed(self.stack) if ids), "")
            self.texts.append((data.strip(), stated, tags[-1], self.caption))


@pytest.fixture(scope="module")
def edition(my_study: Path) -> Path:
    return my_study / "outputs" / "release" / "demo-2025Q4"


def page(edition: Path, report: str, language: str) -> Page:
    read = Page()
    read.feed((edition / f"{report}.{language}.html").read_text(encoding="utf-8"))
    return read


def labels(my_study: Path) -> set[str]:
    """Every declared text: labels of indicators, groups, levels, questions, options, and the statement."""
    survey = open_round(my_study)
    found = [one.label for one in survey.indicators]
    told = ("definition", "recall", "respondent", "cutoff_source", "licence", "evidence")
    found += [getattr(one, name) for one in survey.indicators for name in told]
    found += [one.label for group in survey.study.groups for one in (group, *group.classes)]
    for answers in survey.dataset.answers.values():
        for question in answers.questions.values():
            found += [question.label, *(option.label for option in question.options)]
    policy = survey.study.settings.policy
    found += [text for service in policy.services for text in (service.label, service.whom)]
    found += [crosswalk_of(survey.study).title, *survey.study.settings.unchecked_facts.values()]
    population = survey.study.settings.population
    return {text for label in found for text in label.values()} | {population.zh, population.en}


def unexplained(text: str, known: set[str]) -> list[str]:
    """Numbers of a text that are in no declared text and in no fixed phrase."""
    for phrase in FIXED:
        text = re.sub(phrase, " ", text)
    for label in sorted(known, key=len, reverse=True):
        text = text.replace(label, " ").replace(label[:1].lower() + label[1:], " ")
    return NUMBER.findall(text)


def printed(row: pd.Series) -> set[str]:
    """Every way in which a result's figures are printed."""
    unit = unit_of(row["statistic"])
    found = set()
    for name in ("estimate", "low", "high", "before", "after", "of_level", "of_reference"):
        if name in row and pd.notna(row[name]):
            shown = unit if name in ("estimate", "low", "high") else level_unit(unit)
            texts = {figure_text(row[name], shown, digits) for digits in (1, 2)}
            found |= texts | {text.lstrip("+−") for text in texts}  # "by 7.2 percentage points" says the side in words
    for name in [one for one in row.index if one == "n" or one.startswith("n_")]:
        if pd.notna(row[name]):
            found.add(figure_text(row[name], "count"))
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("report", REPORTS)
def test_every_digit_of_a_release_report_carries_a_result(my_study, edition, report, language):
    known = labels(my_study)
    loose = [
        (tag, caption, text)
        for text, stated, tag, caption in page(edition, report, language).texts
        if not stated and unexplained(text, known) and not any(word in caption for word in COUNTS)
    ]
    survey = open_round(my_study)
    counts = {f"{len(survey.sample(unit)):,}" for unit in survey.study.tables}
    assert [one for one in loose if set(unexplained(one[2], known)) - counts] == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("report", REPORTS)
def test_every_number_of_a_sentence_is_the_estimate_it_names(my_study, edition, report, language):
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str}).set_index("result_id")
    known = labels(my_study)
    sentences = [one for one in page(edition, report, language).texts if one[1] and one[2] == "p"]
    assert len(sentences) >= 1
    for text, stated, _, _ in sentences:
        allowed = set().union(*(printed(results.loc[name]) for name in stated.split()))
        assert set(unexplained(text, known)) <= allowed, text


def test_an_invented_digit_is_found(my_study):
    assert unexplained("有 37.5% 的儿童没有医保", labels(my_study)) == ["37.5%"]


@pytest.mark.parametrize("report", REPORTS)
def test_results_of_a_report_are_traced_and_the_same(my_study, edition, report):
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str})
    study = open_study(my_study)
    for name in results["result_id"].iloc[[0, len(results) // 2, -1]]:
        assert trace(study, name)["same"] is True
