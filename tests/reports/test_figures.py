"""Charts draw protected figures at printed precision, the same bytes every time, and read themselves out."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.errors import DisclosureError, ReportError
from xzz_analysis.report import figures, theme
from xzz_analysis.report.blocks import Figure
from xzz_analysis.report.figures import dot_interval, slope
from xzz_analysis.report.tables import Naming
from xzz_analysis.report.theme import COLOURS, spread

Shares = Callable[..., Protected]
ROWS = Naming("indicator", {}, {"zh": "需求", "en": "Need"})
SEX = Naming("by", {"sex=f": {"zh": "女", "en": "Girls"}, "sex=m": {"zh": "男", "en": "Boys"}})
Drawn = list[tuple[str, list[float], list[float], str]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Every line and point that a chart draws: marker, x, y and colour."""
    lines: Drawn = []
    keep = theme.png_bytes

    def spy(canvas: Any) -> bytes:
        for line in canvas.axes[0].get_lines():
            x, y = (np.asarray(values, float).tolist() for values in line.get_data())
            lines.append((str(line.get_marker()), x, y, str(line.get_color())))
        return keep(canvas)

    monkeypatch.setattr(figures, "png_bytes", spy)
    return lines


def dots(drawn: Drawn, marker: str = "o") -> list[float]:
    return [x[0] for kind, x, _, _ in drawn if kind == marker and x]


@pytest.mark.parametrize("draw", [dot_interval, slope])
def test_an_unprotected_frame_is_refused(draw: Any, needs: Protected, caption: dict[str, str]) -> None:
    with pytest.raises(DisclosureError, match=f"{draw.__name__} was given a DataFrame, which is not protected"):
        draw(needs.frame, rows=ROWS, caption=caption)


def test_a_chart_draws_what_its_table_prints(shares: Shares, caption: dict[str, str], drawn: Drawn) -> None:
    dot_interval(shares(0.123456, 0.654321, indicator=["a", "b"]), rows=ROWS, caption=caption)
    assert dots(drawn)[:2] == [0.123, 0.654]
    bars = [x for kind, x, _, _ in drawn if kind == "None"]
    assert bars[0] == [0.081, 0.166]


def test_a_suppressed_row_has_no_dot(shares: Shares, caption: dict[str, str], drawn: Drawn) -> None:
    chart = dot_interval(shares(0.5, 0.004, indicator=["a", "b"]), rows=ROWS, caption=caption)
    assert dots(drawn) == [0.5, 0.5]  # one in each language
    assert chart.alt["en"].endswith("; b not published.")
    assert chart.alt["zh"].endswith("；b 不予公布。")


def test_a_chart_states_the_ids_of_what_it_draws(needs: Protected, caption: dict[str, str]) -> None:
    chart = dot_interval(needs, rows=ROWS, caption=caption)
    shown = needs.frame[needs.frame["estimate"].notna()]
    assert sorted(chart.results) == sorted(shown["result_id"])


def test_series_have_their_own_colour_and_marker(by_sex: Protected, caption: dict[str, str], drawn: Drawn) -> None:
    dot_interval(by_sex, rows=ROWS, series=SEX, caption=caption)
    assert dots(drawn, "o")[:2] == [0.081, 0.433]
    assert dots(drawn, "s")[:3] == [0.132, 0.501, 0.034]
    assert {(kind, colour) for kind, _, _, colour in drawn if kind in "os"} == {
        ("o", COLOURS["blue"]),
        ("s", COLOURS["vermilion"]),
    }


def test_the_alternative_text_reads_the_figures_out(by_sex: Protected, caption: dict[str, str]) -> None:
    alt = dot_interval(by_sex, rows=ROWS, series=SEX, caption=caption).alt
    assert alt["en"].startswith(
        "Dot-and-interval chart, All needs: out_of_school, Girls 8.1% (4.6% to 11.6%, n=240); "
        "out_of_school, Boys 13.2% (8.8% to 17.6%, n=240)"
    )
    assert alt["zh"].startswith("点区间图，各项需求：out_of_school（女） 8.1%（4.6%～11.6%，n=240）")


def test_a_long_alternative_text_sends_to_the_table(shares: Shares, caption: dict[str, str]) -> None:
    names = [f"need_{number}" for number in range(15)]
    alt = dot_interval(shares(*[0.5] * 15, indicator=names), rows=ROWS, caption=caption).alt
    assert alt["en"].count("n=240") == 12
    assert alt["en"].endswith("; 3 more in the table.")


def test_the_caller_may_write_the_alternative_text(needs: Protected, caption: dict[str, str]) -> None:
    alt = {"zh": "见表 1", "en": "See table 1"}
    assert dot_interval(needs, rows=ROWS, caption=caption, alt=alt).alt == alt


def test_a_slope_joins_the_rounds_that_have_a_figure(
    two_rounds: Protected, caption: dict[str, str], drawn: Drawn
) -> None:
    slope(two_rounds, rows=ROWS, caption=caption)
    joins = [y for kind, x, y, colour in drawn if kind == "None" and colour == COLOURS["blue"] and x[0] != x[-1]]
    assert joins[0] == [0.143, 0.083]
    green = [y for kind, x, y, colour in drawn if kind == "None" and colour == COLOURS["green"] and len(x) == 1]
    assert green[0] == [0.081]


def test_a_slope_reads_both_rounds_of_each_row(two_rounds: Protected, caption: dict[str, str]) -> None:
    alt = slope(two_rounds, rows=ROWS, caption=caption).alt["en"]
    assert "out_of_school, 2025Q2 14.3% (9.8% to 18.8%, n=240); out_of_school, 2025Q4 8.3%" in alt
    assert "unvaccinated, 2025Q4 not published" in alt


@pytest.mark.parametrize("draw", [dot_interval, slope])
def test_drawing_twice_gives_the_same_bytes(draw: Any, two_rounds: Protected, caption: dict[str, str]) -> None:
    series = {"series": Naming("round")} if draw is dot_interval else {}
    first, second = (draw(two_rounds, rows=ROWS, caption=caption, **series) for _ in range(2))
    assert first.png == second.png


def test_pictures_are_as_wide_as_the_text_of_a_page(needs: Protected, caption: dict[str, str]) -> None:
    chart = dot_interval(needs, rows=ROWS, caption=caption)
    for language in ("zh", "en"):
        picture = Image.open(io.BytesIO(chart.image(language)))
        assert picture.width == pytest.approx(200 * 16 / 2.54, abs=1)
        assert len(chart.image(language)) < 40_000


def test_languages_differ_only_in_words(by_sex: Protected, named: Naming, caption: dict[str, str]) -> None:
    chart = dot_interval(by_sex, rows=named, series=SEX, caption=caption)
    assert chart.png["zh"] != chart.png["en"]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"statistic": ["share", "mean"]}, {}, "one axis, the table holds number and percent"),
        ({"indicator": "a"}, {}, "several estimates share one 'indicator'; .* with series="),
        ({}, {"rows": Naming("indicater")}, "named by column 'indicater'.*'indicator'"),
        ({}, {"rows": Naming("indicator", {"a": {"en": "💧"}})}, r"chart 'All needs': 1 character.*U\+1F4A7"),
    ],
)
def test_what_cannot_be_drawn_says_why(
    columns: dict[str, Any], options: dict[str, Any], message: str, shares: Shares, caption: dict[str, str]
) -> None:
    table = shares(0.5, 0.25, **{"indicator": ["a", "b"], **columns})
    with pytest.raises(ReportError, match=message):
        dot_interval(table, caption=caption, **{"rows": ROWS, **options})


def test_an_empty_chart_is_refused(needs: Protected, caption: dict[str, str]) -> None:
    with pytest.raises(ReportError, match="the table holds no rows"):
        dot_interval(needs.rows(np.zeros(len(needs.frame), bool)), rows=ROWS, caption=caption)


def test_more_series_than_colours_are_refused(shares: Shares, caption: dict[str, str]) -> None:
    table = shares(*[0.5] * 7, by=[f"g={place}" for place in range(7)], indicator="a")
    with pytest.raises(ReportError, match="6 colours and markers apart, not 7 series"):
        dot_interval(table, rows=ROWS, series=Naming("by"), caption=caption)


def test_a_slope_needs_two_rounds(needs: Protected, caption: dict[str, str]) -> None:
    with pytest.raises(ReportError, match="joins two rounds, the table holds 1"):
        slope(needs, rows=ROWS, caption=caption)


def test_a_slope_refuses_more_lines_than_colours(shares: Shares, caption: dict[str, str]) -> None:
    names = [f"need_{number}" for number in range(7)]
    table = shares(*[0.5] * 14, indicator=names * 2, round=["a"] * 7 + ["b"] * 7)
    with pytest.raises(ReportError, match="not 7 lines; use dot_interval"):
        slope(table, rows=ROWS, caption=caption)


def test_means_below_zero_are_drawn(shares: Shares, caption: dict[str, str]) -> None:
    table = shares(0.5, indicator="a", statistic="mean", n_need=np.nan)
    table.frame.loc[0, ["estimate", "low", "high"]] = -2.5, -4.0, -1.0
    chart = dot_interval(table, rows=ROWS, caption=caption)
    assert isinstance(chart, Figure)
    assert "a −2.5 (−4.0 to −1.0, n=240)" in chart.alt["en"]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.3)), min_size=1, max_size=6).map(np.array),
)
def test_labels_are_moved_apart_and_keep_their_order(labels: np.ndarray) -> None:
    heights, room = labels.T
    placed = spread(heights, room)
    order = np.argsort(heights, kind="stable")
    gaps = (room[order][1:] + room[order][:-1]) / 2
    assert (np.diff(placed[order]) >= gaps - 1e-9).all()
    assert placed.mean() == pytest.approx(heights.mean())


def test_labels_with_room_enough_stay_where_they_are() -> None:
    assert spread(np.array([0.8, 0.1]), np.array([0.1, 0.1])) == pytest.approx([0.8, 0.1])
