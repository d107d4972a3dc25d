"""Studies made from published totals alone: every figure comes back on the page, and what nobody knows is said."""

import re
import shutil
from pathlib import Path

import pytest

from tests.reports.test_traced import Page
from xzz_analysis.cli import main

STUDIES = {"organisation": "2017", "station": "2020", "outreach": "2020"}
FIGURES = {
    "organisation": ("1,019", "11,252"),
    "station": ("14", "6,400", "2,537", "148", "43", "9", "58", "8", "46,000", "156", "41", "3"),
    "outreach": ("89", "73"),
}
UNKNOWN = {"zh": "不详", "en": "not known"}
each = pytest.mark.parametrize("name", STUDIES)
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory):
    """Builds a study in a copy of the examples, once, and gives the texts of a page with their captions."""
    folder = tmp_path_factory.mktemp("published") / "project" / "examples"
    shutil.copytree(root / "examples" / "published_figures", folder / "published_figures")
    done: dict[str, int] = {}

    def texts(name: str, language: str) -> list[tuple[str, str]]:
        if name not in done:
            with pytest.raises(SystemExit) as caught:
                main(["build", str(folder / "published_figures" / name), "--quiet"])
            done[name] = int(caught.value.code or 0)
        assert done[name] == 0, f"{name} cannot be built"
        edition = folder.parent / "outputs" / "release" / f"published_{name}-{STUDIES[name]}"
        read = Page()
        read.feed((edition / f"service_report.{language}.html").read_text(encoding="utf-8"))
        return [(text, caption) for text, _, _, caption in read.texts]

    return texts


def says(texts: list[tuple[str, str]], figure: str) -> bool:
    """Whether a figure stands on the page, and not inside a longer one."""
    return any(re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d.]|,\d)", text) for text, _ in texts)


@LANGUAGES
@each
def test_every_published_figure_is_on_the_page(built, name: str, language: str) -> None:
    texts = built(name, language)
    assert [figure for figure in FIGURES[name] if not says(texts, figure)] == []


@LANGUAGES
@pytest.mark.parametrize("name", ["organisation", "station"])
def test_persons_are_not_known_and_no_nought(built, name: str, language: str) -> None:
    whole = "\n".join(text for text, _ in built(name, language))
    assert UNKNOWN[language] in whole
    for nought in ("服务人数为0", "0 different persons", "0人参加", "0 persons"):
        assert nought not in whole


@LANGUAGES
def test_reasons_of_merchants_are_not_known(built, language: str) -> None:
    texts = [text for text, _ in built("outreach", language)]
    words = ("原因",) if language == "zh" else ("eason",)
    about = [text for text in texts if any(word in text for word in words)]
    assert any(UNKNOWN[language] in text for text in about), about


@LANGUAGES
@each
def test_a_page_has_no_table_that_says_nothing(built, name: str, language: str) -> None:
    texts = [text for text, _ in built(name, language)]
    assert "nan" not in texts and "None" not in texts and not any("NaN" in text for text in texts)
