"""The two real surveys in `examples/`: four domains, every expression computed, groups compared, nobody given away."""

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from xzz_analysis.cli import main
from xzz_analysis.errors import StudyError
from xzz_analysis.intake.expression import parse
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.study import open_study

EXAMPLES = ("haiti_msna_2022", "lebanon_msna_2022")
POPULATION = ("lebanese", "refugee", "migrant_elsewhere", "migrant_employer")
both = pytest.mark.parametrize("name", EXAMPLES)
real = pytest.mark.real


@pytest.fixture(scope="module")
def lebanon(real_data: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example study of the three groups, its needs report built outside the project."""
    if not list((real_data / "lebanon_msna_2022").glob("*.csv.gz")):
        pytest.skip(f"no survey of Lebanon: {real_data.name} holds no lebanon_msna_2022; see the example's README")
    folder = tmp_path_factory.mktemp("real") / "examples" / "lebanon_msna_2022"
    shutil.copytree(root / "examples" / "lebanon_msna_2022", folder)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as caught:
        patch.setenv("XZZ_REAL_DATA", str(real_data))
        main(["build", str(folder), "needs_report", "--quiet"])
    assert caught.value.code in (0, None)
    return folder


@pytest.fixture(scope="module")
def folders(haiti: Path, lebanon: Path) -> dict[str, Path]:
    return dict(zip(EXAMPLES, (haiti, lebanon), strict=True))


@pytest.fixture(scope="module")
def surveys(folders: dict[str, Path], real_data: Path) -> Iterator[dict[str, MonitoringRound]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_REAL_DATA", str(real_data))
        yield {name: open_round(folder) for name, folder in folders.items()}


def edition(folder: Path) -> Path:
    return folder.parents[1] / "outputs" / "release" / f"{folder.name}-2022"


class Text(HTMLParser):
    """The words of a page, without scripts, styles and what is marked as Chinese: the wording that was asked."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden = tag in ("style", "script") or (tag != "html" and ("lang", "zh-CN") in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.hidden = False

    def handle_data(self, data: str) -> None:
        self.words += [] if self.hidden else [data.strip()]


def words(folder: Path, language: str) -> list[str]:
    return Text(edition(folder) / f"needs_report.{language}.html").words


@real
@both
def test_every_indicator_is_computed(surveys, name):
    survey = surveys[name]
    needs = survey.needs()
    assert survey.findings == []
    assert needs["indicator"].nunique() >= 25
    assert needs["estimate"].notna().all() and (needs["n"] >= 200).all()


@real
@both
def test_the_four_domains_have_five_or_more_each(surveys, name):
    counts = pd.Series([one.domain for one in surveys[name].indicators]).value_counts()
    assert set(counts.index) == set(DOMAINS)
    assert counts.min() >= 5


@real
@both
def test_shares_are_neither_nobody_nor_everybody(surveys, name):
    needs = surveys[name].needs()
    shares = needs[needs["statistic"] != "mean"]
    assert shares["estimate"].between(0.02, 0.95).all()


@real
@both
def test_an_expression_names_only_options_that_its_questions_have(surveys, name):
    survey = surveys[name]
    for one in survey.indicators:
        for text in one.expressions():
            questions = [survey.dataset.question(one.unit, question) for question in parse(text).names]
            options = {option.name for question in questions for option in question.options}
            defaults = set(re.findall(r"coalesce\([^,]+, '([^']*)'\)", text))
            assert set(re.findall(r"'([^']*)'", text)) - defaults <= options, one.id


@real
@both
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_has_every_domain_and_every_indicator(surveys, folders, name, language):
    printed = words(folders[name], language)
    labels = [label[language] for label in (*DOMAINS.values(), *(one.label for one in surveys[name].indicators))]
    assert set(labels) <= set(printed)
    assert not re.search("could not be computed|无法计算", " ".join(printed))


@real
@both
def test_the_english_page_holds_no_chinese(folders, name):
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(words(folders[name], "en")))


@real
def test_the_population_groups_of_lebanon_are_compared(surveys):
    needs = surveys["lebanon_msna_2022"].needs("population")
    assert set(needs["by"]) == {f"population={group}" for group in POPULATION}
    debt = needs[needs["indicator"] == "live_debt"].set_index("by")
    assert debt["low"]["population=refugee"] > debt["high"]["population=lebanese"]
    assert debt["low"]["population=lebanese"] > debt["high"]["population=migrant_employer"]


@real
@pytest.mark.parametrize(("language", "heading"), [("zh", "[^<]*：按人群比较"), ("en", "[^<]* by population group")])
def test_the_report_of_lebanon_compares_them_in_every_domain(folders, language, heading):
    page = (edition(folders["lebanon_msna_2022"]) / f"needs_report.{language}.html").read_text(encoding="utf-8")
    assert len(re.findall(rf"<h3[^>]*>{heading}", page)) == len(DOMAINS)


@real
@both
def test_no_class_can_be_told_by_the_difference_between_all_and_the_others(surveys, name):
    survey = surveys[name]
    every = survey.needs().set_index("indicator")["n"]
    for group in survey.study.groups:
        classes = survey.needs(group.name).groupby("indicator")["n"].sum()
        pd.testing.assert_series_equal(classes, every.loc[classes.index], check_like=True, check_names=False)


@real
@both
def test_skipped_by_the_questionnaire_is_not_missing_where_nobody_should_answer(surveys, name):
    needs = surveys[name].needs().set_index("indicator")
    assert needs["n_skipped"].drop("edu_cost", errors="ignore").sum() == 0


@real
def test_no_weight_means_that_every_household_of_lebanon_counts_once(surveys):
    needs = surveys["lebanon_msna_2022"].needs()
    shares = needs[needs["statistic"] == "share"]
    assert (shares["estimate"] - shares["n_need"] / shares["n"]).abs().max() < 1e-12


@real
@both
def test_no_key_of_a_household_is_in_what_is_released(folders, name):
    key = re.compile(rb"HH\d{5}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")
    files = [path for path in edition(folders[name]).iterdir() if path.suffix in (".html", ".csv", ".json")]
    assert len(files) == 4
    assert not [path.name for path in files if key.search(path.read_bytes())]


@real
@both
def test_what_the_source_does_not_tell_is_not_invented(surveys, name):
    statement = surveys[name].study.settings.statement
    assert statement.weighting and statement.limitations
    assert not statement.sponsor and not statement.ethics


@real
@both
def test_three_or_more_kinds_of_need_are_told_apart(surveys, name):
    assert len({one.kind for one in surveys[name].indicators}) >= 3


def test_a_raw_file_may_be_named_by_a_variable_of_the_environment(root, tmp_path, monkeypatch):
    monkeypatch.setenv("XZZ_REAL_DATA", str(tmp_path))
    with pytest.raises(StudyError) as caught:
        open_study(root / "examples" / "lebanon_msna_2022")
    (finding,) = caught.value.findings
    assert finding.rule == "missing_file"
    assert str(tmp_path / "lebanon_msna_2022") in finding.message
