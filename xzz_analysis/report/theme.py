"""The house style: fonts, colours, and how figures are written.

The fonts come as dependencies: Noto Sans CJK SC prints Chinese and Latin on a bare machine, and DejaVu
Sans, which comes with matplotlib, adds the letters that the former lacks. A character that neither has
is an error, in every writer.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.errors import ReportError
from xzz_analysis.language import Label

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont
    from matplotlib.figure import Figure as Canvas

ABSENT: dict[str, Label] = {
    "suppressed": {"zh": MARK, "en": MARK},
    "nobody_answered": {"zh": "无人回答", "en": "nobody answered"},
    "no_weight": {"zh": "权重合计为零", "en": "weights sum to zero"},
    "not_known": {"zh": "不详", "en": "not known"},
    "need_not_known": {"zh": "需求没有可用的数字", "en": "need not known"},
    "denominator_zero": {"zh": "分母为零", "en": "denominator is zero"},
    "no_degrees_of_freedom": {"zh": "抽样点太少", "en": "too few sampled areas"},
    "interval_undefined": {"zh": "区间无法计算", "en": "interval undefined"},
    "beyond_the_data": {"zh": "超出数据范围", "en": "beyond the data"},
    "no_sampling_error": {"zh": "没有抽样误差", "en": "no sampling error"},
    "one_category": {"zh": "只有一种回答或一个组", "en": "only one answer or group"},
    "empty_cells": {"zh": "有的组合无人回答", "en": "a combination nobody gave"},
    "empty_stratum": {"zh": "标准人口的某一层无人回答", "en": "nobody in a class of the standard"},
    "singular_covariance": {"zh": "抽样点太少，无法同时检验", "en": "too few sampled areas to test together"},
    "no_groups": {"zh": "没有可比较的组", "en": "no groups to compare"},
    "no_respondents": {"zh": "无受访者，按模型推算", "en": "no respondents: from the model"},
    "not_in_both_rounds": {"zh": "并非两轮都有", "en": "not in both rounds"},
    "level_not_in_both_rounds": {"zh": "某一组并非两轮都有", "en": "a class not in both rounds"},
    "not_comparable": {"zh": "两轮不可比", "en": "not comparable"},
    "fewer_than_three_rounds": {"zh": "不足三轮", "en": "fewer than three rounds"},
    "few_complete": {"zh": "答完全部题目的不足3人", "en": "fewer than three answered every item"},
    "few_items": {"zh": "只有两道题", "en": "only two items"},
    "item_alike": {"zh": "有的题目所有人回答一样", "en": "everybody answered an item alike"},
    "item_determined": {"zh": "有的题目可由其他题目推出", "en": "an item follows from the others"},
    "no_rasch_model": {"zh": "回答不足以估计题目的严重程度", "en": "the answers do not tell how severe the items are"},
    "unlike_the_standard": {
        "zh": "题目的严重程度与全球标准相差太大",
        "en": "the items lie too far from the global standard",
    },
}
"""Why a figure is absent, in words; the keys are the ``reason`` words of an estimates frame."""

CAUTION: dict[str, str] = {"review": "†", "suppress": "‡"}
"""Mark of a figure that is less reliable than it looks, by what its flags say."""

NOTHING = "—"
"""Printed where a figure does not apply."""

RANGE: Label = {"zh": "{low}～{high}", "en": "{low} to {high}"}

COLOURS = {
    "ink": "#222222",
    "grey": "#666666",
    "line": "#d4d4d4",
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#e69f00",
    "sky": "#56b4e9",
}
"""Okabe and Ito's colours, which colour-blind readers can tell apart, and three greys."""

SERIES = (("blue", "o"), ("vermilion", "s"), ("green", "^"), ("purple", "D"), ("orange", "v"), ("ink", "X"))
"""Colour and marker of each series of a chart: the marker tells them apart in print without colour."""

FAMILY = "Noto Sans CJK SC"
FALLBACK_FAMILY = "DejaVu Sans"
SHADES = 12
"""Steps from each colour to white that a PNG keeps, for soft edges: a third of the bytes of full colour."""

INVISIBLE = frozenset("\t\n\r\u200b\u200c\u200d\u2060\ufeff")
"""Characters that need no glyph."""

RC: dict[str, Any] = {
    "font.family": [FAMILY, FALLBACK_FAMILY],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.0,
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": COLOURS["grey"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.grid": False,
    "grid.color": COLOURS["line"],
    "grid.linewidth": 0.6,
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["grey"],
    "ytick.color": COLOURS["grey"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100.0,
    "savefig.dpi": 200.0,
    "savefig.format": "png",
    "savefig.facecolor": "white",
    "svg.hashsalt": "xzz-analysis",
}
"""matplotlib settings of every chart, on top of matplotlib's own defaults (never the user's)."""


_PIECES = re.compile(r"\s+|[^\s\u1100-\uffef]+|.", re.DOTALL)
_NEVER_FIRST = "，。、；：！？）》」』”’…%"


class Face(NamedTuple):
    """One font of a file; ``number`` is its place in a collection, -1 in a plain font file."""

    path: Path
    number: int


_SCALES = {"percent": (100, 1), "points": (100, 1), "ratio": (1, 3), "ratio_change": (1, 3), "count": (1, 0)}
"""Unit → factor and decimals it is printed with."""

SIGNED = ("points", "ratio_change", "number_change")
"""Units of differences: a sign always stands before them."""


def level_unit(unit: str) -> str:
    """The unit of what a difference is a difference of: "percent" of "points", "number" of "number_change"."""
    return "percent" if unit == "points" else unit.removesuffix("_change")


def figure_text(value: float, unit: str = "number", decimals: int = 1) -> str:
    """Write one figure: ``12.3%`` (one decimal, always), ``1,234.5``; a minus sign, never a hyphen.

    Parameters
    ----------
    value : float
        A share 0–1 when the unit is "percent".
    unit : "percent", "ratio", "number" or "count"; of differences "points" (percentage points of shares 0–1),
        "ratio_change" or "number_change"
    decimals : int
        Decimals of a number.
    """
    scale, digits = _SCALES.get(unit, (1, decimals))
    rounded = round(value * scale, digits) + 0.0
    sign = "+" if unit in SIGNED and rounded > 0 else ""
    return f"{sign}{rounded:,.{digits}f}{'%' if unit == 'percent' else ''}".replace("-", "−")


def interval_text(low: float, high: float, language: str, *, unit: str = "percent", decimals: int = 1) -> str:
    """Write an interval: ``10.1%～14.6%`` in Chinese, ``10.1% to 14.6%`` in English."""
    ends = {"low": figure_text(low, unit, decimals), "high": figure_text(high, unit, decimals)}
    return RANGE[language].format(**ends)


@cache
def faces() -> tuple[Face, ...]:
    """The fonts in order of preference: the simplified Chinese face of the collection, then DejaVu Sans.

    Raises
    ------
    ReportError
        When the font collection holds no such face.
    """
    import matplotlib
    from fontTools.ttLib import TTCollection
    from noto_cjk_sans_otc import FONT_PATH

    with TTCollection(str(FONT_PATH), lazy=True) as collection:
        names = [font["name"].getDebugName(1) for font in collection.fonts]
    if FAMILY not in names:
        raise ReportError(f"{Path(str(FONT_PATH)).name} has no face {FAMILY!r}; it has {', '.join(names)}")
    dejavu = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return (Face(Path(str(FONT_PATH)), names.index(FAMILY)), Face(dejavu, -1))


def _open(face: Face) -> TTFont:
    from fontTools.ttLib import TTFont

    return TTFont(face.path, fontNumber=face.number, lazy=True, recalcBBoxes=False, recalcTimestamp=False)


@cache
def _coverage() -> tuple[frozenset[int], ...]:
    """Code points of each face."""
    coverage = []
    for face in faces():
        with _open(face) as font:
            coverage.append(frozenset(font.getBestCmap()))
    return tuple(coverage)


def missing_glyphs(texts: Iterable[str]) -> str:
    """Characters of the texts that no font of the house has, sorted, each once."""
    wanted = set().union(*texts) - INVISIBLE
    return "".join(sorted(character for character in wanted if not _has(ord(character))))


def _has(code: int) -> bool:
    return any(code in coverage for coverage in _coverage())


def check_glyphs(texts: Iterable[str], where: str) -> None:
    """Refuse texts that would print as empty boxes.

    Raises
    ------
    ReportError
        Naming every missing character with its code point, and where it stands.
    """
    missing = missing_glyphs(texts)
    if missing:
        named = ", ".join(f"U+{ord(character):04X} {character!r}" for character in missing)
        raise ReportError(
            f"{where}: {len(missing)} character(s) have no glyph in {FAMILY} or {FALLBACK_FAMILY} and would "
            f"print as empty boxes: {named}; correct the text (label, title or note) they stand in"
        )


@lru_cache(maxsize=16)
def font_subsets(characters: frozenset[str]) -> tuple[bytes, ...]:
    """WOFF fonts with just these characters, one per face that is needed, in order of preference.

    Parameters
    ----------
    characters : frozenset of str
        Characters without a glyph are left out (see :func:`check_glyphs`).
    """
    codes = {ord(character) for character in characters}
    subsets = []
    for face, coverage in zip(faces(), _coverage(), strict=True):
        if codes & coverage:
            subsets.append(_subset(face, sorted(codes & coverage)))
        codes -= coverage
    return tuple(subsets)


def _subset(face: Face, codes: Sequence[int]) -> bytes:
    """Cut one face down: no hints, its licence kept; of the Chinese face no kerning or vertical setting."""
    from fontTools import subset

    options = subset.Options(
        hinting=False, desubroutinize=True, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14], flavor="woff"
    )
    layout = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"] if face.number >= 0 else []
    options.drop_tables += ["FFTM", *layout]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    out = io.BytesIO()
    with _open(face) as font:
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(out)
    return out.getvalue()


@cache
def register_fonts() -> None:
    """Make the Chinese font known to matplotlib.

    Raises
    ------
    ReportError
        When this matplotlib reads only the first face of a font collection (before 3.11).
    """
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(faces()[0].path))
    if FAMILY not in {entry.name for entry in font_manager.fontManager.ttflist}:
        raise ReportError(f"matplotlib did not find {FAMILY!r} in {faces()[0].path.name}; use matplotlib ≥ 3.11")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw charts in the house style; a character that cannot be drawn is an error.

    Raises
    ------
    ReportError
        When matplotlib has no glyph for a character.
    """
    import matplotlib

    register_fonts()
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        warnings.filterwarnings("error", message=r"Glyph \d+ .*missing from", category=UserWarning)
        try:
            yield
        except UserWarning as warning:
            raise ReportError(f"a chart cannot be drawn: {warning}; correct the label it stands in") from None


def png_bytes(canvas: Canvas, more: Iterable[str] = ()) -> bytes:
    """Draw a matplotlib figure as a PNG in the house's colours that does not say when or how it was made.

    Every pixel gets the nearest of the palette's shades, or of ``more`` colours; white stays white.
    """
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    canvas.savefig(drawn, format="rgba")
    width = int(canvas.get_size_inches()[0] * RC["savefig.dpi"])
    pixels = np.frombuffer(drawn.getvalue(), np.uint8).reshape(-1, width, 4)[:, :, :3]
    found, place = np.unique(pixels.astype(np.uint32) @ [65536, 256, 1], return_inverse=True)
    shades = _shades(more)
    colours = (found[:, None] // [65536, 256, 1]) % 256
    nearest = ((colours[:, None, :] - shades.astype(int)) ** 2).sum(axis=2).argmin(axis=1)
    picture = Image.fromarray(nearest.astype(np.uint8)[place].reshape(pixels.shape[:2]), "P")
    picture.putpalette(shades.tobytes())
    dpi = RC["savefig.dpi"]
    picture.save(small, "png", optimize=True, dpi=(dpi, dpi))
    return small.getvalue()


def _shades(more: Iterable[str] = ()) -> np.ndarray:
    """White and every colour in steps towards white, as red, green, blue, and more colours as they are."""
    colours = np.array([list(bytes.fromhex(colour[1:])) for colour in COLOURS.values()])
    steps = np.arange(SHADES)[:, None, None] / SHADES
    mixed = colours + (255 - colours) * steps
    further = [list(bytes.fromhex(colour[1:])) for colour in more]
    return np.vstack([[[255, 255, 255]], mixed.reshape(-1, 3), *further]).round().astype(np.uint8)


def wrapped(text: str, width: int = 34) -> str:
    """Break a label into as few lines of a width as it needs, of about the same length.

    A Chinese character is two wide and may end any line; closing punctuation never starts one.
    """
    lines = _broken(text, width)
    while width > 1 and len(narrower := _broken(text, width - 1)) == len(lines):
        lines, width = narrower, width - 1
    return "\n".join(lines)


def _broken(text: str, width: int) -> list[str]:
    lines, used = [""], 0
    for piece in _PIECES.findall(text):
        size = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in piece)
        if used and used + size > width and piece not in _NEVER_FIRST and not piece.isspace():
            lines, used = [*lines, ""], 0
        if used or not piece.isspace():
            lines[-1] += piece
            used += size
    return [line.rstrip() for line in lines]


def spread(heights: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Move labels (heights and the room each takes) apart by least squares so that none overlap.

    Taking the room away turns it into isotonic regression; the order is kept.
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(heights, kind="stable")
    offset = np.cumsum(room[order]) - room[order] / 2
    moved = np.empty(len(heights))
    moved[order] = isotonic_regression(heights[order] - offset).x + offset
    return moved
