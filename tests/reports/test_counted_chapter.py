"""What the service report says of activities, person-times and persons, in both languages."""

from __future__ import annotations

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.errors import Finding
from xzz_analysis.report.chapters.services.counted import (
    counted_figure,
    counted_summary,
    counted_tables,
    counting_notes,
)
from xzz_analysis.report.chapters.services.noticed import late_table, noticed_table

ACTIVITY = {
    "activity": "",
    "date": "2025-11-03",
    "until": "",
    "type": "group",
    "domain": "education",
    "community": "heyan",
}
ACTIVITY |= {"project": "", "name": "", "count": "", "person_times": "", "persons": "", "entered": ""}
MEANING = (
    "人次不是人数：一个人参加三次，计三人次、一人。",
    "Person-times are not persons: somebody who came three times counts as three person-times and one person.",
)


def activity(**cells):
    return {**ACTIVITY, **cells}


def attendance(name, people):
    return [{"activity": name, "person": f"p{one}"} for one in people]


def opened(folder, activities, people=(), period="2025-11", **more):
    named = {"activities": activities, **({"attendance": list(people)} if people else {}), **more}
    return ledgers_of(folder, named, period)


def said(blocks):
    """Sentences of blocks in Chinese and English."""
    return [(block.text["zh"], block.text["en"]) for block in blocks]


def printed(table, language):
    """Cells of a table as printed."""
    return [[wording.text for wording in table.printed(row, language)] for row in table.rows]


# --- sentences


def test_a_month_with_sheets_and_without(tmp_path):
    rows = [
        activity(activity="A"),
        activity(community="nanmen", person_times=1200),
        activity(activity="B", date="2025-10-02"),
    ]
    rows += [activity(date="2025-09-01", person_times=9)]
    blocks = counted_summary(opened(tmp_path, rows, attendance("A", range(30)) + attendance("B", range(25))))
    assert said(blocks) == [
        (
            "2025年11月开展活动2场，服务1,230人次。服务人数在1,200至1,230人之间：部分活动没有签到表，同一个人来过几次无从分辨。"
            + MEANING[0],
            "In November 2025 there were 2 activities with 1,230 person-times. "
            "Between 1,200 and 1,230 different persons took part: "
            "some activities have no attendance sheet, so nobody can tell who came more than once. " + MEANING[1],
        ),
        (
            "签到表上的30人中，5人首次参加，25人以前来过（签到表自2025年10月起）。",
            "Of the 30 persons on attendance sheets, 5 came for the first time and 25 had come before "
            "(the sheets begin in October 2025).",
        ),
        (
            "与2025年10月相比，活动增加1场，人次增加1,205。",
            "Compared with October 2025: 1 more activity, 1,205 more person-times.",
        ),
    ]
    assert all(block.results for block in blocks)


def test_a_year_with_sheets_alone_in_one_community(tmp_path):
    rows = [activity(activity="A"), activity(activity="B", date="2025-10-02")]
    blocks = counted_summary(opened(tmp_path, rows, attendance("A", range(30)) + attendance("B", range(25)), "2025"))
    assert said(blocks) == [
        (
            "2025年开展活动2场，服务55人次。活动全部在heyan。按编号去重，服务30人。" + MEANING[0],
            "In 2025 there were 2 activities with 55 person-times. All of them took place in heyan. "
            "30 different persons took part, told apart by their keys. " + MEANING[1],
        )
    ]


def test_a_year_of_which_only_totals_are_known(tmp_path):
    total = activity(date="2025-01-01", until="2025-12-31", count=1019, person_times=11252, community="", domain="")
    blocks = counted_summary(opened(tmp_path, [total], period="2025"))
    assert said(blocks) == [
        (
            "2025年开展活动1,019场，服务11,252人次。服务了多少人不详：台账没有签到表，只有汇总数。" + MEANING[0],
            "In 2025 there were 1,019 activities with 11,252 person-times. "
            "How many different persons took part is not known: "
            "the ledger has totals and no attendance sheets. " + MEANING[1],
        )
    ]


def test_unknown_person_times_and_persons_without_an_upper_bound(tmp_path):
    rows = [activity(), activity(activity="A", community="")]
    blocks = counted_summary(opened(tmp_path / "some", rows, attendance("A", range(30))))
    assert said(blocks)[0] == (
        "2025年11月开展活动2场，服务至少30人次。服务人数不少于30人，最多多少不详：部分活动没有签到表，也没有人次。"
        + MEANING[0],
        "In November 2025 there were 2 activities with at least 30 person-times. "
        "At least 30 different persons took part; how many "
        "at most is not known: some activities have neither an attendance sheet nor person-times. " + MEANING[1],
    )
    nothing = said(counted_summary(opened(tmp_path / "none", [activity(community="")])))[0]
    assert nothing[0].startswith("2025年11月开展活动1场，人次不详。服务了多少人不详")
    assert nothing[1].startswith("In November 2025 there was 1 activity; person-times are not known. How many")


def test_few_persons_are_a_mark(tmp_path):
    blocks = counted_summary(opened(tmp_path, [activity(activity="A", community="")], attendance("A", [1, 2])))
    assert said(blocks)[0][0] == "2025年11月开展活动1场，服务人次※。服务人数※。" + MEANING[0]


def test_a_period_without_activities_says_so(tmp_path):
    ledgers = opened(tmp_path, [activity(date="2025-09-01", person_times=8)])
    assert said(counted_summary(ledgers)) == [
        ("2025年11月台账里没有活动。", "The ledger has no activities in November 2025."),
    ]
    assert counted_tables(ledgers) == counted_figure(ledgers) == counting_notes(ledgers) == []


def test_a_period_that_is_not_over_is_not_compared(tmp_path):
    rows = [activity(person_times=9), activity(date="2025-10-01", person_times=9), activity(date="2025-09-01")]
    ledgers = ledgers_of(tmp_path, {"activities": rows}, "2025-11", until="2025-11-20")
    assert len(counted_summary(ledgers)) == 1


@pytest.mark.parametrize(
    ("before", "zh", "en"),
    [
        (9, "活动场次相同，人次相同", "as many activities, as many person-times"),
        (10, "活动场次相同，人次减少1", "as many activities, 1 person-time fewer"),
    ],
    ids=["same", "fewer"],
)
def test_what_did_not_grow_is_said(tmp_path, before, zh, en):
    rows = [activity(person_times=9), activity(date="2025-10-01", person_times=before)]
    found = said(counted_summary(opened(tmp_path, rows)))[-1]
    assert found == (f"与2025年10月相比，{zh}。", f"Compared with October 2025: {en}.")


# --- tables


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A year of two communities, two domains and a project, with sheets for half of it."""
    rows, people = [], []
    for month in range(1, 13):
        name, date = f"A{month}", f"2025-{month:02d}-10"
        rows.append(activity(activity=name, date=date, project="P1", entered=f"2025-{month:02d}-28"))
        rows.append(activity(date=date, community="nanmen", domain="health", type="training", person_times=20 + month))
        people += attendance(name, range(month, month + 10))
    rows.append(activity(date="2025-03-01", until="2025-05-31", count=4, person_times=80, domain="", type="other"))
    projects = [
        {
            "project": "P1",
            "name": "阳光计划",
            "indicator": "persons",
            "target": 20,
            "since": "2025-01-01",
            "until": "2025-12-31",
        }
    ]
    return opened(tmp_path_factory.mktemp("year"), rows, people, "2025", projects=projects)


@pytest.fixture(scope="module")
def tables(year):
    return {table.caption["en"].rpartition(" by ")[2]: table for table in counted_tables(year)}


def test_tables_of_a_year(tables):
    assert list(tables) == ["domain", "community and domain", "type", "project", "month"]


def test_table_by_domain_tells_bounds_and_the_whole(tables):
    assert printed(tables["domain"], "zh") == [
        ["教育公平", "12", "120", "21"],
        ["身心健康", "12", "318", "32至318"],
        ["未注明", "4", "80", "不详"],
        ["合计", "28", "518", "32至419"],
    ]
    assert printed(tables["domain"], "en")[1:] == [
        ["Health", "12", "318", "32 to 318"],
        ["Not stated", "4", "80", "not known"],
        ["All", "28", "518", "32 to 419"],
    ]


def test_tables_name_projects_and_months(tables):
    assert [row[0] for row in printed(tables["project"], "en")] == ["阳光计划", "Not stated", "All"]
    months = printed(tables["month"], "en")
    assert months[0] == ["January 2025", "2", "31", "21 to 31"]
    assert [row[0] for row in months[-2:]] == ["Totals over several months", "All"]


def test_communities_are_sections_of_a_folded_table(tables):
    table = tables["community and domain"]
    assert table.folded
    sections = [row["section"].get("en") or row["section"].get("") for row in table.rows]
    assert sections == ["heyan", "heyan", "nanmen"]


def test_every_printed_figure_has_its_result(tables):
    for table in tables.values():
        assert all(set(row["results"]) == {"activities", "person_times", "persons"} for row in table.rows)
        ids = [one for row in table.rows for one in row["results"].values()]
        assert len(ids) == len(set(ids))


def test_hidden_cells_are_marks_in_numbers_and_in_texts(tmp_path):
    rows = [
        activity(activity="A"),
        activity(activity="B", domain="health"),
        activity(domain="support", person_times=40),
    ]
    ledgers = opened(
        tmp_path,
        [*rows, activity(domain="support", person_times=30)],
        attendance("A", [1, 2]) + attendance("B", range(30)),
    )
    table = counted_tables(ledgers)[0]
    assert printed(table, "en") == [
        ["Education", "1", "※", "※"],
        ["Health", "1", "※", "※"],
        ["Social support", "2", "70", "40 to 70"],
        ["All", "4", "102", "40 to 100"],
    ]
    assert "fewer" not in table.notes[0]["en"] and any("below 5" in note["en"] for note in table.notes)


# --- notes, figure, entries


def test_notes_tell_sheets_and_what_was_left_out(tmp_path):
    rows = [
        activity(activity="A", person_times=33),
        activity(person_times=40),
        activity(date="2025-11-20", until="2025-12-10"),
    ]
    rows += [activity(domain="health"), {**activity(person_times=40), "staff": "s2"}]
    assert said(counting_notes(opened(tmp_path, rows, attendance("A", range(30))))) == [
        (
            "有签到表的1场，30人次；没有签到表的3场，至少80人次。",
            "With an attendance sheet: 1 activity, 30 person-times. Without: 3 activities, at least 80 person-times.",
        ),
        (
            "1场活动没有登记人次，不计入人次。",
            "Activities that state no person-times, and add none to the total: 1.",
        ),
        (
            "1行汇总数只有一部分落在本期，未计入，也不按天拆分。",
            "Totals that lie partly outside the period, and are neither counted nor split by days: 1.",
        ),
        (
            "1场活动登记的人次与签到表不同，按签到表计。",
            "Activities whose stated person-times differ from their attendance sheet (the sheet is counted): 1.",
        ),
        (
            "1行没有签到表的活动与另一行的日期、类型、社区、领域、名称和人次完全相同，可能重复登记；已计入，请核对。",
            "Activities without a sheet that repeat another's day, type, community, domain, name and person-times, "
            "perhaps entered "
            "twice; they are counted, please check: 1.",
        ),
    ]


def test_the_figure_of_a_year_goes_by_months_and_reads_itself_out(year):
    (figure,) = counted_figure(year)
    assert figure.caption == {"zh": "各领域逐月的人次", "en": "Person-times by domain and month"}
    assert figure.alt["zh"] == (
        "柱状图，各领域逐月的人次：教育公平：最少2025-01 10，最多2025-01 10；身心健康：最少2025-01 21，最多2025-12 32。"
    )
    assert figure.alt["en"].endswith("Health: least 21 in 2025-01, most 32 in 2025-12.")
    assert len(figure.results) == 24


def test_the_figure_of_a_month_goes_by_weeks(tmp_path):
    rows = [activity(date=f"2025-11-{day:02d}", person_times=day) for day in (8, 10, 20)]
    (figure,) = counted_figure(opened(tmp_path, rows))
    assert "least 8 in 2025-11-03, most 20 in 2025-11-17" in figure.alt["en"]


def test_nothing_is_drawn_where_nothing_may_be_shown(tmp_path):
    assert counted_figure(opened(tmp_path, [activity(person_times=3)])) == []


def test_late_entries_are_told_by_ledger(year):
    (table,) = late_table(year)
    assert printed(table, "zh") == [["活动台账", "25", "0", "18"]]
    assert table.notes[0]["en"].startswith("An entry is late when it was made more than 30 days after.")


def test_findings_stand_by_rule_with_small_counts_hidden(year):
    found = [
        Finding("note", "second", "ledger", "x", count=7),
        Finding("warning", "first", "ledger", "x", count=4),
        Finding("warning", "first", "other", "x", count=9),
        Finding("warning", "unnamed", "ledger", "x", count=2),
    ]
    words = {"first": {"zh": "甲", "en": "A"}, "second": {"zh": "乙", "en": "B"}}
    (table,) = noticed_table(year, found, words)
    assert printed(table, "en") == [["A", "13"], ["unnamed", "※"], ["B", "7"]]
    assert [row["section"]["zh"] for row in table.rows] == ["需要核对", "需要核对", "供参考"]
    assert table.notes[0]["zh"] == "发现只说明记录不寻常或前后不符，不等于谁做错了；须由人核对。"


def test_clean_ledgers_are_said_to_be_clean(year):
    assert said(noticed_table(year, [])) == [("台账核查没有发现问题。", "The ledgers' checks noticed nothing.")]


def test_findings_are_called_as_the_checks_call_them(year):
    (table,) = noticed_table(year, [Finding("warning", "ledger_line_broken", "ledger", "x", count=8)])
    assert printed(table, "en")[0][0].startswith(
        "Lines could not be split into cells and were left out. Correct the quotes"
    )
