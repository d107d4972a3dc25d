"""Chapters on those who help: sentences in both languages, tables that add up, and figures without anybody in them."""

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services import people as shown_people
from xzz_analysis.atlas.services import ties as shown_ties
from xzz_analysis.report.blocks import Figure, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.people import conversion_chapter, helpers_summary, workers_chapter
from xzz_analysis.report.chapters.services.points import points_chapter
from xzz_analysis.report.chapters.services.ties import network_chapter, ties_chapter

CHAPTERS = (helpers_summary, conversion_chapter, workers_chapter, points_chapter, ties_chapter, network_chapter)
SOURCE = {"zh": "虚构文件", "en": "a fictional paper"}
RULES = {
    "rules": [
        {
            "id": "hardship",
            "label": {"zh": "困境家庭", "en": "families in hardship"},
            "when": "${hardship} = 'yes'",
            "times": 2,
        }
    ]
}


def tables():
    """Two communities of 20 recipients: half of heyan became volunteers, some left; ties between all of them."""
    people, roles, points, ties = [], [], [], []
    for community in ("heyan", "weidu"):
        for at in range(20):
            key = f"{community}{at}"
            people.append(
                {
                    "person": key,
                    "family": f"f {key}",
                    "community": community,
                    "sex": ["female", "male"][at % 2],
                    "hardship": ["yes", "no"][at < 10],
                }
            )
            roles.append(
                {"person": key, "role": "recipient", "since": "2024-01-01", "until": "2024-12-31" if at >= 15 else ""}
            )
            if at < 10:
                roles.append(
                    {
                        "person": key,
                        "role": "volunteer",
                        "since": "2024-05-01" if community == "heyan" else "2025-02-01",
                    }
                )
            points.append({"person": key, "date": "2025-03-01", "entry": "earned", "hours": 1.5})
            points.append({"person": key, "date": "2025-05-01", "entry": "spent", "points": 1})
            ties.append(
                {
                    "source": f"{community}{at % 10}",
                    "target": f"{community}{10 + at % 10}",
                    "date": f"2025-03-{1 + at:02d}",
                    "relation": "peer",
                    "mode": ["online", "at_home"][at % 10 < 3],
                }
            )
        roles.append(
            {"person": f"{community} worker", "role": "social_worker", "since": "2024-01-01", "community": community}
        )
    roles += [
        {"person": f"late{at}", "role": "volunteer", "since": "2025-05-01", "community": "heyan"} for at in range(6)
    ]
    return {"people": people, "roles": roles, "points": points, "ties": ties}


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    ratios = [
        {"volunteers": 10, "source": SOURCE, "url": "https://example.org/ten"},
        {"volunteers": 100, "source": SOURCE},
        {"volunteers": 13, "source": SOURCE},
    ]
    return ledgers_of(tmp_path_factory.mktemp("helpers"), tables(), ratios=ratios, point_rules=RULES)


def said(blocks, kind=Paragraph):
    return [(block.text["zh"], block.text["en"]) for block in blocks if isinstance(block, kind)]


def test_roles_are_summed_up(ledgers):
    assert said(helpers_summary(ledgers)) == [
        (
            "截至2025年12月31日，台账上有服务对象30人、志愿者26人、社工2人。2025年新增志愿者16人。",
            "On 31 December 2025 the ledger had 30 recipients, 26 volunteers and 2 social workers. "
            "In 2025 there were 16 volunteers who were new to the role.",
        )
    ]


def test_conversion_is_told_with_those_who_left(ledgers):
    told = said(conversion_chapter(ledgers))
    assert told[0] == (
        "先受助的40人中，20人成为志愿者（50.0%），10人离开而没有成为志愿者，10人仍在受助。",
        "Of 40 people who were helped first, 20 became volunteers (50.0%), 10 left without, and 10 are still helped.",
    )
    assert told[-1] == (
        "曾经做过志愿者的人中，先受助的占76.9%，从未受助的占23.1%；后一类不计入转化。",
        "Of all who ever volunteered, 76.9% had been helped first and 23.1% were never helped; the last do "
        "not count as "
        "conversion.",
    )


def test_conversion_tables_and_the_curve(ledgers):
    blocks = conversion_chapter(ledgers)
    steps = next(
        block for block in blocks if isinstance(block, Table) and block.caption["en"].startswith("From being helped")
    )
    assert [wording.text for wording in steps.printed(steps.rows[0], "en")] == [
        "From recipient to volunteer", "40", "20", "10", "50.0%", "25.0%", "13.0% to 39.0%", "259",
    ]  # fmt: skip
    split = next(
        block for block in blocks if isinstance(block, Table) and block.caption["zh"].startswith("从受助到志愿者，按")
    )
    assert [split.printed(row, "en")[0].text for row in split.rows] == [
        "heyan", "weidu", "Female", "Male", "Not in hardship", "In hardship",
    ]  # fmt: skip
    (figure,) = [block for block in blocks if isinstance(block, Figure)]
    assert figure.alt["en"].endswith(
        "From recipient to volunteer: 25.0% after 6 months, 25.0% after 9 months, 25.0% after 12 months, "
        "50.0% after 15 months, 50.0% after 18 months, 50.0% after 21 months, 50.0% after 24 months."
    )
    assert "从受助到志愿者：6个月25.0%，9个月25.0%，12个月25.0%，15个月50.0%" in figure.alt["zh"]


def test_volunteers_for_each_social_worker_stand_beside_what_is_asked(ledgers):
    blocks = workers_chapter(ledgers)
    assert said(blocks) == [
        (
            "截至2025年12月31日，志愿者26人，社工2人，平均每名社工13.0名志愿者。高于每名社工10名志愿者（来源：虚构文件）。"
            "低于每名社工100名志愿者（来源：虚构文件）。正是每名社工13名志愿者（来源：虚构文件）。",
            "On 31 December 2025 there were 26 volunteers and 2 social workers: 13.0 volunteers for every social "
            "worker. "
            "That is more than 10 for each (source: a fictional paper). That is fewer than 100 for each (source: "
            "a fictional paper). "
            "That is just 13 for each (source: a fictional paper).",
        )
    ]
    table = blocks[1]
    assert [[word.text for word in table.printed(row, "en")] for row in table.rows] == [
        ["heyan", "16", "1", "16.0"],
        ["weidu", "10", "1", "10.0"],
        ["All", "26", "2", "13.0"],
    ]
    assert (
        table.notes[0]["en"]
        == "Beside: 10 volunteers for every social worker, source: a fictional paper https://example.org/ten."
    )


def test_without_a_social_worker_the_ratio_is_not_known(tmp_path):
    alone = ledgers_of(tmp_path, {"roles": [{"role": "volunteer", "since": "2025-01-01", "count": 156}]})
    assert [len(block.columns) for block in workers_chapter(alone)[1:]] == [2]
    assert said(conversion_chapter(alone)) == []
    assert said(workers_chapter(alone)) == [
        (
            "截至2025年12月31日，志愿者156人；台账上没有社工，每名社工多少志愿者不详。",
            "On 31 December 2025 there were 156 volunteers; the ledger has no social worker, so volunteers for "
            "each are not known.",
        )
    ]


def test_points_are_told_by_the_rules(ledgers):
    blocks = points_chapter(ledgers)
    assert said(blocks) == [
        (
            "2025年志愿者得分90分（含更正），用去40分（含过期）。截至2025年12月31日，结余50分（期初0分）。",
            "In 2025 volunteers earned 90 points (with corrections) and used 40 (with those that expired). On 31 "
            "December 2025 50 points were "
            "left (0 at the beginning).",
        ),
        (
            "按规则“困境家庭”（2倍）得分的有20人，共60分，比没有这条规则多30分。",
            "By the rule “families in hardship” (× 2) 20 people earned 60 points, 30 more than without it.",
        ),
    ]
    assert said(blocks, Note) == [
        (
            "每小时1分。规则：困境家庭（2倍）。几条规则都适用时按倍数最高的一条计算；年龄按服务当天。",
            "An hour earns 1 point. Rules: families in hardship (× 2). Where several hold the highest counts; "
            "age is that on the day of the "
            "service.",
        )
    ]


def test_every_shown_row_of_an_account_adds_up(ledgers):
    accounts = [
        block for block in points_chapter(ledgers) if isinstance(block, Table) and "Account" in block.caption["en"]
    ]
    assert len(accounts) == 2
    for table in accounts:
        for row in table.rows:
            assert row["opening"] + row["credited"] - row["debited"] == row["closing"]
    total = accounts[0].rows[-1]
    assert total["credited"] == sum(row["credited"] for row in accounts[0].rows[:-1])


def test_ties_are_told_by_relation_and_mode(ledgers):
    assert said(ties_chapter(ledgers)) == [
        (
            "2025年的联系中，最多的关系是“同伴互助”（40次，40人）。",
            "The most frequent relation in 2025 was “peers” (40 contacts, 40 people).",
        ),
        ("最多的方式是“线上”（28次，28人）。", "The most frequent mode was “online” (28 contacts, 28 people)."),
    ]


def test_the_network_is_told_in_figures(tmp_path):
    table = tables()
    table["ties"] = [row for row in table["ties"] if not row["source"].startswith("weidu") or row["source"] < "weidu3"]
    told = said(network_chapter(ledgers_of(tmp_path, table)))
    assert told == [
        (
            "2025年有13对联系（26次），登记的40户家庭中，65.0%至少有一对联系，82.5%在两步之内有志愿者。",
            "In 2025 there were 13 ties (26 contacts). Of 40 registered families, 65.0% have at least one tie, "
            "and 82.5% have a volunteer at "
            "most two ties away.",
        ),
        ("没有任何联系的有14户家庭、7名志愿者。", "Without any tie: families: 14; volunteers: 7."),
    ]


def test_a_period_without_ties_says_so(tmp_path):
    assert said(network_chapter(ledgers_of(tmp_path, tables(), period="2024"))) == [
        ("2024年台账里没有联系。", "The ledger has no ties in 2024.")
    ]


def test_the_figure_of_groups_reads_out_what_it_draws(ledgers):
    (figure,) = [block for block in network_chapter(ledgers) if isinstance(block, Figure)]
    assert figure.alt == {
        "zh": "2025年各社区与各类之间的联系：heyan家庭与heyan志愿者10；weidu家庭与weidu志愿者10。",
        "en": "Ties between communities and kinds in 2025: 10 between families in heyan and volunteers in "
        "heyan; 10 between families in weidu "
        "and volunteers in weidu.",
    }
    again = [block for block in network_chapter(ledgers) if isinstance(block, Figure)]
    assert again[0].png == figure.png
    assert len(figure.results) == 2


def test_nobody_is_in_a_chapter(ledgers):
    told = " ".join(
        str(block.to_json()) for chapter in CHAPTERS for block in chapter(ledgers) if not isinstance(block, Figure)
    )
    told += " ".join(str(block.alt) for chapter in CHAPTERS for block in chapter(ledgers) if isinstance(block, Figure))
    keys = [f"{community}{at}" for community in ("heyan", "weidu") for at in range(20)]
    assert [key for key in [*keys, "late0", "heyan worker"] if key in told] == []


def test_every_stated_figure_can_be_traced(ledgers):
    known = {
        one for room in (shown_people, shown_ties) for frame, _ in room.figures(ledgers) for one in frame["result_id"]
    }
    stated = set()
    for chapter in CHAPTERS:
        for block in chapter(ledgers):
            stated |= set(getattr(block, "results", []))
            for row in getattr(block, "rows", []):
                stated |= set(row.get("results", {}).values()) | ({row["result_id"]} if "result_id" in row else set())
    assert len(stated) > 60
    assert stated - known == set()


def test_without_ledgers_there_are_no_chapters(tmp_path):
    nothing = ledgers_of(tmp_path, {"people": tables()["people"]})
    assert [chapter(nothing) for chapter in CHAPTERS] == [[]] * len(CHAPTERS)


@pytest.mark.parametrize("period", ["2025-03", "2025Q1"])
def test_the_same_chapters_serve_shorter_periods(tmp_path, period):
    short = ledgers_of(tmp_path, tables(), period=period, point_rules=RULES)
    blocks = [block for chapter in CHAPTERS for block in chapter(short)]
    assert len(blocks) > 15 and all(block.texts() for block in blocks)
