"""Identifiers and dates of people who do not exist, whole and as spreadsheet programs damage them."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterator
from functools import partial

import xlsxwriter
from case import Case
from old_workbook import Cell, Day, ods, xls
from texts import text_of

KIND = "ids and dates"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FORMATS = [
    "yyyy-mm-dd", "yyyy/m/d", 'yyyy"年"m"月"d"日"', "m/d/yy", '[$-804]yyyy"年"m"月"d"日";@',
    "dd.mm.yyyy", 14, 31, 57, 58,
]  # fmt: skip
TIMES = ["yyyy-mm-dd hh:mm", "yyyy/m/d h:mm:ss", 22, 'yyyy"年"m"月"d"日" h"时"mm"分"']
ZONES = ["Z", "+08:00", "-03:00", "+05:30", "+0800"]


def card(draw: random.Random) -> str:
    """An identity number of a county that was never there, with the right last character."""
    born = dt.date(2008, 1, 1) + dt.timedelta(days=draw.randrange(5000))
    body = f"{draw.randint(11, 65)}9999{born:%Y%m%d}{draw.randint(1, 998):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def phone(draw: random.Random) -> str:
    """A mobile number."""
    return f"1{draw.choice('356789')}{draw.randint(10**8, 10**9 - 1)}"


def bank(draw: random.Random) -> str:
    """A card number of 19 digits that ends in no zeros."""
    return f"62{draw.randint(10**15, 10**16 - 1)}{draw.randint(1, 9)}"


def book(columns: dict[str, list[Cell]], number_format: str | int = "General", epoch: int = 1900) -> bytes:
    """An .xlsx; numbers are written with the format, texts as texts."""
    saved = io.BytesIO()
    options = {"in_memory": True, "date_1904": epoch == 1904, "strings_to_numbers": False}
    with xlsxwriter.Workbook(saved, options) as workbook:
        workbook.set_properties({"created": dt.datetime(2025, 5, 10)})
        sheet = workbook.add_worksheet("数据")
        style = workbook.add_format({"num_format": number_format})
        for place, (name, cells) in enumerate(columns.items()):
            sheet.write_string(0, place, name)
            for row, cell in enumerate(cells, start=1):
                if isinstance(cell, str):
                    sheet.write_string(row, place, cell)
                elif cell is not None:
                    sheet.write_number(row, place, float(cell), style)
    return saved.getvalue()


def rows_of(columns: dict[str, list[Cell]]) -> list[list[Cell]]:
    """The columns as rows, with the header."""
    return [list(columns), *map(list, zip(*columns.values(), strict=True))]


def cases() -> Iterator[Case]:
    """All cases about identifiers and dates."""
    draw = random.Random(20251101)
    for number in range(60):
        yield from _cards(draw, number)
        yield from _phones(draw, number)
        yield from _codes(draw, number)
    for number in range(60):
        yield from _dates(draw, number)
    yield from _odd_dates()


def _csv(file: str, columns: dict[str, list[str]], **expected: object) -> Case:
    content = text_of([list(columns), *map(list, zip(*columns.values(), strict=True))]).encode("utf-8-sig")
    return Case(KIND, file, content, **expected)  # type: ignore[arg-type]


def _cards(draw: random.Random, number: int) -> Iterator[Case]:
    count = draw.choice([2, 5, 30])
    cards = [card(draw) for _ in range(count)]
    order = [str(place) for place in range(count)]
    whole = {"n": order, "身份证号": cards}
    digits = [text if text.isdigit() else text[:17] + "0" for text in cards]
    shown = [f"{float(text):.5E}" for text in digits]
    rounded = [f"{int(text) // 1000 * 1000}" for text in digits]
    secret = cards[0][:15]
    found = {"rule": "id_rounded", "cells": {}, "secret": secret}
    yield _csv(f"card_text_{number}.csv", whole, cells=whole, needed=True)
    yield Case(KIND, f"card_text_{number}.xlsx", partial(book, whole), whole, needed=True)
    yield Case(KIND, f"card_text_{number}.xls", partial(xls, {"a": rows_of(whole)}), whole, needed=True)
    yield _csv(f"card_exponent_{number}.csv", {"n": order, "身份证号": shown}, **found)
    yield _csv(f"card_rounded_{number}.csv", {"n": order, "身份证号": rounded}, **found)
    yield _csv(f"card_float_{number}.csv", {"n": order, "身份证号": [repr(float(text)) for text in digits]}, **found)
    some = [*(card(draw) for _ in range(30)), *[text for text in rounded[:3] if text]]
    if count > 2:
        yield _csv(f"card_some_{number}.csv", {"身份证号": some, "n": ["1"] * len(some)}, **found)
    numeric: list[Cell] = [float(text) for text in digits]
    yield Case(KIND, f"card_number_{number}.xlsx", partial(book, {"n": order, "身份证号": numeric}), **found)  # type: ignore[arg-type]
    yield Case(
        KIND, f"card_number_{number}.xls", partial(xls, {"a": rows_of({"n": order, "身份证号": numeric})}), **found
    )  # type: ignore[arg-type]
    yield from _merged_cards(draw, number, cards, rounded)


def _merged_cards(draw: random.Random, number: int, cards: list[str], rounded: list[str]) -> Iterator[Case]:
    """Two children who became one, cards that lost their last character, and cards as a key."""
    order = [str(place) for place in range(len(cards))]
    secret = cards[0][:15]
    numeric: list[Cell] = [float(text) for text in rounded]
    key = {"key": "身份证号", "secret": secret}
    yield Case(KIND, f"card_key_{number}.xlsx", partial(book, {"n": order, "身份证号": numeric}), {}, **key)
    twins = [*rounded, rounded[0]]
    yield _csv(
        f"card_merged_{number}.csv", {"n": [*order, "x"], "身份证号": twins}, cells={}, rule="id_merged", secret=secret
    )
    cut = [*cards, *(card(draw) for _ in "123"), cards[0][:17]]
    cut[-1] = cut[-1].replace("X", "1")
    yield _csv(
        f"card_short_{number}.csv",
        {"身份证号": cut, "n": ["1"] * len(cut)},
        cells={},
        rule="id_digit_lost",
        secret=secret,
    )


def _phones(draw: random.Random, number: int) -> Iterator[Case]:
    phones = [phone(draw) for _ in range(draw.choice([3, 10, 40]))]
    whole = {"电话": phones, "n": ["1"] * len(phones)}
    secret = phones[0]
    yield _csv(f"phone_{number}.csv", whole, cells=whole, needed=True)
    yield Case(
        KIND,
        f"phone_{number}.xlsx",
        partial(book, {"电话": [float(text) for text in phones], "n": whole["n"]}),
        whole,
        needed=True,
    )
    floats = {**whole, "电话": [f"{text}.0" for text in phones]}
    yield _csv(f"phone_float_{number}.csv", floats, cells=floats, rule="id_decimal", secret=secret)
    shown = {**whole, "电话": [f"{float(text):.2E}" for text in phones]}
    yield _csv(f"phone_exponent_{number}.csv", shown, cells=shown, rule="id_rounded", secret=secret)
    lost = {"电话": [*phones, phones[0][1:]], "n": ["1"] * (len(phones) + 1)}
    yield _csv(f"phone_short_{number}.csv", lost, cells=lost, rule="id_digit_lost", secret=secret)
    yield _csv(f"phone_key_{number}.csv", floats, cells={}, key="电话", secret=secret)
    cards = [bank(draw) for _ in phones]
    yield _csv(f"bank_{number}.csv", {**whole, "电话": cards}, cells={**whole, "电话": cards}, needed=True)
    numeric = partial(book, {"银行卡": [float(text) for text in cards]})
    yield Case(KIND, f"bank_number_{number}.xlsx", numeric, {}, rule="id_rounded", secret=cards[0])


def _codes(draw: random.Random, number: int) -> Iterator[Case]:
    """Codes that begin with zeros, and numbers that are no identifiers."""
    width = draw.choice([4, 5, 6])
    codes = [f"{draw.randint(1, 10**width - 1):0{width}d}" for _ in range(30)] + ["0" * (width - 1) + "7"]
    whole = {"code": codes, "n": ["1"] * len(codes)}
    yield _csv(f"code_{number}.csv", whole, cells=whole, needed=True)
    yield Case(KIND, f"code_{number}.xlsx", partial(book, whole), whole, needed=True)
    half = [str(int(code)) if place % 2 else code for place, code in enumerate(codes)]
    half[0], half[1] = "0" * (width - 1) + "7", "12"
    yield _csv(f"code_lost_{number}.csv", {**whole, "code": half}, cells={}, rule="zero_lost")
    key = [f"{int(code)}.0" for code in codes]
    yield _csv(f"code_key_{number}.csv", {**whole, "code": key}, cells={}, key="code")
    incomes: list[Cell] = [draw.choice([0.0, 1500.0, 2500.5, 0.1, 123456789012345.0, -3.25]) for _ in range(6)]
    texts = [str(int(value)) if float(value or 0).is_integer() else repr(value) for value in incomes]
    yield Case(
        KIND,
        f"number_{number}.xlsx",
        partial(book, {"n": list("abcdef"), "x": incomes}),
        {"n": list("abcdef"), "x": texts},
        needed=True,
    )


def _dates(draw: random.Random, number: int) -> Iterator[Case]:
    days = [dt.date(2010, 1, 1) + dt.timedelta(days=draw.randrange(6000)) for _ in range(5)]
    iso = [day.isoformat() for day in days]
    names = [str(place) for place in range(5)]
    cells = {"n": names, "日期": iso}
    for epoch in (1900, 1904):
        zero = dt.date(1899, 12, 30) if epoch == 1900 else dt.date(1904, 1, 1)
        serials: list[Cell] = [float((day - zero).days) for day in days]
        content = partial(book, {"n": names, "日期": serials}, draw.choice(FORMATS), epoch)
        yield Case(KIND, f"date_{epoch}_{number}.xlsx", content, cells, needed=True)
        old: list[list[Cell]] = [
            ["n", "日期"],
            *([name, Day(value)] for name, value in zip(names, serials, strict=True)),
        ]  # type: ignore[arg-type]
        yield Case(KIND, f"date_{epoch}_{number}.xls", partial(xls, {"a": old}, epoch=epoch), cells, needed=True)
        plain = {"n": names, "日期": [str(int(value)) for value in serials]}  # type: ignore[arg-type]
        yield Case(
            KIND,
            f"serial_{epoch}_{number}.xlsx",
            partial(book, {"n": names, "日期": serials}, "General", epoch),
            plain,
            needed=True,
        )
        minutes = [draw.randrange(1, 1440) for _ in days]
        stamps: list[Cell] = [value + minute / 1440 for value, minute in zip(serials, minutes, strict=True)]  # type: ignore[operator]
        timed = [f"{day}T{minute // 60:02d}:{minute % 60:02d}:00" for day, minute in zip(iso, minutes, strict=True)]
        content = partial(book, {"n": names, "日期": stamps}, draw.choice(TIMES), epoch)
        yield Case(KIND, f"time_{epoch}_{number}.xlsx", content, {"n": names, "日期": timed}, needed=True)
    yield from _written_dates(draw, number, days)


def _written_dates(draw: random.Random, number: int, days: list[dt.date]) -> Iterator[Case]:
    """Dates as text, with zones, in an open document, and mixed with numbers."""
    iso = [day.isoformat() for day in days]
    names = [str(place) for place in range(5)]
    cells = {"n": names, "日期": iso}
    zoned = [f"{day}T08:30:00{draw.choice(ZONES)}" for day in iso]
    yield _csv(f"zone_{number}.csv", {"n": names, "日期": zoned}, cells={"n": names, "日期": zoned}, needed=True)
    yield Case(
        KIND,
        f"zone_{number}.xlsx",
        partial(book, {"n": names, "日期": zoned}),
        {"n": names, "日期": zoned},
        needed=True,
    )
    table = partial(ods, {"a": [["n", "日期"], *([name, f"date:{day}"] for name, day in zip(names, iso, strict=True))]})
    yield Case(KIND, f"date_{number}.ods", table, cells, needed=True)
    mixed = [*iso[:4], str(45000 + number)]
    yield _csv(
        f"mixed_{number}.csv", {"n": names, "日期": mixed}, cells={"n": names, "日期": mixed}, rule="date_as_number"
    )
    texts = [day.strftime(draw.choice(["%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d", "%d/%m/%Y"])) for day in days]
    yield Case(
        KIND,
        f"text_{number}.xlsx",
        partial(book, {"n": names, "日期": texts}),
        {"n": names, "日期": texts},
        needed=True,
    )


def _odd_dates() -> Iterator[Case]:
    """Days that are none: kept as written when they are text, said when a spreadsheet made them."""
    impossible = ["2025-02-30", "2025-13-01", "0000-00-00", "9999-12-31", "2025-05-10T25:61:00", "昨天", "二〇二五年"]
    yield _csv("impossible.csv", {"日期": impossible}, cells={"日期": impossible}, needed=True)
    for number, serial in enumerate([0.0, -1.0, 60.0, 59.0, 0.4]):
        columns: dict[str, list[Cell]] = {"日期": [45787.0, serial]}
        yield Case(KIND, f"no_day_{number}.xlsx", partial(book, columns, "yyyy-mm-dd"), {}, rule="date_of_nothing")
    far: dict[str, list[Cell]] = {"日期": [45787.0, 2958466.0]}
    yield Case(KIND, "far_day.xlsx", partial(book, far, "yyyy-mm-dd"), {"日期": ["2025-05-10", "2958466"]})
    length: dict[str, list[Cell]] = {"时长": [1.5, 0.25]}
    yield Case(KIND, "length.xlsx", partial(book, length, "[h]:mm"), {"时长": ["36:00:00", "06:00:00"]}, needed=True)
