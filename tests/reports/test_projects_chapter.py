"""Five platforms, targets and the funder's page, word for word in both languages."""

import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.projects import figures, platforms_side_by_side, protected_targets
from xzz_analysis.errors import StudyError
from xzz_analysis.report.blocks import Heading, Note, Paragraph, Table
from xzz_analysis.report.chapters.services import projects
from xzz_analysis.report.chapters.services.projects.funder import day_text, done_sentence, helping
from xzz_analysis.report.chapters.services.projects.linkage import not_known
from xzz_analysis.report.chapters.services.projects.wording import expected_amount

PROJECT = {"project": "p1", "name": "门口的支持", "funder": "民政局", "since": "2025-01-01", "until": "2025-12-31"}


def activity(number, **more):
    row = {"activity": f"a{number}", "date": "2025-01-05", "type": "group", "community": "east", "project": "p1"}
    return {**row, "staff": "s1", "person_times": "", **more}


def target(indicator, wanted, **more):
    return {**PROJECT, "indicator": indicator, "target": wanted, "explanation": "", "explanation_en": "", **more}


def opened(folder, *targets, activities=None, period="2025", **ledgers):
    kept = [activity(one) for one in range(15)] if activities is None else activities
    rows = {"projects": list(targets)} if targets else {}
    return ledgers_of(folder, {"activities": kept, **rows, **ledgers}, period)


def row_of(ledgers):
    return protected_targets(ledgers).frame.to_dict("records")[0]


def printed(table, code="en"):
    return [[cell.text for cell in table.printed(row, code)] for row in table.rows]


# --- five platforms -----------------------------------------------------------------------------------------------


def everything(folder):
    """Ledgers of all five platforms, with two communities."""
    roles = [
        {"person": f"v{one}", "role": "volunteer", "since": "2024-01-01", "community": "east"} for one in range(12)
    ]
    roles.append({"person": "w", "role": "social_worker", "since": "2024-01-01", "community": "west"})
    points = [{"person": f"v{one}", "date": "2025-02-01", "entry": "earned", "hours": 2.5} for one in range(6)]
    organisations = [
        {"organisation": "o1", "standing": "incubated", "since": "2024-01-01", "community": "east"},
        {"organisation": "o2", "standing": "donor", "since": "2025-01-01", "amount": 3000, "community": "east"},
    ]
    visits = [{"merchant": "", "date": "2025-01-31", "outcome": "joined", "count": 16}]
    issued = [
        {"voucher": f"x{one}", "person": f"k{one}", "issued": "2025-01-02", "amount": 100, "community": "east"}
        for one in range(8)
    ]
    redeemed = [
        {"voucher": f"x{one}", "redeemed": "2025-02-01", "merchant": f"m{one}", "amount": 12.5} for one in range(8)
    ]
    more = {"merchant_visits": visits, "vouchers_issued": issued, "vouchers_redeemed": redeemed}
    return opened(folder, roles=roles, points=points, organisations=organisations, **more)


def test_five_platforms_in_one_sentence(tmp_path):
    ledgers = everything(tmp_path)
    assert projects.linkage_sentence(ledgers, platforms_side_by_side(ledgers)).text == {
        "zh": "2025年五社联动：活动15场，社会工作者1名，孵化社会组织1家，志愿者、骨干和带头人12名，"
        "有服务记录的志愿者6名，志愿服务15小时，捐赠方1家，捐赠3,000元，加入的商户16家，核销100元。",
        "en": "Five platforms in 2025: activities: 15; social workers: 1; organisations incubated: 1; "
        "volunteers, helpers and "
        "leaders: 12; volunteers with hours: 6; hours volunteered: 15; donors: 1; donated: 3,000 yuan; "
        "merchants joined: "
        "16; vouchers redeemed: 100 yuan.",
    }
    assert not_known(ledgers) == []


def test_who_is_missing_is_said_by_community(tmp_path):
    table = projects.linkage_chapter(everything(tmp_path))[1]
    cells = {row[0]: row[-1] for row in printed(table)}
    assert cells["east"] == "social workers"
    assert cells["west"] == "community, social organisations, volunteers, charitable resources"
    assert {row[0]: row[-1] for row in printed(table, "zh")}["west"] == "社区、社会组织、社区志愿者、社会慈善资源"
    assert cells["All"] == cells["Not stated"] == ""


def test_columns_name_their_platform(tmp_path):
    _, table, other = projects.linkage_chapter(everything(tmp_path))
    labels = [column.label["en"] for column in table.columns]
    assert labels[1:5] == [
        "Community: activities",
        "Social work: in post",
        "Organisations: incubated",
        "Organisations: partners",
    ]
    assert other.columns[5].label == {"zh": "慈善资源：捐赠金额（元）", "en": "Charity: donated (yuan)"}
    assert [row[0] for row in printed(other)] == ["east", "west", "Not stated", "All"]
    assert printed(other)[-1] == ["All", "12", "6", "15", "1", "3,000", "16", "100"]


def test_what_no_ledger_tells_is_said_once(tmp_path):
    (said,) = not_known(opened(tmp_path))
    assert said.text["zh"].startswith(
        "不详：社会工作者、志愿者、骨干和带头人（没有角色台账）；孵化的社会组织、合作伙伴、捐赠方、捐赠金额（没有组织与伙伴台账）；"
    )
    assert said.text["en"].startswith(
        "Not known: social workers, volunteers, helpers and leaders (no ledger of roles); organisations incubated, "
        "partners, donors, donated (no ledger of organisations and partners); "
    )


def test_what_a_ledger_does_not_record_is_not_none(tmp_path):
    roles = [{"person": "", "role": "volunteer", "since": "2025-01-01", "count": 156}]
    (said,) = not_known(opened(tmp_path, roles=roles))
    assert said.text["zh"].startswith("不详：社会工作者（台账没有记这一项）；")
    assert said.text["en"].startswith("Not known: social workers (not recorded in the ledger); ")


def test_without_ledgers_of_platforms_there_is_no_chapter(tmp_path):
    scores = [{"person": "a", "course": "c", "instrument": "i", "wave": "before", "date": "2025-01-01", "score": 1}]
    ledgers = ledgers_of(tmp_path, {"scores": scores})
    chapters = (projects.linkage_chapter, projects.projects_chapter, projects.funder_page)
    assert [chapter(ledgers) for chapter in chapters] == [[], [], []]


# --- targets ------------------------------------------------------------------------------------------------------


def test_targets_with_their_light_in_words(tmp_path):
    told = {"explanation": "暑期停课两周", "explanation_en": "Two weeks without classes in summer"}
    ledgers = opened(tmp_path, target("activities", 20, **told), target("groups", 40), target("merchants_joined", 5))
    sentence, table = projects.projects_chapter(ledgers)
    assert sentence.text == {
        "zh": "3项目标：1项略慢于进度，1项明显慢于进度，1项不详。",
        "en": "3 targets: 1 a little behind, 1 well behind, 1 not known.",
    }
    assert printed(table) == [
        ["Activities", "20", "20", "15", "75.0%", "Amber: a little behind"],
        ["Groups", "40", "40", "15", "37.5%", "Red: well behind"],
        ["Merchants joined", "5", "5", "not known (the ledgers do not tell it by project)", "—", "Not known"],
    ]
    zh = printed(table, "zh")
    assert [row[5] for row in zh] == ["黄：略慢于进度", "红：明显慢于进度", "不详"]
    assert zh[2][3] == "不详（台账没有按项目记录）"


def test_one_target_on_course(tmp_path):
    sentence = projects.projects_chapter(opened(tmp_path, target("activities", 15)))[0]
    assert sentence.text == {"zh": "1项目标：按进度。", "en": "One target: on course."}


def test_an_explanation_without_english_is_printed_in_chinese(tmp_path):
    blocks = projects.funder_page(opened(tmp_path, target("activities", 20, explanation="暑期停课两周")))
    (said,) = [block.text for block in blocks if isinstance(block, Paragraph) and "暑期停课两周" in block.text["zh"]]
    assert said["zh"].endswith("比进度略慢。服务方说明：暑期停课两周")
    assert said["en"].endswith("A little behind. The organisation says: 暑期停课两周")


@pytest.mark.parametrize(
    ("value", "money", "people"), [(54246.58, "54,247", "54,247"), (22.6, "23", "22.6"), (512.4, "512", "512")]
)
def test_no_more_decimals_than_anybody_needs(value, money, people):
    assert expected_amount("vouchers_redeemed", value) == money
    assert expected_amount("persons", value) == people


def test_a_bound_is_said_and_explained(tmp_path):
    sheets = [activity(1, person_times=30), activity(2, person_times=45)]
    table = projects.projects_chapter(opened(tmp_path, target("persons", 60), activities=sheets))[1]
    assert printed(table)[0][3] == "at least 45"
    assert printed(table, "zh")[0][3] == "至少45"
    assert any("灯按下限定" in note["zh"] and "the light goes by it" in note["en"] for note in table.notes)


def test_a_hidden_result_hides_its_light(tmp_path):
    sheet = [{"activity": "a1", "person": f"k{one}"} for one in range(3)]
    ledgers = opened(tmp_path, target("persons", 3), attendance=sheet)
    sentence, table = projects.projects_chapter(ledgers)
    assert printed(table)[0][3:6] == ["※"] * 3
    assert sentence.text["en"] == "One target: not published, as too few people are behind them."


def test_no_project_in_the_period(tmp_path):
    ledgers = opened(tmp_path, target("activities", 5, since="2025-06-01"), period="2025-03")
    (only,) = projects.projects_chapter(ledgers)
    assert only.text == {"zh": "本期没有正在进行的项目。", "en": "No project runs in this period."}
    assert projects.funder_page(ledgers) == []


# --- the funder's page --------------------------------------------------------------------------------------------


def test_what_was_agreed(tmp_path):
    blocks = projects.funder_page(opened(tmp_path, target("activities", 20), target("groups", 40)))
    agreed = next(block for block in blocks if isinstance(block, Paragraph))
    assert agreed.text == {
        "zh": "“门口的支持”由民政局购买，2025年1月1日至2025年12月31日，约定2项目标。",
        "en": "“门口的支持”, paid for by 民政局, runs from 1 January 2025 to 31 December 2025 and has 2 targets.",
    }
    (table,) = [block for block in blocks if isinstance(block, Table)]
    assert table.caption == {
        "zh": "“门口的支持”的目标与进展，到2025年12月31日",
        "en": "“门口的支持”: targets and progress by 31 December 2025",
    }
    assert printed(table) == [
        ["Activities", "20", "15", "75.0%", "Amber: a little behind"],
        ["Groups", "40", "15", "37.5%", "Red: well behind"],
    ]


def test_only_what_is_behind_has_a_sentence(tmp_path):
    ledgers = opened(tmp_path, target("activities", 15), target("groups", 40))
    said = [block.text["en"] for block in projects.funder_page(ledgers) if isinstance(block, Paragraph)]
    assert len([text for text in said if "by 31 December 2025" in text]) == 1


@pytest.mark.parametrize(
    ("wanted", "zh", "en"),
    [
        (
            15,
            "活动场次：到2025年12月31日做到15，为目标15的100.0%；按天数此时应到15。进度正常。",
            "Activities: 15 by 31 December 2025, 100.0% of the 15 agreed; by days 15 were to be expected. On course.",
        ),
        (
            20,
            "活动场次：到2025年12月31日做到15，为目标20的75.0%；按天数此时应到20。比进度略慢。",
            "Activities: 15 by 31 December 2025, 75.0% of the 20 agreed; by days 20 were to be expected. A little "
            "behind.",
        ),
        (
            40,
            "活动场次：到2025年12月31日做到15，为目标40的37.5%；按天数此时应到40。比进度慢得较多，值得一起商量。",
            "Activities: 15 by 31 December 2025, 37.5% of the 40 agreed; by days 40 were to be expected. Well behind: "
            "worth talking over together.",
        ),
    ],
)
def test_what_was_done(tmp_path, wanted, zh, en):
    ledgers = opened(tmp_path, target("activities", wanted))
    assert done_sentence(ledgers, row_of(ledgers)).text == {"zh": zh, "en": en}


def test_money_has_its_currency(tmp_path):
    issued = [{"voucher": f"x{one}", "person": f"k{one}", "issued": "2025-01-02", "amount": 20} for one in range(8)]
    redeemed = [
        {"voucher": f"x{one}", "redeemed": "2025-02-01", "merchant": f"m{one}", "amount": 12.55} for one in range(8)
    ]
    wanted = target("vouchers_redeemed", 120, project="p9")
    vouchers = {"vouchers_issued": [{**row, "project": "p9"} for row in issued], "vouchers_redeemed": redeemed}
    ledgers = opened(tmp_path, wanted, **vouchers)
    (table,) = [block for block in projects.funder_page(ledgers) if isinstance(block, Table)]
    assert printed(table, "zh")[0] == ["核销金额（元）", "120", "100", "83.7%", "黄：略慢于进度"]
    assert (
        done_sentence(ledgers, row_of(ledgers))
        .text["zh"]
        .startswith("核销金额：到2025年12月31日做到100元，为目标120元的83.7%")
    )


def test_what_is_not_known_or_not_published(tmp_path):
    ledgers = opened(tmp_path / "unknown", target("volunteers", 8))
    unknown = done_sentence(ledgers, row_of(ledgers))
    assert unknown.text == {
        "zh": "志愿者：约定8，做到多少不详（没有志愿积分台账）。",
        "en": "Volunteers: 8 agreed; how many were done is not known (there is no ledger of volunteer points).",
    }
    sheet = [{"activity": "a1", "person": f"k{one}"} for one in range(3)]
    ledgers = opened(tmp_path / "hidden", target("persons", 9), attendance=sheet)
    hidden = done_sentence(ledgers, row_of(ledgers))
    assert hidden.text == {
        "zh": "人数：约定9；目前涉及的人太少，为保护他们不公布数字。",
        "en": "Persons: 9 agreed; so far too few people are behind the figure for it to be published.",
    }


def test_what_would_help_follows_from_what_is_behind(tmp_path):
    rows = [target("activities", 40), target("groups", 40), target("volunteers", 8), target("organisations", 2)]
    found = helping(protected_targets(opened(tmp_path, *rows)).frame.to_dict("records"))
    assert [text["zh"] for text in found] == [
        "活动场次、小组：一起看看人手、场地和时间；需要时商量调整数量，或者延长期限。",
        "志愿者：把台账建起来，现在还没有。",
        "孵化组织：台账不按项目记这一项，另报一个数字，就能看到进度。",
    ]
    assert [text["en"] for text in found] == [
        "Activities, groups: look together at staff, rooms and the calendar; where needed agree on another number or a "
        "later end.",
        "Volunteers: begin the ledger, which is not kept yet.",
        "Organisations incubated: ledgers do not keep these by project; report a number apart, and progress "
        "can be seen.",
    ]


def test_the_page_asks_for_explanations_or_prints_them(tmp_path):
    silent = projects.funder_page(opened(tmp_path / "silent", target("activities", 40)))
    assert any("台账里还没有写说明" in block.text["zh"] for block in silent if isinstance(block, Paragraph))
    told = projects.funder_page(opened(tmp_path / "told", target("activities", 40, explanation="暑期停课两周")))
    assert not any("台账里还没有写说明" in block.text["zh"] for block in told if isinstance(block, Paragraph))
    smooth = projects.funder_page(opened(tmp_path / "smooth", target("activities", 15)))
    texts = [block.text["en"] for block in smooth if isinstance(block, Paragraph)]
    assert "The ledger names no difficulty, and every target is on course." in texts
    assert texts[-1] == "Every target is on course: keep what works as it is."


def test_the_page_supports_and_does_not_punish(tmp_path):
    blocks = projects.funder_page(opened(tmp_path, target("activities", 40)))
    assert isinstance(blocks[0], Note)
    assert "不用来打分或处罚" in blocks[0].text["zh"]
    assert "not for scoring or sanctions" in blocks[0].text["en"]
    said = " ".join(block.text["en"] for block in blocks[1:] if isinstance(block, Paragraph | Heading))
    assert not any(word in said.lower() for word in ("fail", "penalt", "blame", "unsatisfactory"))


def test_one_project_or_all(tmp_path):
    ledgers = opened(tmp_path, target("activities", 15), target("activities", 9, project="p2", name="第二个项目"))
    titles = [
        block.text["zh"] for block in projects.funder_page(ledgers) if isinstance(block, Heading) and block.level == 3
    ]
    assert titles == ["项目：门口的支持", "项目：第二个项目"]
    assert len([one for one in projects.funder_page(ledgers, "p2") if isinstance(one, Heading) and one.level == 3]) == 1
    with pytest.raises(StudyError, match="there is no project 'p3' in the ledger of projects"):
        projects.funder_page(ledgers, "p3")


def test_days_in_a_sentence():
    assert day_text("2025-11-30") == {"zh": "2025年11月30日", "en": "30 November 2025"}


def test_every_printed_figure_has_an_id_that_is_found(tmp_path):
    ledgers = opened(tmp_path, target("activities", 20), target("persons", 9), target("merchants_joined", 2))
    known = {one for frame, _ in figures(ledgers) for one in frame["result_id"]}
    blocks = [*projects.linkage_chapter(ledgers), *projects.projects_chapter(ledgers), *projects.funder_page(ledgers)]
    stated = {one for block in blocks for one in getattr(block, "results", [])}
    stated |= {
        one for block in blocks if isinstance(block, Table) for row in block.rows for one in row["results"].values()
    }
    assert stated <= known
    assert len(stated) > 12
