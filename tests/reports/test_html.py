"""The page: whole, self-contained, escaped, accessible, and written only when every glyph is there."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xzz_analysis.errors import ReportError
from xzz_analysis.report.blocks import Block, Column, Heading, Note, PageMeta, Paragraph, Table
from xzz_analysis.report.html import css_string, render_html, replace_file, write_html

BOTH = {"zh": "需求", "en": "Needs"}
NAME, COUNT = Column("name", BOTH), Column("n", BOTH, "count")
HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&'"

Tag = tuple[str, dict[str, str]]


class Page(html.parser.HTMLParser):
    """A page's tags in order, its text, and whether every tag was closed where it was opened."""

    VOID = ("meta", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.open: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]

    def text(self, tag: str) -> list[str]:
        return [words for inside, words in self.words if inside == tag]


@pytest.fixture
def render(meta: PageMeta, title: dict[str, str]) -> Any:
    def rendered(*blocks: Block, language: str = "en", **changes: Any) -> Page:
        changed = PageMeta(**{**meta.__dict__, **changes})
        return Page(render_html(blocks, language=language, title=title, meta=changed))

    return rendered


@pytest.fixture(scope="session")
def sample(page: list[Block], title: dict[str, str], meta: PageMeta) -> dict[str, str]:
    """The sample report as text, in both languages."""
    return {language: render_html(page, language=language, title=title, meta=meta) for language in ("zh", "en")}


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
def test_the_page_is_whole_and_says_its_language(language: str, tag: str, sample: dict[str, str]) -> None:
    page = Page(sample[language])
    assert page.open == []
    assert page.all("html") == [{"lang": tag}]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_fetched_from_anywhere(language: str, sample: dict[str, str]) -> None:
    page = Page(sample[language])
    text = re.sub(r"base64,[\w+/=]+", "", sample[language])
    assert not re.search(r"https?:|url\((?!data:)|@import|//\w", text)
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert {"script", "iframe", "object", "form", "base"}.isdisjoint(tag for tag, _ in page.tags)


def test_the_policy_allows_the_page_s_own_style_and_nothing_else(sample: dict[str, str]) -> None:
    (policy,) = Page(sample["zh"]).all("meta", http_equiv="Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", sample["zh"], re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy["content"] == (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_no_tag_carries_a_style_or_an_event(sample: dict[str, str]) -> None:
    names = {name for _, attributes in Page(sample["en"]).tags for name in attributes}
    assert "style" not in names
    assert not any(name.startswith("on") for name in names)


def test_ids_are_unique_and_every_link_has_its_target(sample: dict[str, str]) -> None:
    page = Page(sample["en"])
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert set(ids.values()) == {1}
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= ids.keys()


def test_the_contents_list_chapters_and_sections(sample: dict[str, str]) -> None:
    assert Page(sample["en"]).text("a") == [
        "Skip to the report",
        "Who answered",
        "Needs now",
        "By domain",
        "Girls and boys",
        "Since the last round",
    ]


def test_anchors_are_the_same_in_both_languages(sample: dict[str, str]) -> None:
    anchors = [[tag["id"] for tag in Page(text).all("h2")] for text in sample.values()]
    assert anchors[0] == anchors[1] == ["contents", "who-answered", "needs-now", "since-the-last-round"]


def test_headings_that_repeat_get_their_own_anchor(render: Any) -> None:
    page = render(*[Heading({"zh": "教育", "en": "Education!"})] * 3, Heading({"zh": "一", "en": "一"}))
    assert [tag["id"] for tag in page.all("h2")] == [
        "contents",
        "education",
        "education-2",
        "education-3",
        "section",
    ]


def test_the_report_s_own_heading_is_not_printed_twice(render: Any, title: dict[str, str]) -> None:
    page = render(Heading(title, level=1), Heading({"zh": "另一部分", "en": "Another part"}, level=1))
    assert page.text("h1") == [title["en"]]
    assert page.text("h2") == ["Another part"]


def test_landmarks_are_there(sample: dict[str, str]) -> None:
    tags = Counter(tag for tag, _ in Page(sample["zh"]).tags)
    assert (tags["header"], tags["nav"], tags["main"], tags["footer"], tags["h1"]) == (1, 1, 1, 1, 1)


def test_a_table_says_what_its_headers_head(sample: dict[str, str]) -> None:
    page = Page(sample["en"])
    scopes = Counter(tag.get("scope") for tag in page.all("th"))
    assert scopes == {"col": 9, "row": 9, "rowgroup": 3}
    assert page.text("caption") == ["Table 1. Response flow", "Table 2. Needs by domain"]


def test_wide_things_scroll_in_a_named_region_that_takes_the_focus(sample: dict[str, str]) -> None:
    regions = Page(sample["zh"]).all("div", role="region")
    assert [region["tabindex"] for region in regions] == ["0"] * 5
    assert regions[0]["aria-label"] == "表 1　回答流程（可左右滚动）"


def test_pictures_have_words_and_a_size(sample: dict[str, str]) -> None:
    pictures = Page(sample["en"]).all("img")
    assert len(pictures) == 3
    assert all(len(picture["alt"]) > 40 and int(picture["width"]) > 1000 for picture in pictures)
    assert Page(sample["en"]).text("figcaption")[0] == "Figure 1. Share with each need"


def test_every_figure_of_a_table_carries_its_result(sample: dict[str, str]) -> None:
    cells = Page(sample["en"]).all("td", data_result="a00000000000")
    assert len(cells) == 5
    assert [cell.get("id") for cell in cells] == ["a00000000000", None, None, None, None]


def test_paragraphs_and_figures_list_their_results(sample: dict[str, str]) -> None:
    page = Page(sample["en"])
    assert page.all("p", data_results="a00000000000")
    assert all(figure["data-results"].startswith("a0000000000") for figure in page.all("figure"))


def test_wording_in_another_language_says_so(sample: dict[str, str]) -> None:
    page = Page(sample["zh"])
    assert len(page.all("th", lang="fr")) == len(page.all("th", lang="")) == 1
    assert "没有中文措辞之处，按问卷原文印出（法文、变量名）。" in page.text("p")


def test_the_cover_and_the_footer_state_the_facts(sample: dict[str, str]) -> None:
    page = Page(sample["zh"])
    assert page.text("h1") == ["流动儿童需求报告"]
    assert page.text("dt") == ["发布机构", "版次", "数据截至", "数据指纹", "程序版本"]
    assert page.text("dd") == ["协作者（演示）", "2025Q4", "2025-11-28", "5f2b7c1e9a40", "0.1.0"]
    assert "流动儿童及其家庭需求监测（演示）" in page.text("p")


def test_the_notice_stands_on_top_at_the_end_and_on_every_printed_page(sample: dict[str, str]) -> None:
    page = Page(sample["zh"])
    assert page.text("p").count("合成演示数据") == 2
    assert page.text("title") == ["流动儿童需求报告 · 合成演示数据"]
    assert f"@top-center{{content:{css_string('合成演示数据  ·  流动儿童需求报告')}}}" in sample["zh"]


def test_an_internal_page_says_so_before_anything_else(render: Any) -> None:
    page = render(Paragraph(BOTH), audience="internal")
    assert page.text("p")[0] == "Internal: not for release"
    assert page.all("header", **{"class": "cover internal"})


def test_a_page_without_a_notice_has_no_banner(render: Any) -> None:
    assert not render(Paragraph(BOTH), notice={}).all("p", **{"class": "banner"})


def test_a_note_says_its_tone_in_words(render: Any) -> None:
    page = render(Note(BOTH, tone="warning"), Note(BOTH))
    assert page.text("p")[2:6] == ["Caution", "Needs", "Note", "Needs"]
    assert len(page.all("div", role="note")) == 2


def test_an_empty_line_begins_a_paragraph(render: Any) -> None:
    assert render(Paragraph({"zh": "一", "en": "One.\n\nTwo."})).text("p")[-4:-2] == ["One.", "Two."]


def test_hostile_texts_stay_texts(render: Any) -> None:
    label = {"zh": HOSTILE, "en": HOSTILE}
    table = Table(label, [NAME, COUNT], [{"name": label, "n": 9, "result_id": HOSTILE, "section": label}], [label])
    page = render(Heading(label), Paragraph(label, [HOSTILE]), Note(label), table, notice=label, publisher=label)
    assert page.open == []
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert page.text("caption") == [f"Table 1. {HOSTILE}"]
    assert page.all("td", data_result=HOSTILE)


def test_a_css_string_cannot_be_left() -> None:
    assert css_string('a"}</style>') == '"a\\22 \\7d \\3c \\2f style\\3e "'


def test_the_page_carries_the_glyphs_of_its_own_text_only(render: Any, meta: PageMeta, title: dict[str, str]) -> None:
    short = render_html([Paragraph(BOTH)], language="en", title=title, meta=meta)
    assert len(short) < 40_000
    assert short.count("@font-face") == 1
    turkish = render_html([Paragraph({"zh": "一", "en": "ığş"})], language="en", title=title, meta=meta)
    assert turkish.count("@font-face") == 2


def test_the_sample_is_small(sample: dict[str, str]) -> None:
    assert all(len(text.encode()) < 400_000 for text in sample.values())


def test_the_same_blocks_give_the_same_bytes(
    page: list[Block], title: dict[str, str], meta: PageMeta, tmp_path: Path
) -> None:
    first, second = (
        write_html(page, tmp_path / name, language="zh", title=title, meta=meta).read_bytes()
        for name in ("a.html", "b.html")
    )
    assert first == second
    assert b"\r" not in first


def test_a_missing_glyph_leaves_the_old_page_as_it_was(title: dict[str, str], meta: PageMeta, tmp_path: Path) -> None:
    path = tmp_path / "report.zh.html"
    path.write_text("old", encoding="utf-8")
    table = Table(BOTH, [NAME], [{"name": {"zh": "好👍", "en": "good"}}])
    with pytest.raises(ReportError, match=r"report.zh.html: 1 character.*U\+1F44D"):
        write_html([table], path, language="zh", title=title, meta=meta)
    assert (path.read_text(encoding="utf-8"), list(tmp_path.iterdir())) == ("old", [path])


def test_a_glyph_that_only_the_other_language_lacks_is_no_error(
    title: dict[str, str], meta: PageMeta, tmp_path: Path
) -> None:
    table = Table(BOTH, [NAME], [{"name": {"zh": "好👍", "en": "good"}}])
    assert write_html([table], tmp_path / "p.html", language="en", title=title, meta=meta).is_file()


def test_a_full_disk_leaves_the_old_page_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "p.html"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReportError, match="No space left on device; what was there before is unchanged"):
        replace_file(path, b"new")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])


def test_a_folder_that_is_not_there_is_named(title: dict[str, str], meta: PageMeta, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"nowhere/p.html cannot be written: No such file"):
        write_html([Paragraph(BOTH)], tmp_path / "nowhere" / "p.html", language="en", title=title, meta=meta)


def test_a_language_without_reports_is_refused(title: dict[str, str], meta: PageMeta) -> None:
    with pytest.raises(ReportError, match="no report is written in 'fr'"):
        render_html([], language="fr", title=title, meta=meta)
