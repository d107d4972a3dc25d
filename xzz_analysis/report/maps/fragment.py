"""A map inside a page: its markup, one script and one style for all maps of the page.

Leaflet comes from the package XStatic-Leaflet when a page is made. Nothing in the markup is code: texts are escaped by
the template, data stand in a JSON element, and the script builds everything else from text nodes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2

from xzz_analysis.errors import ReportError
from xzz_analysis.language import Label
from xzz_analysis.report.maps.coding import script_json, shades_of, spoken, written_numbers

FOLDER = Path(__file__).parent
PACKAGE, FILES = "XStatic-Leaflet", "xstatic/pkg/leaflet/data"
SCRIPTS = ("canvas.js", "names.js", "map.js")

LICENCE = """\
/*! Leaflet, https://leafletjs.com
Copyright (c) 2010-2022, Vladimir Agafonkin. Copyright (c) 2010-2011, CloudMade. All rights reserved.
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met: 1. Redistributions of source code must retain the above copyright notice, this
list of conditions and the following disclaimer. 2. Redistributions in binary form must reproduce the above
copyright notice, this list of conditions and the following disclaimer in the documentation and/or other
materials provided with the distribution. THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS
"AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR
BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR
TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF
THE POSSIBILITY OF SUCH DAMAGE.
*/
"""

WORDS: dict[str, Label] = {
    "map": {"zh": "可缩放的地图；方向键移动，加减号缩放", "en": "Map: arrow keys move it, plus and minus zoom"},
    "search": {"zh": "搜索名称、地址", "en": "Search names and addresses"},
    "domain": {"zh": "领域", "en": "Domain"},
    "voucher": {"zh": "关爱券", "en": "Care vouchers"},
    "area": {"zh": "看哪个社区", "en": "Go to a community"},
    "any": {"zh": "全部", "en": "all"},
    "whole": {"zh": "整个地图", "en": "Whole map"},
    "print": {"zh": "打印", "en": "Print"},
    "reset": {"zh": "清除筛选", "en": "Clear filters"},
    "list": {"zh": "资源清单", "en": "List of places"},
    "shown": {"zh": "{shown} 处（共 {all} 处）", "en": "{shown} of {all} places"},
    "nothing": {"zh": "没有符合条件的资源。", "en": "No place fits these filters."},
    "more": {"zh": "再显示 {count} 处", "en": "Show {count} more"},
    "show": {"zh": "在地图上看", "en": "Show on the map"},
    "legend": {"zh": "图例", "en": "Legend"},
    "categories": {"zh": "显示的类别", "en": "Categories shown"},
    "every": {"zh": "全选", "en": "Show all"},
    "none": {"zh": "全不选", "en": "Hide all"},
    "boundary": {"zh": "社区范围", "en": "Community"},
    "streets": {"zh": "道路", "en": "Street"},
    "figures": {"zh": "各社区的数字", "en": "Figures of the communities"},
    "north": {"zh": "北", "en": "N"},
    "zoom_in": {"zh": "放大", "en": "Zoom in"},
    "zoom_out": {"zh": "缩小", "en": "Zoom out"},
    "close": {"zh": "关闭", "en": "Close"},
    "metres": {"zh": "{count} 米", "en": "{count} m"},
    "kilometres": {"zh": "{count} 公里", "en": "{count} km"},
    "script": {"zh": "这张地图需要浏览器运行脚本（JavaScript）。", "en": "This map needs a browser that runs scripts."},
    "schematic": {
        "zh": "示意图：每格一个社区，大小和位置不代表实际范围。",
        "en": "A diagram: one tile for each community; sizes and places are not those on the ground.",
    },
}

FACTS: dict[str, Label] = {
    "category": {"zh": "类别", "en": "Category"},
    "domain": {"zh": "领域", "en": "Domains"},
    "for": {"zh": "对象", "en": "For"},
    "items": {"zh": "服务内容", "en": "What it offers"},
    "hours": {"zh": "开放时间", "en": "Open"},
    "fee": {"zh": "收费", "en": "Fee"},
    "procedure": {"zh": "办理方式", "en": "How to apply"},
    "papers": {"zh": "所需材料", "en": "Papers needed"},
    "address": {"zh": "地址", "en": "Address"},
    "contact": {"zh": "联系方式", "en": "Contact"},
    "voucher": {"zh": "关爱券", "en": "Care vouchers"},
    "verified": {"zh": "核实", "en": "Verified"},
}
"""What a place's card says, in the order it is read."""

VOUCHER_WORDS: tuple[Label, ...] = (
    {"zh": "", "en": ""},
    {"zh": "已走访", "en": "visited"},
    {"zh": "洽谈中", "en": "pending"},
    {"zh": "未同意", "en": "refused"},
    {"zh": "已加入", "en": "takes them"},
)

VERIFIED: dict[str, Label] = {
    "yes": {"zh": "{by}（{on}）", "en": "{by}, {on}"},
    "no": {"zh": "尚未核实", "en": "not verified yet"},
}

CREDITS: dict[str, Label] = {
    "source": {"zh": "资料来源：{text}", "en": "Source: {text}"},
    "date": {"zh": "资料日期：{text}", "en": "As of {text}"},
    "approval": {"zh": "审图号：{text}", "en": "Map review number (审图号): {text}"},
    "exemption": {"zh": "{text}", "en": "{text}"},
    "closed": {"zh": "另有 {text} 处已停办，未画出", "en": "{text} closed, not drawn"},
    "without_place": {"zh": "另有 {text} 处没有位置，未画出", "en": "{text} without a location, not drawn"},
}


def markup(data: Mapping[str, Any], language: str, *, caption: str, picture: Mapping[str, Any] | None = None) -> str:
    """The markup of one map.

    Parameters
    ----------
    data : mapping
        Made by :func:`~xzz_analysis.report.maps.coding.coded`.
    language : "zh" or "en"
    caption : str
        Names the map for those who do not see it.
    picture : mapping, optional
        ``png`` (base64), ``alt`` and ``size``: stands for the map without scripts and on paper.
    """
    told = spoken(data, language)
    context = {
        "caption": caption,
        "picture": picture,
        "words": {name: label[language] for name, label in WORDS.items()},
        "credits": credit_lines(data, language),
        "map": told,
        "shades": spoken([shade.__dict__ for shade in shades_of(data)], language),
        "crossed": crossed_legend(told),
        "legend": legend(told["places"]),
        "vouchers": vouchers(told["places"], language),
        "json": script_json({**_needed(told), **_said(language)}),
    }
    return _template("map.html.j2").render(context)


def _needed(told: Mapping[str, Any]) -> dict[str, Any]:
    """What the script reads of the data; the rest stands in the markup."""
    places = told["places"]
    if places:
        kept = {name: value for name, value in places.items() if name not in ("left_out", "groups")}
        kept["categories"] = [
            {"label": one["label"], "path": one["path"], **_colours(places["groups"][one["group"]])}
            for one in places["categories"]
        ]
        places = kept
    shading = told["shading"]
    classes = [[shade["colour"], int(shade["hatched"])] for shade in shading["classes"]] if shading else []
    return {
        "extent": told["extent"],
        "schematic": told["schematic"],
        "areas": told["areas"],
        "classes": classes,
        "lines": told["lines"],
        "places": places,
    }


def _colours(group: Mapping[str, Any]) -> dict[str, str]:
    return {"colour": group["colour"], "on": group["on"]}


def _said(language: str) -> dict[str, Any]:
    """Words that the script writes."""
    return {
        "words": {name: label[language] for name, label in WORDS.items()},
        "facts": [[name, label[language]] for name, label in FACTS.items()],
        "vouchers": [label[language] for label in VOUCHER_WORDS],
        "verified": {name: label[language] for name, label in VERIFIED.items()},
        "locale": language,
    }


def credit_lines(data: Mapping[str, Any], language: str) -> list[str]:
    """Source, date, review number or exemption, and what is not drawn."""
    credits, places = data["credits"], data["places"] or {}
    said = {
        "source": credits["source"][language],
        "date": credits["date"],
        "approval": credits["approval"],
        "exemption": "" if credits["approval"] else credits["exemption"].get(language, ""),
        **{name: f"{count:,}" for name, count in places.get("left_out", {}).items()},
    }
    lines = [CREDITS[name][language].format(text=text) for name, text in said.items() if text]
    return [*lines, WORDS["schematic"][language]] if data["schematic"] else lines


def legend(places: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Groups of categories with those that have places, and how many each has."""
    if not places:
        return []
    counted = Counter(written_numbers(places["category"], len(places["names"])))
    groups: list[dict[str, Any]] = []
    for at, group in enumerate(places["groups"]):
        entries = [
            {"place": place, "label": one["label"], "path": one["path"], "count": f"{counted[place]:,}"}
            for place, one in enumerate(places["categories"])
            if one["group"] == at
        ]
        if entries:
            groups.append({**group, "entries": entries})
    return groups


def vouchers(places: Mapping[str, Any] | None, language: str) -> list[tuple[int, str]]:
    """Voucher states that places have, for the filter; empty when none has any."""
    if not places:
        return []
    there = set(written_numbers(places["voucher"], len(places["names"])))
    return [(at, label[language]) for at, label in enumerate(VOUCHER_WORDS) if at and at in there]


def crossed_legend(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """Nine crossed classes as rows of a square, the highest first."""
    shading = told["shading"]
    if not shading or not shading["crossed"]:
        return None
    colours = [shade["colour"] for shade in shading["classes"][:9]]
    return {
        "rows": [colours[6:9], colours[3:6], colours[:3]],
        "up": shading["crossed"][0],
        "right": shading["crossed"][1],
    }


@cache
def script() -> str:
    """Leaflet and the script of the maps, as one text.

    Raises
    ------
    ReportError
        When the package that holds Leaflet is not there.
    """
    leaflet = re.sub(r"\n//# sourceMappingURL=\S*\s*$", "\n", leaflet_file("leaflet.js"))
    own = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    lines = (line.strip() for line in own.splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("//"))
    return f"{LICENCE}{leaflet}(() => {{\n{kept}\n}})();\n"


@cache
def script_hash() -> str:
    """The script's SHA-256 as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}"


@cache
def stylesheet() -> str:
    """The style of the maps; no rule of it asks for a file."""
    leaflet = re.sub(r"[\w-]+\s*:\s*url\([^)]*\)\s*;?", "", leaflet_file("leaflet.css"))
    text = leaflet + (FOLDER / "map.css").read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


def leaflet_file(name: str) -> str:
    """One file of the installed Leaflet 1.9."""
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        raise ReportError(
            f"an interactive map needs Leaflet, which the package {PACKAGE} brings; install it: pip install {PACKAGE}"
        ) from None
    if not found.version.startswith("1.9."):
        raise ReportError(
            f"{PACKAGE} is {found.version}; maps are made for Leaflet 1.9: pip install '{PACKAGE}==1.9.*'"
        )
    return Path(str(found.locate_file(f"{FILES}/{name}"))).read_text(encoding="utf-8")


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
