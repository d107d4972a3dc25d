"""What a report on places is about, and what it cannot say."""

from __future__ import annotations

from collections import Counter

from xzz_analysis.atlas import Atlas
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.travel.profiles import PROFILES
from xzz_analysis.report.blocks import Block, Heading, Note, Paragraph
from xzz_analysis.report.chapters.places.naming import filled
from xzz_analysis.study.datums import DATUMS

ABOUT: Label = {
    "zh": "资源截至{day}；需求来自{round}轮调查。",
    "en": "Resources as of {day}; needs from round {round} of the survey.",
}
ONLY_PLACES: Label = {"zh": "资源截至{day}。", "en": "Resources as of {day}."}
LIMITS: tuple[Label, ...] = (
    {
        "zh": "地图和表格只有台账里登记的资源：没有登记，不等于没有。",
        "en": "Maps and tables hold what the directory lists: what is not listed may still be there.",
    },
    {
        "zh": "步行时间没有计入红绿灯、坡度、天气和安全；儿童步速{speed}米/秒是假设。",
        "en": "Walking times know nothing of crossings, slopes, weather or safety; the walking speed of {speed} m/s is assumed.",
    },
    {
        "zh": "名额由各机构自报，需求来自抽样调查，两者都有误差；缺口只说明数量，不说明服务的质量。",
        "en": "Places are as organisations state them and needs come from a sample: both err. Gaps are about numbers, and say nothing of "
        "the quality of services.",
    },
)
DATUM: Label = {
    "zh": "坐标系：社区边界为{areas}；资源登记为{resources}，计算和制图前已统一。",
    "en": "Coordinates: boundaries in {areas}; resources are kept in {resources}, and were brought together before anything was computed "
    "or drawn.",
}
NOTICED: Label = {
    "zh": "读取台账和边界时有{count}类情况需要核对（见 xzz check）。",
    "en": "Reading the directory and the boundaries left {count} kinds of things to look at (see xzz check).",
}


def atlas_title(atlas: Atlas, zh: str, en: str) -> list[Block]:
    """The title of a report on places, and the day it stands at."""
    text = ONLY_PLACES if atlas.survey is None else ABOUT
    return [Heading({"zh": zh, "en": en}, 1), Note(filled(text, day=atlas.as_of.isoformat(), round=atlas.round))]


def atlas_limits(atlas: Atlas) -> list[Block]:
    """What a reader must keep in mind: what is listed, how walks are measured, datums, and what was noticed."""
    speed = f"{PROFILES[atlas.rules.profile].metres_per_second:g}"
    said = [filled(text, speed=speed) for text in LIMITS[: 3 if atlas.survey is not None else 2]]
    declared, resources = atlas.study.settings.communities, atlas.study.settings.resources
    if declared is not None and resources is not None:
        named = {language: DATUMS[declared.datum][language] for language in REPORT_LANGUAGES}
        kept = {language: DATUMS[resources.datum][language] for language in REPORT_LANGUAGES}
        said.append(filled(DATUM, areas=named, resources=kept))
    rules = Counter(one.rule for one in atlas.findings if one.severity != "note")
    if rules:
        said.append(filled(NOTICED, count=str(len(rules))))
    return [Paragraph(text) for text in said]
