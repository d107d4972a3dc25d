"""Who is in touch with whom: kinds of ties, and the network of mutual support, of which nobody is a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xzz_analysis.atlas.services.ties import (
    grouped_network,
    protected_groups,
    protected_isolates,
    protected_kinds,
    protected_reach_of_ties,
    protected_single,
    protected_ties,
)
from xzz_analysis.disclosure.protect import MARK, Protected
from xzz_analysis.disclosure.wide import side_by_side
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Note, Paragraph, Table
from xzz_analysis.report.chapters.services.naming import (
    COMMUNITY,
    ELSEWHERE,
    Bilingual,
    choice_naming,
    filled,
    wide_table,
)
from xzz_analysis.report.chapters.services.people import level_naming, number, with_total
from xzz_analysis.report.chapters.services.people_drawing import group_figure
from xzz_analysis.report.chapters.services.printing import noted_once
from xzz_analysis.report.sentences import lower_first
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.report.theme import NOTHING, figure_text
from xzz_analysis.services.network import ANYWHERE, GroupNetwork, placed
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import UNSTATED

KIND_LABELS: dict[str, Label] = {
    "family": {"zh": "家庭", "en": "Families"},
    "volunteer": {"zh": "志愿者", "en": "Volunteers"},
    "merchant": {"zh": "商户", "en": "Merchants"},
    "organisation": {"zh": "组织", "en": "Organisations"},
    "staff": {"zh": "工作人员", "en": "Staff"},
    "others": {"zh": "人数较少的几类", "en": "Kinds with few"},
}
HEADINGS: dict[str, Label] = {
    "relation": {"zh": "关系", "en": "Relation"},
    "mode": {"zh": "服务方式", "en": "Mode"},
}
CAPTIONS: dict[str, Label] = {
    "relation": {"zh": "{period}的联系，按关系", "en": "Contacts in {period}, by relation"},
    "mode": {"zh": "{period}的联系，按服务方式", "en": "Contacts in {period}, by mode"},
}
MOST: dict[str, Label] = {
    "relation": {
        "zh": "{period}的联系中，最多的关系是“{name}”（{ties}次，{persons}人）。",
        "en": "The most frequent relation in {period} was “{name}” ({ties} contacts, {persons} people).",
    },
    "mode": {
        "zh": "最多的方式是“{name}”（{ties}次，{persons}人）。",
        "en": "The most frequent mode was “{name}” ({ties} contacts, {persons} people).",
    },
}
ENDS: Bilingual = {
    "zh": "次数是台账的行数；人数是两端不同的人，一人可有几种联系，不可相加。",
    "en": "Contacts are rows of the ledger; people are different persons at either end, who may have ties of several kinds, so they do not add up.",
}


def ties_chapter(ledgers: Ledgers) -> list[Block]:
    """Contacts and people by relation and by mode."""
    if not ledgers.has("ties"):
        return []
    blocks: list[Block] = []
    for column, heading in HEADINGS.items():
        parts = protected_ties(ledgers, column)
        if not len(parts["ties"].frame):
            continue
        rows = choice_naming("ties", column, heading)
        naming = Naming(column, {**rows.labels, UNSTATED: ELSEWHERE}, rows.heading)
        blocks += _most(ledgers, parts, naming)
        columns = [
            Column("ties", {"zh": "次数", "en": "Contacts"}, "count"),
            Column("persons", {"zh": "人数", "en": "People"}, "count"),
        ]
        caption = filled(CAPTIONS[column], period=ledgers.period.label)
        blocks.append(
            wide_table(side_by_side(parts, [column]), caption=caption, rows=naming, columns=columns, notes=[ENDS])
        )
    tables = iter(noted_once([block for block in blocks if isinstance(block, Table)], [ENDS]))
    return [next(tables) if isinstance(block, Table) else block for block in blocks]


def _most(ledgers: Ledgers, parts: Mapping[str, Protected], naming: Naming) -> list[Block]:
    """The most frequent kind that is stated and shown."""
    frame = parts["ties"].frame
    shown = frame[(frame[naming.column] != UNSTATED) & frame["estimate"].notna()]
    if not len(shown):
        return []
    row = shown.sort_values("estimate", ascending=False, kind="stable").to_dict("records")[0]
    people = parts["persons"].frame
    other = people[people[naming.column] == row[naming.column]].to_dict("records")[0]
    name = {language: naming.label(row[naming.column])[language] for language in REPORT_LANGUAGES}
    name["en"] = lower_first(name["en"])
    told = {"ties": number(row), "persons": number(other)}
    text = filled(MOST[naming.column], period=ledgers.period.label, name=name, **told)
    return [Paragraph(text, [str(row["result_id"]), str(other["result_id"])])]


# --- the network

SIZE: Label = {
    "zh": "{period}有{ties}对联系（{contacts}次），登记的{families}户家庭中，{tied}至少有一对联系，{near}在两步之内有志愿者。",
    "en": "In {period} there were {ties} ties ({contacts} contacts). Of {families} registered families, {tied} have at least one tie, and {near} "
    "have a volunteer at most two ties away.",
}
ALONE: Label = {"zh": "没有任何联系的有{parts}。", "en": "Without any tie: {parts}."}
ALONE_OF: dict[str, Label] = {
    "family": {"zh": "{number}户家庭", "en": "families: {number}"},
    "volunteer": {"zh": "{number}名志愿者", "en": "volunteers: {number}"},
}
NOBODY_ALONE: Label = {"zh": "家庭和志愿者都有联系。", "en": "Every family and every volunteer has a tie."}
NONE: Label = {"zh": "{period}台账里没有联系。", "en": "The ledger has no ties in {period}."}
KIND: Label = {"zh": "类别", "en": "Kind"}
KINDS_TABLE: Label = {"zh": "谁在网络里", "en": "Who is in the network"}
KIND_COLUMNS: dict[str, Label] = {
    "nodes": {"zh": "有联系的", "en": "With a tie"},
    "cut": {"zh": "没有其就断开的", "en": "Without whom it falls apart"},
    "between": {"zh": "承担一半往来的", "en": "Carry half of the ways"},
}
BROKERS: Bilingual = {
    "zh": "家里有志愿者的，志愿者本人算在“志愿者”一行，不算在“家庭”一行，所以“家庭”一行少于有联系的家庭。没有其就断开的：去掉后网络会多出断开的部分（割点）。承担一半往来的：承担全部最短路径介数之一半所需的最少几个。只说有几个，不说是谁。",
    "en": "A volunteer stands in the row of volunteers and not in that of families, so that row holds fewer than the families with a tie. "
    "Without whom it falls apart: cut vertices, whose leaving cuts a part off. Carry half of the ways: the fewest that carry half of all betweenness. "
    "How many they are is told, never who.",
}
SAMPLED: Bilingual = {
    "zh": "网络较大，介数由固定种子抽取的256个节点估计。",
    "en": "The network is large: betweenness is estimated from 256 nodes drawn with a fixed seed.",
}
REACH_TABLE: Label = {"zh": "网络到达了多少家庭", "en": "How many families the network reaches"}
REACH_COLUMNS = (
    Column("families", {"zh": "登记的家庭", "en": "Registered families"}, "count"),
    Column("tied", {"zh": "有联系", "en": "With a tie"}, "percent"),
    Column("near", {"zh": "两步之内有志愿者", "en": "Volunteer within two ties"}, "percent"),
)
SINGLE_ALONE: Label = {"zh": "网络的数字", "en": "The network in figures"}
BESIDE_BEFORE = ("new", "kept", "lost", "jaccard")
"""Figures that compare with the period before."""

SINGLE_TABLE: Label = {"zh": "网络的数字，与{before}相比", "en": "The network in figures, and beside {before}"}
SINGLE_LABELS: dict[str, Label] = {
    "ties": {"zh": "联系（对）", "en": "Ties (pairs)"},
    "contacts": {"zh": "联系（次）", "en": "Contacts"},
    "mutual": {"zh": "双方都主动过的（对）", "en": "Pairs in which each began at least once"},
    "components": {"zh": "互不相连的部分", "en": "Parts that no tie connects"},
    "largest": {"zh": "最大的一部分有多少成员", "en": "Members of the largest part"},
    "assortativity": {
        "zh": "社区同配系数（1为只在社区内联系，0为与社区无关）",
        "en": "Assortativity by community (1: ties stay inside; 0: communities do not matter)",
    },
    "new": {"zh": "新的联系（对）", "en": "New ties"},
    "kept": {"zh": "保持的联系（对）", "en": "Ties kept"},
    "lost": {"zh": "失去的联系（对）", "en": "Ties lost"},
    "jaccard": {"zh": "两期相同的联系所占份额（雅卡尔）", "en": "Ties of either period that are in both (Jaccard)"},
}
FINE = ("assortativity", "jaccard")
"""Figures with two decimals; the others are counts."""
FIGURE: Label = {"zh": "{period}各社区与各类之间的联系", "en": "Ties between communities and kinds in {period}"}
WHY_GROUPS: Bilingual = {
    "zh": "图中的点是社区中的一类，不是人：画出每个人的网络，熟悉的人凭联系的样子就能认出彼此，去掉姓名也没有用。",
    "en": "A point of the figure is a kind of a community and never a person: in a drawing of persons those who know them would recognise each other "
    "by the pattern of ties, names or no names.",
}
ANYWHERE_LABEL: Label = {"zh": "各社区", "en": "All communities"}


def network_chapter(ledgers: Ledgers) -> list[Block]:
    """The network of mutual support in a sentence, tables and a figure of groups."""
    if not ledgers.has("ties"):
        return []
    single = protected_single(ledgers)
    rows = {str(row["option"]): row for row in single.frame.to_dict("records")}
    if not rows["ties"]["suppressed"] and rows["ties"]["estimate"] == 0:
        return [Paragraph(filled(NONE, period=ledgers.period.label), [str(rows["ties"]["result_id"])])]
    blocks = [
        _size(ledgers, rows),
        _alone(ledgers),
        _kinds_table(ledgers),
        _reach_table(ledgers),
        _single_table(ledgers, single),
    ]
    return [*blocks, *_figure(ledgers), Note(dict(WHY_GROUPS))]


def _size(ledgers: Ledgers, rows: Mapping[str, Mapping[Any, Any]]) -> Paragraph:
    reached = {name: one.frame.iloc[0].to_dict() for name, one in protected_reach_of_ties(ledgers).items()}
    told = {name: number(rows[name]) for name in ("ties", "contacts")}
    told |= {name: number(row, "count" if name == "families" else "percent") for name, row in reached.items()}
    ids = [str(row["result_id"]) for row in (rows["ties"], rows["contacts"], *reached.values())]
    return Paragraph(filled(SIZE, period=ledgers.period.label, **told), ids)


def _alone(ledgers: Ledgers) -> Paragraph:
    rows = {str(row["option"]): row for row in protected_isolates(ledgers).frame.to_dict("records")}
    ids = [str(row["result_id"]) for row in rows.values()]
    some = {kind: row for kind, row in rows.items() if row["suppressed"] or row["estimate"] != 0}
    if not some:
        return Paragraph(dict(NOBODY_ALONE), ids)
    texts = [filled(ALONE_OF[kind], number=number(row)) for kind, row in some.items()]
    parts = {"zh": "、".join(text["zh"] for text in texts), "en": "; ".join(text["en"] for text in texts)}
    return Paragraph(filled(ALONE, parts=parts), ids)


def _kinds_table(ledgers: Ledgers) -> Table:
    parts = protected_kinds(ledgers)
    sampled = parts["between"].frame["method"].str.endswith("sampled").any()
    columns = [Column(name, dict(label), "count") for name, label in KIND_COLUMNS.items()]
    naming = Naming("kind_of_node", KIND_LABELS, dict(KIND))
    notes = [BROKERS, *([SAMPLED] if sampled else [])]
    safe = side_by_side(parts, ["kind_of_node"])
    return wide_table(safe, caption=dict(KINDS_TABLE), rows=naming, columns=columns, notes=notes)


def _reach_table(ledgers: Ledgers) -> Table:
    safe = with_total(protected_reach_of_ties(ledgers), protected_reach_of_ties(ledgers, "community"), "community")
    naming = level_naming(ledgers, "community", COMMUNITY)
    return wide_table(safe, caption=dict(REACH_TABLE), rows=naming, columns=REACH_COLUMNS)


def _single_table(ledgers: Ledgers, single: Protected) -> Table:
    """A figure in a row, each written as its kind of number."""
    compared = not _nothing_before(single)
    if not compared:
        single = single.rows((~single.frame["option"].isin(BESIDE_BEFORE)).to_numpy())
    texts = []
    for row in single.frame.to_dict("records"):
        fine = row["option"] in FINE
        text = MARK if row["suppressed"] else NOTHING if row["estimate"] != row["estimate"] else ""
        texts.append(text or figure_text(row["estimate"], "number" if fine else "count", 2))
    safe = single.with_texts("figure", [dict.fromkeys(REPORT_LANGUAGES, text) for text in texts])
    caption = filled(SINGLE_TABLE, before=ledgers.period.before().label) if compared else dict(SINGLE_ALONE)
    naming = Naming("option", SINGLE_LABELS, {"zh": "项目", "en": "Item"})
    return counts_table(safe, caption=caption, rows=naming, columns=[Column("figure", {"zh": "数字", "en": "Figure"})])


def _nothing_before(single: Protected) -> bool:
    """Whether there were no ties in the period before, so that all of this period would be called new."""
    rows = {str(row["option"]): row for row in single.frame.to_dict("records")}
    known = [rows[name] for name in ("kept", "lost") if name in rows]
    return all(not row["suppressed"] and not row["estimate"] > 0 for row in known)


def _figure(ledgers: Ledgers) -> list[Block]:
    """The network of groups; nothing where no tie between them may be shown."""
    safe, found = protected_groups(ledgers), grouped_network(ledgers)
    shown = safe.frame[safe.frame["estimate"].notna()]
    groups = found.groups[found.groups.index.isin({*shown["one"], *shown["other"]})]
    if not len(groups):
        return []
    caption = filled(FIGURE, period=ledgers.period.label)
    return [group_figure(safe, placed(groups, list(ledgers.communities)), _names(ledgers, found), KIND_LABELS, caption)]


def _names(ledgers: Ledgers, found: GroupNetwork) -> dict[str, Label]:
    """What communities and groups are called."""
    called: dict[str, Label] = {**ledgers.communities, UNSTATED: ELSEWHERE, ANYWHERE: ANYWHERE_LABEL}
    names: dict[str, Label] = {}
    for group, row in found.groups.iterrows():
        community, kind = (
            called.get(row["community"], {"zh": row["community"], "en": row["community"]}),
            KIND_LABELS[row["kind"]],
        )
        names[row["community"]] = community
        names[str(group)] = {
            "zh": f"{community['zh']}{kind['zh']}",
            "en": f"{kind['en'].lower()} in {community['en']}",
        }
    return names
