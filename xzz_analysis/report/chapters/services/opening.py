"""The title of a service report, the places beside the ledgers, and its limits."""

from __future__ import annotations

from xzz_analysis.atlas import Atlas, open_atlas
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Heading, Note, Paragraph
from xzz_analysis.report.chapters.services.naming import Bilingual, filled
from xzz_analysis.services.opening import Ledgers

ABOUT: Label = {
    "zh": "{period}（{first}至{last}）。数字来自机构台账；台账记到{until}。",
    "en": "{period}: {first} to {last}. Figures come from the organisation's ledgers, which stand at {until}.",
}
TITLE: Label = {"zh": "{title}：{period}", "en": "{title}: {period}"}
LIMITS: tuple[Bilingual, ...] = (
    {
        "zh": "人次不是人数：同一个人参加几次计几次。人数只按人员编号去重；只有汇总数的活动无法去重，人数写成上下限，不猜。",
        "en": "Person-times are not persons: someone who came three times counts three times. Persons are told apart by their keys "
        "alone; where only totals are known they cannot be, and bounds are printed instead of a guess.",
    },
    {
        "zh": "台账记录做了什么，不能证明是服务带来了变化：没有对照组。",
        "en": "Ledgers say what was done. They cannot show that a change came from it: there is no comparison group.",
    },
    {
        "zh": "不知道的写“不详”，不写零；人数很少的格，以及由其他数字（包括其他月份和全年）能推算出它们的格，不公布。",
        "en": "What nobody knows is said to be not known, never nought; cells with very few people are not published, nor "
        "are those from which they could be worked out together with others, of other months and the year too.",
    },
)


def service_title(ledgers: Ledgers, *, zh: str, en: str) -> list[Block]:
    """The title of a report on services, its period, and the day the ledgers stand at."""
    period = ledgers.period
    days = {"first": period.first.isoformat(), "last": period.last.isoformat(), "until": ledgers.until.isoformat()}
    title = filled(TITLE, title={"zh": zh, "en": en}, period=period.label)
    blocks: list[Block] = [Heading(title, 1), Note(filled(ABOUT, period=period.label, **days))]
    notes = ledgers.declared.notes
    return [*blocks, *([Paragraph(dict(notes))] if notes else [])]


def atlas_beside(ledgers: Ledgers, name: str = "") -> Atlas | None:
    """Needs and places of the same study, of the named round; None where it names no communities."""
    return None if ledgers.study.settings.communities is None else open_atlas(ledgers.study, name)


def service_limits(ledgers: Ledgers) -> list[Block]:
    """What a reader must keep in mind."""
    return [Paragraph(dict(text)) for text in LIMITS]
