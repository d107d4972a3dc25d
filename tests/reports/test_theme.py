"""The house style: every character has a glyph or is an error, and figures are written one way."""

from __future__ import annotations

import io

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure as Canvas
from PIL import Image

from xzz_analysis.errors import ReportError
from xzz_analysis.report import theme
from xzz_analysis.report.theme import (
    ABSENT,
    check_glyphs,
    figure_text,
    font_subsets,
    house_style,
    interval_text,
    missing_glyphs,
    png_bytes,
    wrapped,
)
from xzz_analysis.survey.estimates import REASONS


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.1234, "percent", "12.3%"),
        (0.0, "percent", "0.0%"),
        (-0.0001, "percent", "0.0%"),
        (1.0, "percent", "100.0%"),
        (-0.045, "percent", "−4.5%"),
        (1234.0, "count", "1,234"),
        (1234.56, "number", "1,234.6"),
        (-3.0, "number", "−3.0"),
    ],
)
def test_a_figure_is_written_one_way(value: float, unit: str, text: str) -> None:
    assert figure_text(value, unit) == text


def test_decimals_are_of_numbers_only() -> None:
    assert figure_text(0.12345, "number", 2) == "0.12"
    assert figure_text(0.12345, "percent", 2) == "12.3%"


def test_an_interval_reads_naturally_in_both_languages() -> None:
    assert interval_text(0.1, 0.146, "zh") == "10.0%～14.6%"
    assert interval_text(-1, 2, "en", unit="number", decimals=0) == "−1 to 2"


def test_the_chinese_face_is_the_simplified_one() -> None:
    face = theme.faces()[0]
    with TTFont(face.path, fontNumber=face.number) as font:
        assert font["name"].getDebugName(1) == "Noto Sans CJK SC"


def test_names_of_people_and_letters_of_other_forms_have_glyphs() -> None:
    assert missing_glyphs(["流动儿童喆堃镕珺玥𠮷※～—−", "Accès à l'eau, ığş, Ελ", "no\u202fbreak\u200b\n"]) == ""


def test_missing_glyphs_are_named_once_and_sorted() -> None:
    assert missing_glyphs(["教育🙂", "ሴ🙂"]) == "ሴ🙂"


def test_a_missing_glyph_is_an_error_that_says_where() -> None:
    with pytest.raises(ReportError, match=r"label of water: 1 character\(s\) have no glyph.*U\+1F4A7 '💧'"):
        check_glyphs(["Eau 💧"], "label of water")


def test_a_control_character_is_missing_too() -> None:
    assert missing_glyphs(["a\x00b\x0b"]) == "\x00\x0b"


def codes(font: bytes) -> set[int]:
    with TTFont(io.BytesIO(font)) as opened:
        return set(opened.getBestCmap())


def test_a_subset_holds_just_the_characters_asked_for_and_its_licence() -> None:
    (font,) = font_subsets(frozenset("教育 A"))
    assert font[:4] == b"wOFF"
    assert codes(font) == {ord(character) for character in "教育 A"}
    with TTFont(io.BytesIO(font)) as opened:
        assert "SIL Open Font License" in opened["name"].getDebugName(13)


def test_the_second_font_is_cut_only_when_it_is_needed() -> None:
    chinese, latin = font_subsets(frozenset("教ğ"))
    assert (codes(chinese), codes(latin)) == ({ord("教")}, {ord("ğ")})


def test_a_page_of_six_hundred_characters_needs_a_small_font() -> None:
    (font,) = font_subsets(frozenset(map(chr, range(0x4E00, 0x4E00 + 600))))
    assert len(font) < 200_000


def test_house_style_leaves_the_settings_of_the_user_alone() -> None:
    with matplotlib.rc_context({"font.size": 31.0, "axes.spines.top": True}):
        with house_style():
            assert matplotlib.rcParams["font.size"] == 9.0
            assert not matplotlib.rcParams["axes.spines.top"]
        assert matplotlib.rcParams["font.size"] == 31.0


def test_a_chart_without_a_glyph_is_an_error() -> None:
    with pytest.raises(ReportError, match="a chart cannot be drawn: Glyph 4660"), house_style():
        canvas = Canvas()
        canvas.text(0.5, 0.5, "\u1234")
        png_bytes(canvas)


def test_other_warnings_are_not_taken_for_a_glyph() -> None:
    with pytest.warns(RuntimeWarning, match="unrelated"), house_style():
        import warnings

        warnings.warn("unrelated", RuntimeWarning, stacklevel=1)


def drawn(colour: str) -> bytes:
    with house_style():
        canvas = Canvas(figsize=(1, 1))
        canvas.add_subplot().plot([0, 1], [0, 1], color=theme.COLOURS[colour], linewidth=6)
        return png_bytes(canvas)


@pytest.mark.parametrize("colour", [name for name, _ in theme.SERIES])
def test_a_png_keeps_the_palette_exactly(colour: str) -> None:
    picture = Image.open(io.BytesIO(drawn(colour))).convert("RGB")
    found = {colours for _, colours in picture.getcolors(100_000) or []}
    assert {(255, 255, 255), tuple(bytes.fromhex(theme.COLOURS[colour][1:]))} <= found


def test_a_png_says_nothing_of_when_and_how_it_was_made() -> None:
    assert set(Image.open(io.BytesIO(drawn("blue"))).info) == {"dpi"}
    assert drawn("blue") == drawn("blue")


def test_series_differ_in_marker_as_well_as_in_colour() -> None:
    colours, markers = zip(*theme.SERIES, strict=True)
    assert len(set(colours)) == len(set(markers)) == len(theme.SERIES)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("放学后无人照看，且无人求助", ["放学后无人照看，", "且无人求助"]),
        ("one two three four five", ["one two three", "four five"]),
        ("averyveryverylongword", ["averyveryverylongword"]),
    ],
)
def test_labels_wrap_into_lines_of_about_the_same_length(text: str, lines: list[str]) -> None:
    assert wrapped(text, 14).split("\n") == lines


@given(st.text("教育，。 ab（）", max_size=60), st.integers(4, 30))
def test_wrapping_loses_nothing_and_never_begins_a_line_with_a_stop(text: str, width: int) -> None:
    lines = wrapped(text, width).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "。", "）")) for line in lines[1:])


def test_every_reason_has_words_in_both_languages():
    assert set(REASONS) <= set(ABSENT)
    assert all(label["zh"] and label["en"] for label in ABSENT.values())
