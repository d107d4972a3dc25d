"""Days, months and moments from what people and programs write."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import zoneinfo

import pyarrow as pa
import pyarrow.compute as pc

from xzz_analysis.services.ledgers.cells.texts import by_difference, plain_array, text_of

MOMENT = pa.timestamp("us")
YEARS = (1900, 2200)
"""Years that a ledger may speak of; others are slips of the keyboard."""

_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_WRITTEN = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*(?:[-/.月]\s*(?P<day>\d{1,2})?\s*日?|月)?"
    r"(?:[\sT]*(?P<hour>\d{1,2})[:时](?P<minute>\d{1,2})分?(?:[:]?(?P<second>\d{1,2}(?:\.\d+)?)秒?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"
)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_FIRST = {1900: dt.datetime(1899, 12, 30), 1904: dt.datetime(1904, 1, 1)}


def read_days(cells: pa.ChunkedArray, kind: str, zone: str, date_system: int = 1900) -> pa.Array:
    """Read days, moments or months.

    Parameters
    ----------
    cells : ChunkedArray
        Text such as ``2025-11-03``, ``2025/11/3``, ``2025年11月3日``, ``20251103``, with or without a time, or a
        number of days as a workbook counts them; or days and moments already.
    kind : str
        ``day``: the time is cut off; ``moment``: rounded to the second; ``month``: the first day of the month, where
        the day may be left out.
    zone : str
        Time zone that moments with an offset are told in.
    date_system : int
        1900 or 1904: what day a workbook counts from.

    Returns
    -------
    Array of timestamp
        Null where nothing can be read.
    """
    array = plain_array(cells)
    if pa.types.is_temporal(array.type) and not pa.types.is_time(array.type) and not pa.types.is_duration(array.type):
        if getattr(array.type, "tz", None):
            array = pc.local_timestamp(pc.cast(array, pa.timestamp("us", tz=zone)))
        moments = pc.cast(array, MOMENT, safe=False)
    else:
        moments = _from_text(text_of(array), kind, zoneinfo.ZoneInfo(zone), _FIRST[date_system])
    return _trimmed(moments, kind)


def _from_text(text: pa.Array, kind: str, zone: zoneinfo.ZoneInfo, first: dt.datetime) -> pa.Array:
    plain = pc.match_substring_regex(text, _ISO)
    try:
        quick = pc.cast(pc.if_else(plain, text, None), MOMENT)
    except pa.ArrowInvalid:  # a 31 of February among them
        quick, plain = pa.nulls(len(text), MOMENT), pa.array([False] * len(text), pa.bool_())
    if pc.all(plain, min_count=0).as_py():
        return quick
    slow = by_difference(pc.if_else(plain, None, text), lambda one: _moment(one, kind, zone, first), MOMENT)
    return pc.coalesce(quick, slow)


def _moment(text: str, kind: str, zone: zoneinfo.ZoneInfo, first: dt.datetime) -> dt.datetime | None:
    text = unicodedata.normalize("NFKC", text).strip()
    if _SERIAL.fullmatch(text):
        return first + dt.timedelta(days=float(text))
    found = _WRITTEN.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    if part["day"] is None and kind != "month":
        return None
    try:
        made = dt.datetime(int(part["year"]), int(part["month"]), int(part["day"] or 1))
        if part.get("hour"):
            clock = dt.timedelta(hours=int(part["hour"]), minutes=int(part["minute"]))
            made += clock + dt.timedelta(seconds=float(part["second"] or 0))
        return _local(made, part["zone"], zone) if part.get("zone") else made
    except (ValueError, OverflowError):
        return None


def _local(moment: dt.datetime, offset: str, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """A moment with an offset as the clock of the zone shows it."""
    digits = re.sub(r"\D", "", offset).ljust(4, "0")
    ahead = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if offset.startswith("-") else 1)
    return moment.replace(tzinfo=dt.timezone(ahead)).astimezone(zone).replace(tzinfo=None)


def _trimmed(moments: pa.Array, kind: str) -> pa.Array:
    """Without what is finer than the kind, and without years that cannot be."""
    possible = pc.and_(
        pc.greater_equal(moments, pa.scalar(dt.datetime(YEARS[0], 1, 1), MOMENT)),
        pc.less(moments, pa.scalar(dt.datetime(YEARS[1], 1, 1), MOMENT)),
    )
    kept = pc.if_else(pc.fill_null(possible, False), moments, None)
    if kind == "moment":
        return pc.cast(pc.round_temporal(kept, unit="second"), MOMENT)
    return pc.cast(pc.floor_temporal(kept, unit={"day": "day", "month": "month"}[kind]), MOMENT)
