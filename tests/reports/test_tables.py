"""Tables take protected frames only, round once, and explain every mark they print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.errors import DisclosureError, ReportError
from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.tables import Naming, counts_table, estimates_table, printed_figures

Shares = Callable[..., Protected]
COUNT = Column("n", {"zh": "数量", "en": "Count"}, "count")
PART = Column("share", {"zh": "占比", "en": "Share"}, "percent")
STAGE = Naming("stage")


def lines(table: Table, language: str = "en") -> list[list[str]]:
    return [[cell.text for cell in table.printed(row, language)] for row in table.rows]


def counted(**columns: list[Any]) -> Protected:
    return protect_counts(pd.DataFrame(columns), ["n"], Policy(5))


def test_a_frame_that_is_not_protected_is_refused(needs: Protected, named: Naming, caption: dict[str, str]) -> None:
    with pytest.raises(DisclosureError, match="estimates_table was given a DataFrame, which is not protected"):
        estimates_table(needs.frame, caption=caption, rows=named)  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match="counts_table was given a DataFrame"):
        counts_table(needs.frame, caption=caption, rows=named, columns=[COUNT])  # type: ignore[arg-type]


def test_needs_by_domain_reads_as_printed(needs: Protected, named: Naming, caption: dict[str, str]) -> None:
    table = estimates_table(needs, caption=caption, rows=named)
    assert lines(table)[:3] == [
        ["Out of school", "8.3%", "4.8% to 11.9%", "240", "20", "30"],
        ["No fixed place to study at home", "45.7%", "39.2% to 52.1%", "240", "110", "0"],
        ["Vaccination not up to date", "※", "※", "※", "※", "※"],
    ]
    assert [column.label["zh"] for column in table.columns] == [
        "需求",
        "估计值",
        "95% 置信区间",
        "有效回答",
        "其中符合",
        "缺失",
    ]


def test_marks_are_explained_only_when_they_are_printed(
    shares: Shares, needs: Protected, named: Naming, caption: dict[str, str]
) -> None:
    with_mark = estimates_table(needs, caption=caption, rows=named, columns=["estimate"])
    assert [note["en"][:40] for note in with_mark.notes] == ["※ Not published, to protect respondents:"]
    plain = estimates_table(shares(0.5, indicator="out_of_school"), caption=caption, rows=named, columns=["estimate"])
    assert plain.notes == []


def test_the_note_names_the_threshold_of_the_policy(needs: Protected, named: Naming, caption: dict[str, str]) -> None:
    note = estimates_table(needs, caption=caption, rows=named).notes[0]
    assert note["zh"] == "※ 为保护受访者不予公布：作出或未作出该回答的不足 5 个，或可据此推算出这样的数字。"
    assert "fewer than 5 of them gave, or did not give, this answer" in note["en"]


def test_missing_counts_those_who_were_asked(shares: Shares, named: Naming, caption: dict[str, str]) -> None:
    table = shares(0.5, indicator="a", n_skipped=100, n_not_asked=50, n_blank=6, n_refused=7, n_invalid=14)
    printed = estimates_table(table, caption=caption, rows=named, columns=["missing", "n_skipped", "n_refused"])
    assert lines(printed) == [["a", "27", "100", "7"]]


def test_a_small_missing_count_hides_itself_and_its_total(
    shares: Shares, named: Naming, caption: dict[str, str]
) -> None:
    columns = ["estimate", "missing", "n_blank", "n_refused"]
    table = estimates_table(
        shares(0.5, indicator="a", n_blank=9, n_refused=2), caption=caption, rows=named, columns=columns
    )
    assert lines(table) == [["a", "50.0%", "※", "※", "※"]]
    assert table.rows[0]["hidden"] == ["missing", "n_blank", "n_refused"]
    assert [note["en"].startswith("※ Not published") for note in table.notes] == [True, False]


def test_no_figure_is_finer_than_what_is_printed(shares: Shares, named: Naming, caption: dict[str, str]) -> None:
    table = estimates_table(shares(0.123456789, indicator="a"), caption=caption, rows=named)
    row = table.rows[0]
    assert row["estimate"] == 0.123
    assert all(end == round(end, 3) for end in row["interval"])


def test_means_and_shares_stand_in_one_table(shares: Shares, named: Naming, caption: dict[str, str]) -> None:
    mixed = shares(0.5, 0.25, indicator=["a", "b"], statistic=["share", "mean"], n_need=[120, np.nan])
    table = estimates_table(mixed, caption=caption, rows=named, columns=["estimate", "n_need", "deff"], decimals=2)
    assert lines(table) == [["a", "50.0%", "120", "1.40"], ["b", "0.25", "—", "1.40"]]
    assert table.notes == [{"zh": "— 不适用。", "en": "— Does not apply."}]


def test_rows_keep_their_result_ids(needs: Protected, named: Naming, caption: dict[str, str]) -> None:
    table = estimates_table(needs, caption=caption, rows=named)
    assert [row["result_id"] for row in table.rows] == list(needs.frame["result_id"])


def test_rows_may_be_named_by_unit(shares: Shares, caption: dict[str, str]) -> None:
    units = Naming("unit", {"child": {"zh": "儿童", "en": "Children"}})
    table = estimates_table(shares(0.5, unit="child"), caption=caption, rows=units, columns=["estimate"])
    assert lines(table) == [["Children", "50.0%"]]


def test_the_whole_and_unnamed_values_have_names() -> None:
    by = Naming("by", {"sex=f": {"zh": "女", "en": "Girls"}, "sex=m": {"zh": " "}})
    assert by.label("") == {"zh": "全体", "en": "All"}
    assert by.label("sex=f")["zh"] == "女"
    assert by.label("sex=m") == {"": "sex=m"}
    assert Naming("option").label("") == {"": ""}


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("probability", {"zh": "95% 置信区间", "en": "95% confidence interval"}),
        (
            "nonprobability",
            {"zh": "95% 参考区间（非概率样本）", "en": "95% indicative interval (not a random sample)"},
        ),
    ],
)
def test_the_interval_is_called_what_it_is_worth(
    kind: str, head: dict[str, str], shares: Shares, named: Naming, caption: dict[str, str]
) -> None:
    table = shares(0.5, indicator="a", kind=kind)
    assert estimates_table(table, caption=caption, rows=named, columns=["interval"]).columns[1].label == head


def test_a_column_may_bring_its_own_label(shares: Shares, named: Naming, caption: dict[str, str]) -> None:
    children = Column("n", {"zh": "儿童数", "en": "Children"}, "count")
    table = estimates_table(shares(0.5, indicator="a"), caption=caption, rows=named, columns=[children])
    assert (table.columns[1].label["en"], lines(table)) == ("Children", [["a", "240"]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["intervall"]}, "no column 'intervall'; did you mean 'interval'"),
        ({"rows": Naming("indicater")}, "named by column 'indicater'.*; did you mean 'indicator'"),
    ],
)
def test_an_unknown_column_suggests_the_nearest(
    options: dict[str, Any], message: str, needs: Protected, named: Naming, caption: dict[str, str]
) -> None:
    with pytest.raises(ReportError, match=message):
        estimates_table(needs, caption=caption, **{"rows": named, **options})


def test_intervals_of_two_levels_do_not_share_a_column(shares: Shares, named: Naming, caption: dict[str, str]) -> None:
    table = shares(0.5, 0.5, indicator=["a", "b"], level=[0.95, 0.9])
    with pytest.raises(ReportError, match=r"intervals of several levels \(90%, 95%\); split it"):
        estimates_table(table, caption=caption, rows=named)


def test_counts_are_not_taken_for_estimates(flow: Protected, caption: dict[str, str]) -> None:
    with pytest.raises(ReportError, match="estimates_table: the table has no column 'result_id'"):
        estimates_table(flow, caption=caption, rows=STAGE)


def test_a_percentage_goes_with_its_suppressed_count(flow: Protected, caption: dict[str, str]) -> None:
    table = counts_table(flow, caption=caption, rows=STAGE, columns=[COUNT, PART])
    assert lines(table) == [["reached", "712", "100.0%"], ["answered", "703", "98.7%"], ["refused", "※", "※"]]
    assert table.rows[2]["n"] is None
    assert table.rows[2]["share"] is None
    assert table.notes[0]["zh"] == "※ 为保护受访者，不足 5 的计数以及会透露它的数字不予公布。"


def test_a_count_of_nobody_is_shown(caption: dict[str, str]) -> None:
    table = counts_table(counted(stage=["lost"], n=[0]), caption=caption, rows=STAGE, columns=[COUNT])
    assert (lines(table), table.notes) == ([["lost", "0"]], [])


def test_counts_may_hold_words_and_labels(caption: dict[str, str]) -> None:
    remark = Column("remark", {"zh": "备注", "en": "Remark"})
    table = counted(stage=["a", "b", "c"], n=[9, 9, 9], remark=["plain", {"zh": "中", "en": "both"}, None])
    printed = counts_table(table, caption=caption, rows=STAGE, columns=[remark])
    assert lines(printed, "zh") == [["a", "plain"], ["b", "中"], ["c", ""]]


def test_a_column_that_is_not_counted_is_named(flow: Protected, caption: dict[str, str]) -> None:
    shere = Column("shere", PART.label, "percent")
    with pytest.raises(ReportError, match="counts_table: the table has no column 'shere'; did you mean 'share'"):
        counts_table(flow, caption=caption, rows=STAGE, columns=[shere])


def test_an_empty_table_has_no_rows_and_no_notes(needs: Protected, named: Naming, caption: dict[str, str]) -> None:
    nothing = needs.rows(np.zeros(len(needs.frame), bool))
    table = estimates_table(nothing, caption=caption, rows=named, columns=["estimate", "interval"])
    assert (table.rows, table.notes) == ([], [])


def test_rounding_does_not_depend_on_the_other_rows(shares: Shares) -> None:
    both = printed_figures(shares(0.12349, 3.14159, statistic=["share", "mean"], n_need=np.nan).frame)
    assert list(both["estimate"]) == [0.123, 3.1]
    assert list(both["unit"]) == ["percent", "number"]
