"""The datums that coordinates of places in China come in, and the words people use for them."""

from __future__ import annotations

from typing import Any

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label

DATUMS: dict[str, Label] = {
    "WGS84": {"zh": "WGS-84（GPS 坐标）", "en": "WGS 84 (GPS)"},
    "CGCS2000": {"zh": "CGCS2000（国家大地坐标系）", "en": "CGCS2000 (China Geodetic Coordinate System 2000)"},
    "GCJ02": {"zh": "GCJ-02（高德、腾讯等地图的坐标）", "en": "GCJ-02 (Amap, Tencent and other maps in China)"},
    "BD09": {"zh": "BD-09（百度地图的坐标）", "en": "BD-09 (Baidu maps)"},
}
"""Names that ``layer.attrs["datum"]`` may hold, with what readers know them as."""

SHIFTED = ("GCJ02", "BD09")
"""Datums that move places by hundreds of metres; the others agree with each other within a few centimetres."""

CODES = {"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490"}
"""Reference systems that pyproj knows; GCJ-02 and BD-09 have none."""

ALIASES = {
    "WGS84": ("wgs84", "epsg4326", "4326", "gps", "ogccrs84", "crs84"),
    "CGCS2000": ("cgcs2000", "epsg4490", "4490", "2000", "国家2000", "天地图", "tianditu"),
    "GCJ02": ("gcj02", "gcj", "mars", "火星", "火星坐标", "高德", "腾讯", "amap", "autonavi", "tencent"),
    "BD09": ("bd09", "bd09ll", "baidu", "百度"),
}
"""Other spellings, lower case, without spaces and punctuation."""


def datum_name(text: Any, where: str = "") -> str:
    """Name a datum from what a person wrote.

    Parameters
    ----------
    text : str
        ``"GCJ-02"``, ``"EPSG:4490"``, ``"高德"`` and the like; case and punctuation do not matter.
    where : str
        File and key, for the error.

    Returns
    -------
    str
        A key of ``DATUMS``.

    Raises
    ------
    InputError
        The word is unknown, or names Baidu's metres.
    """
    plain = "".join(letter for letter in str(text).lower() if letter.isalnum())
    for name, words in ALIASES.items():
        if plain in words:
            return name
    place = f"{where}: " if where else ""
    if plain in ("bd09mc", "bd09meter"):
        raise InputError(
            f"{place}datum {text!r} is Baidu's metres, not degrees; export longitude and latitude (bd09ll) instead"
        )
    raise InputError(
        f"{place}datum {str(text)!r} is unknown{suggest(str(text).upper(), DATUMS)}; write one of {', '.join(DATUMS)}"
    )
