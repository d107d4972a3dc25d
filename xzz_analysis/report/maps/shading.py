"""Classes and colours of areas, from protected tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from xzz_analysis.disclosure.protect import MARK, SUPPRESSED, Protected
from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import bilingual
from xzz_analysis.report.maps.symbols import NO_FIGURE_COLOUR, SUPPRESSED_COLOUR, crossed_colours, scale_colours
from xzz_analysis.report.tables import ESTIMATED, printed_figures, protected_frame
from xzz_analysis.report.theme import ABSENT, figure_text, interval_text

WORDS: dict[str, Label] = {
    "suppressed": {"zh": f"{MARK} 不予公布", "en": f"{MARK} not published"},
    "none": {"zh": "没有数字", "en": "no figure"},
}


@dataclass(frozen=True)
class Shade:
    """One class of areas: its name, its colour, and whether it is hatched."""

    label: dict[str, str]
    colour: str
    hatched: bool = False


@dataclass(frozen=True)
class Shading:
    """Figures of areas as a map shows them.

    Attributes
    ----------
    title : bilingual text
        What is shown.
    classes : tuple of Shade
    of : dict of str to int
        Area → place of its class.
    texts : dict of str to Label
        Area → figure as printed.
    results : tuple of str
        Ids of the figures.
    crossed : tuple of two bilingual texts, or empty
        What grows upwards and to the right in nine crossed classes.
    """

    title: dict[str, str]
    classes: tuple[Shade, ...]
    of: dict[str, int]
    texts: dict[str, dict[str, str]]
    results: tuple[str, ...] = ()
    crossed: tuple[dict[str, str], ...] = ()

    def require_areas(self, areas: Sequence[str]) -> None:
        """Refuse figures of areas that the map does not show."""
        missing = [name for name in self.of if name not in set(areas)]
        if missing:
            raise ReportError(
                f"figures of {len(missing)} communities have no boundary on the map, first {missing[0]!r}"
                f"{suggest(missing[0], areas)}; correct the key in the layer of communities"
            )

    def only(self, areas: Sequence[str]) -> Shading:
        """The figures of some areas, in the classes of all of them."""
        kept = set(areas)
        of = {name: place for name, place in self.of.items() if name in kept}
        return replace(self, of=of, texts={name: text for name, text in self.texts.items() if name in kept})


def shaded_by_figure(
    table: Protected,
    *,
    title: dict[str, str],
    areas: str = "by",
    value: str = "estimate",
    unit: str = "",
    breaks: Sequence[float] = (),
    classes: int = 4,
) -> Shading:
    """Shade areas by a figure, at the precision that a table prints it with.

    Parameters
    ----------
    table : Protected
        One row per area.
    title : bilingual text
    areas : str
        Column of the area's id; ``community=heyan`` in it means ``heyan``.
    value : str
        Column of the figure.
    unit : "percent", "ratio", "number" or "count"
        What a column other than the estimates of an estimates frame holds.
    breaks : sequence of float, optional
        Where a class ends and the next begins (a figure at the break belongs to the higher one). Without them the
        areas are split into equally many by rank, and the legend says what each class really holds.
    classes : int
        How many classes without breaks, at most.

    Returns
    -------
    Shading

    Raises
    ------
    DisclosureError
        When the table is not protected.
    ReportError
        Two figures of one area, figures of several units, or more classes than tints can show.
    """
    estimated = value == "estimate"
    frame = protected_frame(table, "shaded_by_figure", [*(ESTIMATED if estimated else ()), areas, value])
    if estimated:
        frame = printed_figures(frame)
        units = set(frame["unit"])
        if len(units) > 1:
            raise ReportError(
                f"one map cannot show figures of several units ({', '.join(sorted(units))}); split the table"
            )
        unit = next(iter(units), "number")
    names = _area_names(frame, areas)
    digits = {"percent": 3, "ratio": 3, "count": 0}.get(unit, 1)
    values = pd.Series(frame[value].to_numpy(float).round(digits), index=names)
    hidden = _hidden(frame).set_axis(names)
    values = values.mask(hidden)
    ends = list(breaks) or _equal_ranks(values.dropna().to_numpy(), classes)
    place = np.searchsorted(ends, values.to_numpy(), side="right")
    shades = _scale(values.dropna(), ends, unit, given=bool(breaks))
    of = {name: int(at) for name, at, there in zip(names, place, values.notna(), strict=True) if there}
    texts = {name: dict.fromkeys(REPORT_LANGUAGES, figure_text(values[name], unit)) for name in of}
    for name in [name for name in names if name not in of]:
        texts[name] = dict(WORDS["suppressed"]) if hidden[name] else _reason(frame, names, name)
    results = tuple(frame["result_id"][values.notna().to_numpy()]) if "result_id" in frame else ()
    return _absent(Shading(bilingual(title, "title of a shading"), shades, of, texts, results), hidden, names)


def shaded_by_class(
    table: Protected,
    *,
    title: dict[str, str],
    column: str,
    classes: Mapping[str, Label],
    areas: str = "by",
    colours: Sequence[str] = (),
    crossed: tuple[dict[str, str], ...] = (),
) -> Shading:
    """Shade areas by a class in words: why there is a gap, or need crossed with access.

    Parameters
    ----------
    table : Protected
        One row per area.
    title : bilingual text
    column : str
        Column of the class's word; an empty one means no figure.
    classes : mapping of str to Label
        Every word that may occur → what the legend says, in the legend's order.
    areas : str
        Column of the area's id.
    colours : sequence of str, optional
        Colour (``#rrggbb``) of each class.
    crossed : tuple of two bilingual texts, optional
        For nine classes of two figures by three: what the first (upwards) and the second (to the right) are; the
        legend is a square then. Classes come by the first figure and then by the second, low before high.

    Returns
    -------
    Shading
    """
    frame = protected_frame(table, "shaded_by_class", (areas, column))
    names = _area_names(frame, areas)
    hidden = _hidden(frame).set_axis(names)
    words = {name: str(word) for name, word in zip(names, frame[column], strict=True) if pd.notna(word) and word}
    unknown = [word for word in words.values() if word not in classes]
    if unknown:
        raise ReportError(
            f"class {unknown[0]!r} of {column!r} has no words{suggest(unknown[0], classes)}; add it to classes"
        )
    tints = tuple(colours) or (crossed_colours() if crossed else _named_colours(len(classes)))
    if len(tints) < len(classes):
        raise ReportError(f"{len(classes)} classes have {len(tints)} colours; give each its own")
    shades = tuple(
        Shade(bilingual(label, "class of a map"), tint) for label, tint in zip(classes.values(), tints, strict=False)
    )
    places = {word: at for at, word in enumerate(classes)}
    of = {name: places[word] for name, word in words.items() if not hidden[name]}
    texts = {name: dict(shades[place].label) for name, place in of.items()}
    texts |= {name: dict(WORDS["suppressed" if hidden[name] else "none"]) for name in names if name not in of}
    return _absent(Shading(bilingual(title, "title"), shades, of, texts, (), crossed), hidden, names)


def _area_names(frame: pd.DataFrame, areas: str) -> list[str]:
    """The area of each row."""
    names = [str(cell).rpartition("=")[2] for cell in frame[areas]]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ReportError(
            f"the table has {len(twice)} areas in several rows, first {twice[0]!r}; keep one row for each"
        )
    return names


def _hidden(frame: pd.DataFrame) -> pd.Series:
    if "suppressed" in frame:
        return frame["suppressed"].astype(bool)
    return frame["reason"].eq(SUPPRESSED)


def _reason(frame: pd.DataFrame, names: list[str], name: str) -> dict[str, str]:
    """Why an area has no figure, in words."""
    reason = str(frame["reason"].iloc[names.index(name)]) if "reason" in frame else ""
    return dict(ABSENT.get(reason, WORDS["none"]))


def _equal_ranks(values: np.ndarray, classes: int) -> list[float]:
    """Breaks between as many classes of about equally many areas as there are different figures."""
    different = np.unique(values)
    if len(different) <= classes:
        return [float(value) for value in different[1:]]
    ranks = np.sort(values)[[round(len(values) * part / classes) for part in range(1, classes)]]
    return [float(value) for value in np.unique(ranks) if value > different[0]]


def _scale(values: pd.Series, ends: list[float], unit: str, *, given: bool) -> tuple[Shade, ...]:
    """The classes of a scale, called by their breaks when these were given, else by what they hold."""
    colours = scale_colours(len(ends) + 1)
    place = np.searchsorted(ends, values.to_numpy(), side="right")
    shades = []
    for at, colour in enumerate(colours):
        held = values[place == at]
        if given:
            label = _between([None, *ends, None][at : at + 2], unit)
        elif held.empty:
            label = dict.fromkeys(REPORT_LANGUAGES, "")
        else:
            label = _range(held.min(), held.max(), unit)
        shades.append(Shade(label, colour))
    return tuple(shades)


def _range(low: float, high: float, unit: str) -> dict[str, str]:
    if low == high:
        return dict.fromkeys(REPORT_LANGUAGES, figure_text(low, unit))
    return {language: interval_text(low, high, language, unit=unit) for language in REPORT_LANGUAGES}


def _between(ends: Sequence[float | None], unit: str) -> dict[str, str]:
    low, high = ends
    if low is None and high is not None:
        text = figure_text(high, unit)
        return {"zh": f"低于{text}", "en": f"below {text}"}
    if low is not None and high is None:
        text = figure_text(low, unit)
        return {"zh": f"{text} 及以上", "en": f"{text} and above"}
    assert low is not None and high is not None
    return {
        "zh": f"{figure_text(low, unit)} 至不足 {figure_text(high, unit)}",
        "en": f"{figure_text(low, unit)} to below {figure_text(high, unit)}",
    }


def _named_colours(count: int) -> tuple[str, ...]:
    """Light tints of different colours, for classes without an order; the first is nearly white."""
    tints = [scale_colours(3, hue)[0] for hue in ("grey", "sky", "orange", "vermilion", "green", "purple")]
    if count > len(tints):
        raise ReportError(
            f"{count} classes without an order cannot be told apart; use {len(tints)} at most, or give colours"
        )
    return tuple(tints[:count])


def _absent(shading: Shading, hidden: pd.Series, names: list[str]) -> Shading:
    """The shading with classes of areas without a figure, where there are any."""
    classes, of = list(shading.classes), dict(shading.of)
    for word, wanted in (("suppressed", True), ("none", False)):
        rest = [name for name in names if name not in of and bool(hidden[name]) is wanted]
        if rest:
            colour = SUPPRESSED_COLOUR if wanted else NO_FIGURE_COLOUR
            of |= dict.fromkeys(rest, len(classes))
            classes.append(Shade(dict(WORDS[word]), colour, hatched=wanted))
    return replace(shading, classes=tuple(classes), of=of)
