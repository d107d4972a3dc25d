"""Labels in several languages, from one source.

A label is a plain mapping of language code to text, ``{"zh": "教育", "en": "Education"}``. Labels are
data: no code branches on a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Label = Mapping[str, str]
"""Language code (``zh``, ``en``, ``fr`` …, or ``""`` when the form names none) → text."""

REPORT_LANGUAGES = ("zh", "en")
"""Languages every sentence of the library exists in."""


class Wording(NamedTuple):
    """A text together with the language it was found in."""

    text: str
    language: str


def choose(label: Label, language: str, default: str = "") -> Wording:
    """Pick a label's text in a language, falling back in a fixed order.

    Parameters
    ----------
    label : mapping of language code to text
    language : str
        Wanted language.
    default : str
        Text when the label is empty everywhere (usually the machine name).

    Returns
    -------
    Wording
        The text and the language it really is in, so that a report can print that it fell back;
        ``language`` is ``""`` when the default was used.
    """
    order = [language, "en", "zh", *label]
    for candidate in order:
        text = (label.get(candidate) or "").strip()
        if text:
            return Wording(text, candidate)
    return Wording(default, "")
