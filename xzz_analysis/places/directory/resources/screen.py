"""Contacts that are not public: kept out of every table that may be printed."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd

from xzz_analysis.places.directory.resources.schema import resource_fields

HIDDEN = "※"
"""What stands where a number was."""

_MOBILE = re.compile(
    r"(?<![0-9０-９])(?:[+＋]?8６?6?[-－ ]?)?[1１][-－ ]?[3-9３-９](?:[-－ .·]?[0-9０-９]){9}(?![0-9０-９])"
)


_NUMBER = re.compile(r"\d[\d\-－ .·]{4,}\d")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@\-]*[A-Za-z][A-Za-z0-9_.@\-]{3,}")
_WIDE = "０１２３４５６７８９"
_NARROW = str.maketrans(_WIDE, "0123456789")
_BETWEEN = "[-－ .·]?"
_LOCAL = 7
"""Digits of a telephone number without its area."""


def find_mobile(texts: pd.Series) -> pd.Series:
    """Which texts hold a number of a mobile telephone (eleven digits from 13 to 19, in any spacing)."""
    return texts.str.contains(_MOBILE)


def screened(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A copy without the contacts that are not public.

    Parameters
    ----------
    table : GeoDataFrame
        Resources; columns ``contact`` and ``contact_public``.

    Returns
    -------
    GeoDataFrame
        Where ``contact_public`` is False, ``contact`` is ``""``, and in every other text the numbers and accounts of
        the contact, in any spacing, and any number of a mobile telephone are :data:`HIDDEN`.
    """
    out = table.copy()
    private = ~out["contact_public"].to_numpy(dtype=bool)
    columns = [
        field.id
        for field in resource_fields().values()
        if field.id in out and field.kind in ("text", "community", "groups") and field.id != "contact"
    ]
    held = {name: list(out[name]) for name in columns}
    for row, contact in zip(np.flatnonzero(private), out["contact"][private], strict=True):
        texts = "\n".join(_one(held[name][row]) for name in columns)
        pattern = _needed(contact, texts)
        for name in columns if pattern is not None else ():
            if held[name][row]:
                held[name][row] = _hide(held[name][row], pattern)
    for name in columns:
        kind = object if name == "eligibility" else "str"
        out[name] = pd.Series(held[name], index=out.index, dtype=kind)
    out["contact"] = out["contact"].mask(private, "").astype("str")
    return out


def _one(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _hide(value: str | tuple[str, ...], pattern: re.Pattern[str] | None) -> str | tuple[str, ...]:
    assert pattern is not None
    return pattern.sub(HIDDEN, value) if isinstance(value, str) else tuple(pattern.sub(HIDDEN, one) for one in value)


def _needed(contact: str, texts: str) -> re.Pattern[str] | None:
    """What to look for in these texts: a contact's numbers in any spacing, its accounts, and any mobile number."""
    contact = contact.translate(_NARROW)
    digits = "".join(sign for sign in texts.translate(_NARROW) if sign.isdigit())
    wanted = [part for part in _parts(contact) if part in digits]
    accounts = [account for account in _ACCOUNT.findall(contact) if account in texts]
    if not wanted and not accounts:
        return _MOBILE if _MOBILE.search(texts) else None
    spaced = [r"(?<!\d)" + _BETWEEN.join(f"[{sign}{_WIDE[int(sign)]}]" for sign in part) + r"(?!\d)" for part in wanted]
    return re.compile("|".join([_MOBILE.pattern, *spaced, *map(re.escape, accounts)]))


def _parts(contact: str) -> list[str]:
    """Numbers of a contact, whole and without the area, the longest first."""
    found = set()
    for number in _NUMBER.findall(contact):
        parts = re.findall(r"\d+", number)
        found |= {"".join(parts), *(part for part in parts if len(part) >= _LOCAL)}
    return sorted(found, key=lambda part: (-len(part), part))
