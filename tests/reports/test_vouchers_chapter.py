"""Vouchers as the service report prints them."""

import numpy as np
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.vouchers import DEFINITIONS, TURNOVER, figures, protected_share, protected_total
from xzz_analysis.report.blocks import Figure, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.voucher_anomalies import RULES
from xzz_analysis.report.chapters.services.vouchers import (
    voucher_anomalies,
    voucher_concentration,
    voucher_concentration_inside,
    voucher_figure,
    voucher_summary,
    voucher_tables,
)
from xzz_analysis.services.vouchers.anomalies import RULES as APPLIED

CHAPTERS = (
    voucher_summary,
    voucher_tables,
    voucher_figure,
    voucher_concentration,
    voucher_concentration_inside,
    voucher_anomalies,
)
CALLED = {"food": {"zh": "食品", "en": "Food"}, "books": {"zh": "图书", "en": "Books"}}


def rows(count=240, merchants=12):
    """A quarter of the vouchers waits; books are bought at one merchant almost always."""
    issued, redeemed = [], []
    for at in range(count):
        kind, home = ("books" if at % 4 == 0 else "food"), f"c{at % 3}"
        day, person = f"2025-{1 + at % 9:02}-{1 + at % 28:02}", f"person{at % 60}"
        told = {"expires": "2025-12-20" if at % 8 < 4 else "", "amount": 50, "category": kind, "community": home}
        issued.append({"voucher": f"number{at}", "person": person, "issued": day, **told})
        shop = "shop0" if kind == "books" and at % 40 else f"shop{at % merchants}"
        if at % 8:
            moment = f"2025-{2 + at % 9:02}-{1 + at % 27:02} {9 + at % 10:02}:{at % 60:02}:00"
            spent = 50 if at // 12 % 3 else 35
            redeemed.append({"voucher": f"number{at}", "redeemed": moment, "merchant": shop, "amount": spent})
    return {"vouchers_issued": issued, "vouchers_redeemed": redeemed}


def people(count=60):
    return [
        {
            "person": f"person{at}",
            "family": f"home{at}",
            "sex": ("female", "male")[at % 2],
            "hardship": ("yes", "no")[at % 3 == 0],
        }
        for at in range(count)
    ]


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    merchants = [{"merchant": f"shop{at}", "name_zh": f"第{at}商店", "name_en": f"Shop {at}"} for at in range(12)]
    merchants[3]["owner"] = "person3"
    tables = {**rows(), "people": people(), "merchants": merchants}
    return ledgers_of(tmp_path_factory.mktemp("vouchers"), tables, categories=CALLED)


def printed(blocks):
    """Everything that is printed, in both languages."""
    for block in blocks:
        for language in ("zh", "en"):
            if isinstance(block, Table):
                yield from (cell.text for row in block.rows for cell in block.printed(row, language))
                yield from (note[language] for note in block.notes)
            elif isinstance(block, Figure):
                yield block.alt[language]
            else:
                yield block.text[language]


def stated(blocks):
    for block in blocks:
        if isinstance(block, Table):
            for row in block.rows:
                yield from row.get("results", {}).values()
                yield from [row["result_id"]] if row.get("result_id") else []
        elif not isinstance(block, Note):
            yield from block.results


def test_sentences_say_what_was_issued_used_and_how_soon(ledgers):
    texts = [block.text for block in voucher_summary(ledgers)]
    assert [text["zh"] for text in texts] == [
        "2025年发放关爱券240张，面额共12,000元，60人领取。同期核销210次，涉及210张券，共9,405元，60人使用。",
        "本期发放的券，到期末有87.5%至少用过一次。按金额计，已核销78.4%。近十二个月发放的券，一半在发放后34天之内首次使用。",
    ]
    assert [text["en"] for text in texts] == [
        "In 2025, 240 vouchers worth 12,000 yuan were issued to 60 people. In the same time there were 210 "
        "redemptions of "
        "210 vouchers, 9,405 yuan in all, by 60 people.",
        "Of the vouchers issued in the period, 87.5% had been used at least once by its end. Of their worth, "
        "78.4% had been "
        "redeemed. Of the vouchers issued in the last twelve months, half were first used within 34 days of issue.",
    ]


def test_a_period_without_vouchers_says_so(tmp_path):
    (block,) = voucher_summary(ledgers_of(tmp_path, rows(), "2024"))
    assert block.text == {
        "zh": "2024年没有发放或核销关爱券。",
        "en": "No vouchers were issued or redeemed in 2024.",
    }


def test_studies_without_vouchers_have_no_chapter(tmp_path):
    nothing = ledgers_of(tmp_path, {"people": people()})
    assert [chapter(nothing) for chapter in CHAPTERS] == [[]] * len(CHAPTERS)
    assert list(figures(nothing)) == []


def test_tables_name_their_rows_and_add_up(ledgers):
    found = {block.caption["en"]: block for block in voucher_tables(ledgers)}
    assert list(found) == [
        "Vouchers by category",
        "Vouchers by community",
        "Who uses vouchers",
        "Days from issue to first use",
        "Expired and left over",
    ]
    rows_of = found["Vouchers by category"].rows
    assert [row["label"].get("en", "") for row in rows_of] == ["Food", "Books", "All"]
    issued = [row["vouchers_issued"] for row in rows_of]
    assert sum(issued[:-1]) == issued[-1] == 240
    assert [row["label"]["zh"] for row in found["Who uses vouchers"].rows] == [
        "女",
        "男",
        "其他家庭",
        "困境家庭",
        "全体",
    ]


def test_turnover_of_a_dominant_merchant_is_hidden_wherever_it_follows(ledgers):
    safe = protected_total(ledgers, TURNOVER, ("category",)).frame
    assert safe["suppressed"].all()  # books, and food because it would give books away
    assert protected_share(ledgers, "voucher_amount_share", ("category",)).frame["suppressed"].all()
    assert protected_total(ledgers, TURNOVER).frame["estimate"].tolist() == [9405]
    (table,) = voucher_concentration(ledgers)
    assert [row["found"]["en"] for row in table.rows] == ["※", "※", "concentrated"]
    assert any("also protects merchants" in note["en"] for note in table.notes)
    tables = [block for block in voucher_tables(ledgers) if isinstance(block, Table)]
    told = [table for table in tables if any("one merchant could work out" in note["en"] for note in table.notes)]
    assert [table.caption["en"] for table in told] == ["Vouchers by category"]
    assert [column.label["zh"] for column in told[0].columns][3] == "核销金额（元）"


def test_weeks_are_drawn_where_nearly_everybody_used_a_voucher_at_once(tmp_path):
    """The share is one of vouchers: everybody has one that was used soon and one that was not."""
    issued, redeemed = [], []
    for at in range(120):
        issued.append({"voucher": f"v{at}", "person": f"p{at % 20}", "issued": "2025-03-01", "amount": 10})
        if at < 100:
            day = f"2025-03-{2 + 6 * (at // 20):02}"
            redeemed.append({"voucher": f"v{at}", "redeemed": day, "merchant": f"m{at % 5}", "amount": 10})
    (figure,) = voucher_figure(ledgers_of(tmp_path, {"vouchers_issued": issued, "vouchers_redeemed": redeemed}))
    assert figure.alt["en"].split(": ")[1].startswith("week 1 33.3%, week 2 50.0%, week 3 66.7%, week 4 83.3%")


def test_the_house_sees_concentration_in_figures(ledgers):
    (table,) = voucher_concentration_inside(ledgers)
    books = next(row for row in table.rows if row["label"].get("en") == "Books")
    assert books["voucher_largest"] > 0.5 and books["voucher_herfindahl"] > 0.25


def test_the_figure_reads_its_weeks_out(ledgers):
    (figure,) = voucher_figure(ledgers)
    assert figure.alt["en"].startswith("Part of the vouchers used at least once, by weeks since issue: week ")
    assert figure.alt["zh"].startswith("关爱券发放后各周，至少用过一次的比例：第")
    assert len(figure.results) == figure.alt["en"].count("week ") >= 2


def test_what_is_listed_comes_with_innocent_reasons(ledgers):
    note, table, reasons = voucher_anomalies(ledgers)
    assert note.tone == "warning" and "accuses nobody" in note.text["en"] and "不是指控" in note.text["zh"]
    assert table.rows[0]["label"] == {"zh": "第3商店", "en": "Shop 3"}
    assert reasons.rows[0]["innocent"]["zh"] == "受助家庭自己开店，附近只有这一家，或规则允许。"


def test_nothing_listed_is_said(tmp_path):
    (block,) = voucher_anomalies(ledgers_of(tmp_path, rows(40)))
    assert block.text == {
        "zh": "按6条规则查过，2025年没有需要看的核销。",
        "en": "6 rules were applied; none lists a redemption of 2025.",
    }


def test_every_rule_has_words_in_both_languages():
    assert RULES.keys() == APPLIED.keys()
    assert all(set(label) == {"zh", "en"} for told in RULES.values() for label in told)


def test_every_stated_figure_is_among_the_rooms_figures(ledgers):
    frames = [frame for frame, _ in figures(ledgers)]
    known = [name for frame in frames for name in frame["result_id"]]
    assert len(known) == len(set(known))
    assert {name for frame in frames for name in frame["indicator"]} <= DEFINITIONS.keys()
    told = {name for chapter in CHAPTERS for name in stated(chapter(ledgers))}
    assert len(told) > 60 and told <= set(known)


def test_figures_are_protected_as_they_stand(ledgers):
    for frame, made in figures(ledgers):
        safe = made().frame
        assert safe["result_id"].tolist() == frame["result_id"].tolist()
        shown = safe["estimate"].notna().to_numpy()
        assert np.allclose(safe.loc[shown, "estimate"], frame["estimate"].to_numpy()[shown])


def test_no_person_and_no_voucher_is_ever_printed(ledgers):
    every = [text for chapter in CHAPTERS for text in printed(chapter(ledgers))]
    assert every and not [
        text
        for text in every
        if "person"
        in text.lower()
        .replace("persons", "")
        .replace("a person", "")
        .replace("no person", "")
        .replace("one person", "")
        .replace("the person", "")
        or "number" in text.lower().replace("consecutive numbers", "")
    ]


def test_small_groups_are_not_told(tmp_path):
    few = {name: table[:12] for name, table in rows().items()}
    blocks = voucher_summary(ledgers_of(tmp_path, few))
    assert isinstance(blocks[0], Paragraph)
    assert len(blocks) == 1 or "※" in blocks[1].text["en"]
