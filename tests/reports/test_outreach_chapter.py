"""The chapters on outreach to merchants, sentence by sentence."""

import json

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services import outreach as figures_of
from xzz_analysis.report.blocks import Figure, Note, Paragraph, Table
from xzz_analysis.report.chapters.services import outreach

CALLED = {
    "settlement": {"zh": "结算太慢", "en": "slow settlement"},
    "margin": {"zh": "利润太薄", "en": "thin margins"},
    "food": {"zh": "食品", "en": "Food"},
}


def visit(merchant, date, outcome, **more):
    return {
        "merchant": merchant,
        "date": date,
        "until": "",
        "outcome": outcome,
        "reasons": "",
        "introduced": "",
        "count": "",
    } | more


def total(outcome, count, **more):
    return visit("", "2017-01-01", outcome, until="2017-12-31", count=count, **more)


def texts(blocks, kind=Paragraph):
    return [block.text for block in blocks if isinstance(block, kind)]


def of_totals(tmp_path, *rows, period="2017"):
    return ledgers_of(tmp_path, {"merchant_visits": list(rows)}, period, categories=CALLED)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """Ten merchants of parents (eight join after 20 days), ten of staff (two after 40), one of nobody knows whom."""
    known, rows = [], []
    for who, join, days in (("parent", 8, "01-21"), ("staff", 2, "02-10")):
        for n in range(10):
            name = f"{who}{n}"
            known.append(
                {"merchant": name, "name_zh": f"店{name}", "name_en": "", "category": "food", "community": "east"}
            )
            reasons = "settlement;margin" if n == 0 else "settlement" if n < 4 else ""
            rows.append(visit(name, "2025-01-01", "pending", introduced=who, reasons=reasons))
            if n < join:
                rows.append(visit(name, f"2025-{days}", "joined"))
    rows += [visit("parent9", "2025-03-01", "refused"), visit("parent0", "2025-05-01", "left")]
    rows.append(visit("lost", "2025-06-01", "visited"))
    folder = tmp_path_factory.mktemp("outreach")
    return ledgers_of(folder, {"merchants": known, "merchant_visits": rows}, "2025", categories=CALLED)


def test_89_visited_and_73_pending_or_refused(tmp_path):
    ledgers = of_totals(tmp_path, total("visited", 89), total("not_joined", 73))
    (said, *_) = blocks = outreach.outreach_summary(ledgers)
    assert said.text == {
        "zh": "2017年走访商户89家，其中73家待定或未同意（82.0%，95%区间72.8%～88.6%）。这73家里有多少家未同意，不详。"
        "原因没有记录，"
        "不详。其余16家的结果没有记录，不详。",
        "en": "In 2017, 89 merchants were visited, 73 of them pending or refused (82.0%; 95% interval 72.8% to "
        "88.6%). How many "
        "of the 73 refused is not known. Their reasons were not written down and are not known. For the other 16 no "
        "result was "
        "written down, so it is not known.",
    }
    assert texts(blocks, Note)[-1]["en"].startswith("Only totals are known of these")
    others = (outreach.outreach_funnel, outreach.outreach_reasons, outreach.outreach_times, outreach.introductions)
    assert [chapter(ledgers) for chapter in (*others, outreach.revisit_list)] == [[]] * 5


def test_every_figure_of_the_totals_can_be_traced(tmp_path):
    ledgers = of_totals(tmp_path, total("visited", 89), total("not_joined", 73))
    said = outreach.outreach_summary(ledgers)[0]
    known = {one: row for made, _ in figures_of.figures(ledgers) for one, row in made.set_index("result_id").iterrows()}
    estimates = sorted(round(float(known[one]["estimate"]), 3) for one in said.results)
    assert estimates == [0.82, 16, 73, 89]


@pytest.mark.parametrize(
    ("rows", "zh", "en"),
    [
        (
            [("visited", 89), ("pending", 50), ("refused", 23), ("joined", 16)],
            "2017年走访商户89家，其中73家待定或未同意（82.0%，95%区间72.8%～88.6%）；已加入16家。其中洽谈中50家，未同"
            "意23家。原因没有记录，不详。",
            "In 2017, 89 merchants were visited, 73 of them pending or refused (82.0%; 95% interval 72.8% to 88.6%); "
            "joined: 16. "
            "Pending: 50; refused: 23. Their reasons were not written down and are not known.",
        ),
        (
            [("not_joined", 7), ("joined", 3)],
            "2017年走访了多少家商户，不详；待定或未同意7家；已加入3家。这7家里有多少家未同意，不详。原因没有记录，不详"
            "。",
            "In 2017: how many merchants were visited is not known; pending or refused: 7; joined: 3. How many of the "
            "7 refused is "
            "not known. Their reasons were not written down and are not known.",
        ),
        (
            [("visited", 1)],
            "2017年走访商户1家。结果没有记录，不详。",
            "In 2017, 1 merchant was visited. No result was written down, so none is known.",
        ),
    ],
)
def test_totals_in_sentences(tmp_path, rows, zh, en):
    ledgers = of_totals(tmp_path, *(total(*row) for row in rows))
    assert texts(outreach.outreach_summary(ledgers)) == [{"zh": zh, "en": en}]


def test_totals_with_reasons_introductions_and_days_of_their_own(tmp_path):
    row = {"until": "2017-04-30", "introduced": "parent"}
    ledgers = of_totals(
        tmp_path,
        visit("", "2017-03-01", "visited", count=20, **row),
        visit("", "2017-03-01", "pending", count=6, reasons="settlement", **row),
        visit("", "2017-03-01", "refused", count=2, reasons="margin;settlement", **row),
        visit("", "2017-03-01", "joined", count=12, **row),
    )
    assert texts(outreach.outreach_summary(ledgers)) == [
        {
            "zh": "2017-03-01至2017-04-30走访商户20家（家长介绍），其中8家待定或未同意（40.0%，95%区间21.9%～61.3%）；"
            "已加入12家。其中"
            "洽谈中6家，未同意2家。说明的原因：结算太慢（8家），利润太薄（2家）。",
            "en": "From 2017-03-01 to 2017-04-30, 20 merchants introduced by a parent were visited, 8 of them pending "
            "or "
            "refused (40.0%; 95% interval 21.9% to 61.3%); joined: 12. Pending: 6; refused: 2. Reasons given: slow "
            "settlement (8), thin "
            "margins (2).",
        }
    ]


def test_where_merchants_stand(ledgers):
    standing, work = texts(outreach.outreach_summary(ledgers))
    assert standing == {
        "zh": "截至2025-12-31，共走访商户21家：已加入9家（42.9%，95%区间24.5%～63.5%），洽谈中9家，未同意1家，加入后退"
        "出1家，走访后尚无"
        "结果1家。",
        "en": "By 2025-12-31, 21 merchants had been visited: 9 joined (42.9%; 95% interval 24.5% to 63.5%), 9 "
        "pending, 1 refused, 1 left "
        "again, 1 visited without a result so far.",
    }
    assert work == {
        "zh": "2025年走访33次，涉及商户21家；首次走访21家，新加入10家，退出1家。",
        "en": "In 2025: 33 visits to 21 merchants; 21 visited for the first time, 10 newly joined, 1 left.",
    }


def test_what_is_nought_is_left_out(tmp_path):
    rows = [visit("M", "2025-02-01", "pending", introduced="staff")]
    standing, work = texts(outreach.outreach_summary(ledgers_of(tmp_path, {"merchant_visits": rows}, "2025-02")))
    assert standing["zh"].endswith("洽谈中1家。") and "未同意" not in standing["zh"]
    assert work == {
        "zh": "2025年2月走访1次，涉及商户1家；首次走访1家。",
        "en": "In February 2025: 1 visit to 1 merchant; 1 visited for the first time.",
    }
    quiet = texts(outreach.outreach_summary(ledgers_of(tmp_path / "b", {"merchant_visits": rows}, "2025-03")))[1]
    assert quiet == {"zh": "2025年3月没有走访商户。", "en": "No merchant was visited in March 2025."}


def test_the_funnel_is_drawn_and_laid_out_by_group(ledgers):
    figure, *tables = outreach.outreach_funnel(ledgers)
    assert isinstance(figure, Figure) and len(figure.results) == 7
    assert figure.alt == {
        "zh": "从走访到加入：走访 21；已有决定 11 (52.4%)；加入过 10 (47.6%)；现仍加入 9 (42.9%)。",
        "en": "From the visit to joining: Visited 21; Decided 11 (52.4%); Ever joined 10 (47.6%); Joined now 9 "
        "(42.9%).",
    }
    assert [table.caption["en"] for table in tables] == [
        "Merchants visited, by community",
        "Merchants visited, by category",
        "Merchants visited, by who introduced them",
    ]
    category = tables[1]
    assert [[cell.text for cell in category.printed(row, "en")] for row in category.rows] == [
        ["Food", "20", "9", "1", "9", "1", "0", "45.0%", "25.8% to 65.8%"],
        ["Not stated", "1", "0", "0", "0", "0", "1", "0.0%", "0.0% to 79.3%"],
    ]
    assert all(set(row["results"]) >= {"visited", "pending", "refused", "joined", "share"} for row in category.rows)


def test_a_stage_that_no_merchant_is_at_has_no_column(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchant_visits": [visit("M", "2025-02-01", "pending", introduced="staff")]})
    (_, table) = outreach.outreach_funnel(ledgers)
    assert [column.name for column in table.columns] == [
        "label",
        "visited",
        "pending",
        "refused",
        "joined",
        "share",
        "interval",
    ]


def test_reasons_in_a_sentence_and_a_table(ledgers):
    paragraph, table = outreach.outreach_reasons(ledgers)
    assert paragraph.text == {
        "zh": "在20家曾经洽谈中或未同意的商户里，12家没有说明原因。说得最多的是“结算太慢”（8家）。",
        "en": "Of 20 merchants that were pending or refused at some visit, 12 gave no reason. Named most often: slow "
        "settlement (8).",
    }
    assert [[cell.text for cell in table.printed(row, "zh")] for row in table.rows] == [
        ["结算太慢", "8", "8", "0", "6"],
        ["利润太薄", "2", "2", "0", "2"],
    ]


def test_reasons_that_nobody_wrote_down_are_not_known(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchant_visits": [visit("M", "2025-02-01", "pending")]})
    assert texts(outreach.outreach_reasons(ledgers)) == [
        {
            "zh": "曾经洽谈中或未同意的商户有1家；没有一家的原因有记录，不详。",
            "en": "1 merchant was pending or refused at some visit; no reasons were written down, so they are "
            "not known.",
        }
    ]


def test_reasons_that_everybody_gave(tmp_path):
    rows = [visit("M", "2025-02-01", "refused", reasons="margin;settlement")]
    ledgers = ledgers_of(tmp_path, {"merchant_visits": rows}, "2025", categories=CALLED)
    assert texts(outreach.outreach_reasons(ledgers)) == [
        {
            "zh": "1家曾经洽谈中或未同意的商户都说明了原因。说得最多的是“利润太薄”、“结算太慢”（1家）。",
            "en": "1 merchant was pending or refused at some visit, and each gave a reason. Named most often: thin "
            "margins, slow settlement (1).",
        }
    ]


def test_how_long_merchants_take(ledgers):
    blocks = outreach.outreach_times(ledgers)
    paragraph, figure, table, _ = blocks
    assert paragraph.text == {
        "zh": "半数商户在首次走访后59天内作出了决定（95%区间20天起，上限尚不可知）。",
        "en": "Half of the merchants decided within 59 days of the first visit (95% interval from 20 days on, its end "
        "not known yet).",
    }
    assert figure.alt["en"].startswith(
        "Share of merchants still undecided, by days since the first visit: day 0 100.0%; day 30 61.9% (38.1% to 78.8%)"
    )
    assert figure.alt["zh"].endswith("第180天 47.6%（25.7%～66.7%）。")
    assert [[cell.text for cell in table.printed(row, "en")] for row in table.rows] == [
        ["Within 30 days", "38.1%", "0.0%"],
        ["Within 60 days", "47.6%", "4.8%"],
        ["Within 90 days", "47.6%", "4.8%"],
        ["Within 180 days", "47.6%", "4.8%"],
    ]


def test_a_median_that_is_not_reached_is_not_known(tmp_path):
    rows = [visit(f"M{n}", "2025-02-01", "pending") for n in range(4)] + [visit("M0", "2025-03-01", "joined")]
    said = texts(outreach.outreach_times(ledgers_of(tmp_path, {"merchant_visits": rows})))
    assert said == [
        {
            "zh": "到2025-12-31为止，作出决定的商户还不到一半，所以中位时间尚不可知。",
            "en": "By 2025-12-31 fewer than half of the merchants had decided, so the median time is not known yet.",
        }
    ]


def test_introductions_are_an_association(ledgers):
    blocks = outreach.introductions(ledgers)
    compared, speed = texts(blocks)
    assert compared == {
        "zh": "家长介绍的商户10家，其中8家加入过（80.0%，95%区间49.0%～94.3%）；其他商户10家，其中2家加入过（20.0%，"
        "95%区间5.7%～"
        "51.0%）。两个比例相差+60.0个百分点（95%区间+16.2～+80.3）。家长介绍的商户加入得更多。另有1家没有注明由谁介绍"
        "，不在比较之内。",
        "en": "Of 10 merchants introduced by parents 8 ever joined (80.0%; 95% interval 49.0% to 94.3%); of 10 others "
        "2 did (20.0%; 95% "
        "interval 5.7% to 51.0%). The shares differ by +60.0 percentage points (95% interval +16.2 to +80.3). Those "
        "that parents "
        "introduced joined more often. Another 1, of which nobody says who introduced them, are not compared.",
    }
    assert speed["en"].startswith(
        "Median time to a decision: 20 days where a parent made the introduction, not known yet"
    )
    assert speed["zh"].endswith("加入的快慢，对数秩检验 p = 0.003。")
    (caution,) = texts(blocks, Note)
    assert "不是因果" in caution["zh"] and "not an effect" in caution["en"]
    effects = json.dumps([compared, speed], ensure_ascii=False)
    assert not [word for word in ("因为", "导致", "使得", "because", "cause", "effect of") if word in effects]


def test_an_interval_that_holds_nought_says_nothing_of_a_difference(tmp_path):
    rows = [
        visit(f"{who}{n}", "2025-01-01", "pending", introduced=who) for who in ("parent", "nobody") for n in range(5)
    ]
    said = texts(outreach.introductions(ledgers_of(tmp_path, {"merchant_visits": rows})))
    assert said[0]["en"].endswith("The interval holds nought, so it cannot be said that they differ.")
    assert said[1] == {
        "zh": "作出决定的中位时间：家长介绍的尚不可知（决定的不到一半），其他的尚不可知（决定的不到一半）。",
        "en": "Median time to a decision: not known yet (fewer than half decided) where a parent made the "
        "introduction, not known yet "
        "(fewer than half decided) otherwise.",
    }


def test_a_very_small_p_is_not_printed_as_nought(tmp_path):
    rows = [visit(f"P{n}", "2025-01-01", "joined", introduced="parent") for n in range(20)]
    rows += [visit(f"S{n}", "2025-01-01", "pending", introduced="staff") for n in range(20)]
    said = texts(outreach.introductions(ledgers_of(tmp_path, {"merchant_visits": rows})))
    assert said[1]["en"].endswith("log-rank test: p < 0.001.")


def test_few_introductions_are_not_compared(tmp_path):
    rows = [visit("M1", "2025-01-01", "pending", introduced="parent")]
    said = texts(outreach.introductions(ledgers_of(tmp_path, {"merchant_visits": rows})))
    assert said == [
        {
            "zh": "家长介绍的商户或其他商户不足5家，不作比较。",
            "en": "Fewer than 5 merchants were introduced by parents, or otherwise, so the two are not compared.",
        }
    ]
    unsaid = ledgers_of(tmp_path / "b", {"merchant_visits": [visit("M1", "2025-01-01", "pending")]})
    assert outreach.introductions(unsaid) == []


def test_whom_to_visit_next_is_for_the_house(ledgers):
    warning, table = outreach.revisit_list(ledgers, most=2)
    assert warning.text["en"] == "For planning visits inside the organisation; not for release."
    assert [[cell.text for cell in table.printed(row, "zh")] for row in table.rows] == [
        ["店staff2", "east", "食品", "洽谈中", "364", "尚未决定；说过同样原因（结算太慢）的别的商户后来加入了"],
        ["店staff3", "east", "食品", "洽谈中", "364", "尚未决定；说过同样原因（结算太慢）的别的商户后来加入了"],
    ]
    assert table.rows[0]["why"]["en"] == "not decided yet; gave a reason (slow settlement) after which others joined"
    assert table.notes[-1] == {"zh": "另有9家，见台账。", "en": "9 more are in the ledger."}


def test_few_people_with_vouchers_are_not_told_even_there(tmp_path):
    def listed(folder, people):
        issued = [
            {"voucher": f"V{n}", "person": f"P{n}", "issued": "2025-05-01", "amount": 10, "community": "east"}
            for n in range(people)
        ]
        tables = {
            "merchants": [{"merchant": "M", "community": "east"}],
            "merchant_visits": [visit("M", "2025-01-01", "refused")],
            "vouchers_issued": issued,
        }
        return outreach.revisit_list(ledgers_of(folder, tables))[1].rows[0]["why"]

    assert listed(tmp_path / "few", 4) == {"zh": "只拒绝过一次", "en": "refused only once"}
    assert listed(tmp_path / "more", 5) == {
        "zh": "只拒绝过一次；所在社区有5人领过券",
        "en": "refused only once; 5 people in its community were given vouchers",
    }


def test_every_number_that_is_stated_can_be_traced(ledgers):
    known = {one for made, _ in figures_of.figures(ledgers) for one in made["result_id"]}
    chapters = (
        outreach.outreach_summary,
        outreach.outreach_funnel,
        outreach.outreach_reasons,
        outreach.outreach_times,
        outreach.introductions,
    )
    for block in (block for chapter in chapters for block in chapter(ledgers)):
        stated = block.results if isinstance(block, Paragraph | Figure) else []
        if isinstance(block, Table):
            stated = [one for row in block.rows for one in row["results"].values()]
        assert set(stated) <= known and (stated or isinstance(block, Note))


def test_no_merchant_is_named_outside_the_list_for_the_house(ledgers):
    chapters = (outreach.outreach_summary, outreach.outreach_funnel, outreach.outreach_reasons, outreach.introductions)
    page = json.dumps([block.to_json() for chapter in chapters for block in chapter(ledgers)], ensure_ascii=False)
    assert not [n for n in range(10) if f"parent{n}" in page or f"staff{n}" in page]


def test_a_study_without_visits_has_no_chapter(tmp_path):
    ledgers = ledgers_of(tmp_path, {"merchants": [{"merchant": "M1"}]})
    chapters = (outreach.outreach_summary, outreach.outreach_funnel, outreach.outreach_reasons, outreach.outreach_times)
    assert [chapter(ledgers) for chapter in (*chapters, outreach.introductions, outreach.revisit_list)] == [[]] * 6
