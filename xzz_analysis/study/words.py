"""What words of declarations have to be: file names, texts in both languages, lists."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_SAFE = re.compile(r"^(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9](?:[a-z0-9_.-]*[a-z0-9_-])?$", re.I)
"""Names that are file names everywhere; Windows keeps some words for devices and drops a final dot."""


def _safe_name(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise ValueError(
            "use letters a–z, digits, '_', '-' and '.' only, and no name that Windows keeps for itself: "
            "it becomes part of file names"
        )
    return name


def _bilingual(label: dict[str, str]) -> dict[str, str]:
    missing = [language for language in ("zh", "en") if not label.get(language, "").strip()]
    if missing:
        raise ValueError(f"no text in {' or '.join(missing)}; a report is written in both languages")
    return label


def _bilingual_or_none(label: dict[str, str]) -> dict[str, str]:
    return _bilingual(label) if label else label


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


Name = Annotated[str, AfterValidator(_safe_name)]
BothLanguages = Annotated[dict[str, str], AfterValidator(_bilingual)]
Words = Annotated[list[str], BeforeValidator(_as_list)]
Text = Annotated[dict[str, str], AfterValidator(_bilingual_or_none)]
