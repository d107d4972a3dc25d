"""Chinese tables as CSV in every encoding, whole, cut off, mixed and in encodings that are not read."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator

from case import Case, Cells

KIND = "encodings"
HEADERS = ["编号", "姓名", "性别", "年级", "居住地", "是否在学", "最需要的帮助", "备注", "家庭人数", "与谁同住"]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭罗梁欧"
GIVEN = "梓涵浩宇欣怡子轩雨桐俊熙诗琪博文思远嘉懿晨曦若沐辰语嫣玥喆堃婷雯瑶鑫昊妍婧"
WORDS = [
    "男",
    "女",
    "是",
    "否",
    "一年级",
    "六年级",
    "城中村",
    "出租屋",
    "课业辅导",
    "心理支持",
    "医疗",
    "父母",
    "祖父母",
]
WORDS += [
    "没有",
    "不知道",
    "联通",
    "学校",
    "城东区",
    "跟爷爷奶奶住",
    "A┋B",
    "┋",
    "其他〖请说明〗",
    "(跳过)",
    "①②",
    "50%",
]
PHRASES = [
    "孩子放学以后没有人照看",
    "希望周末有图书馆可以去",
    "房租涨了两次",
    "转学手续太多，跑了五趟",
    "说普通话有点慢",
]
PHRASES += ["医保报销在老家", "妈妈在工厂上夜班", "想学画画，但是太贵", "“公立学校”不收", "老师很好……"]
TRADITIONAL = [
    "編號",
    "姓名",
    "性別",
    "年級",
    "學校",
    "國語",
    "媽媽",
    "爸爸",
    "臺北",
    "圖書館",
    "醫療",
    "沒有",
    "我們",
    "這裡",
]
JAPANESE = ["番号", "なまえ", "がっこう", "カード", "テスト", "ありがとう", "子ども", "せんせい"]
FRENCH = ["numéro", "prénom", "école", "réponse", "élève", "très", "déjà", "forêt"]
READ = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "bare utf-16-le", "bare utf-16-be", "gb18030", "gbk"]


def table(draw: random.Random, rows: int, columns: int) -> list[list[str]]:
    """A table with names, options and sentences."""
    headers = draw.sample(HEADERS, columns)
    return [headers, *([_cell(draw) for _ in range(columns)] for _ in range(rows))]


def _cell(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.3:
        return draw.choice(SURNAMES) + "".join(draw.sample(GIVEN, draw.randint(1, 2)))
    if kind < 0.6:
        return draw.choice(WORDS)
    if kind < 0.75:
        return "。".join(draw.sample(PHRASES, draw.randint(1, 3)))
    return str(draw.randint(0, 100)) if kind < 0.95 else ""


def text_of(rows: list[list[str]], delimiter: str = ",", line_end: str = "\r\n") -> str:
    """The table as CSV."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return written.getvalue()


def cells_of(rows: list[list[str]]) -> Cells:
    """What reading the table gives: rows without any content are left out."""
    filled = [row for row in rows[1:] if len(rows[0]) == 1 or any(row) or len(row) > 1]
    filled = [row for row in filled if len(row) > 1 or row[0]]
    return {name.strip(): [row[place] for row in filled] for place, name in enumerate(rows[0])}


def encoded(text: str, encoding: str) -> bytes | None:
    """Bytes of the text; None where the encoding lacks a character."""
    name = encoding.removeprefix("bare ")
    marked = encoding in ("utf-16-le", "utf-16-be")
    try:
        return ("\ufeff" + text if marked else text).encode(name)
    except UnicodeEncodeError:
        return None


def cases() -> Iterator[Case]:
    """All cases about encodings."""
    draw = random.Random(20250510)
    yield from _whole(draw)
    yield from _short(draw)
    yield from _cut(draw)
    yield from _mixed(draw)
    yield from _other(draw)
    yield from _remarks(draw)


def _whole(draw: random.Random) -> Iterator[Case]:
    for number in range(40):
        rows = table(draw, draw.choice([3, 5, 20, 200]), draw.randint(3, 8))
        delimiter = draw.choice(",;\t") if number % 3 == 0 else ","
        text = text_of(rows, delimiter, draw.choice(["\n", "\r\n"]))
        for encoding in READ:
            content = encoded(text, encoding)
            if content is not None:
                yield Case(KIND, f"whole_{number}.csv", content, cells_of(rows), needed=True)


def _short(draw: random.Random) -> Iterator[Case]:
    """One to three words: where two encodings are possible, refusing is right, a wrong reading never."""
    for number in range(150):
        header = draw.choice(["id", "sex", "姓名", "性别", "q1"])
        words = [
            draw.choice([*WORDS[:6], draw.choice(SURNAMES), draw.choice(GIVEN)]) for _ in range(draw.randint(1, 3))
        ]
        rows = [[header, "n"], *([word, str(place)] for place, word in enumerate(words))]
        encoding = READ[number % len(READ)]
        content = encoded(text_of(rows, line_end="\n"), encoding)
        if content is not None:
            needed = encoding in ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be")
            yield Case(KIND, f"short_{number}.csv", content, cells_of(rows), needed=needed)
    for number, word in enumerate(sorted({*SURNAMES, *GIVEN, *WORDS, "𠮷", "镕", "陆", "楼", "一", "茅"})):
        rows = [["sex", "n"], [word, "1"]]
        content = text_of(rows).encode("gb18030")
        yield Case(KIND, f"alone_{number}.csv", content, cells_of(rows))
    for number, word in enumerate(["Zoé", "œuvre", "Москва", "العربية", "naïve", "25 °C", "½", "№ 5", "ñandú", "5 µg"]):
        rows = [["name", "n"], [word, "1"]]
        yield Case(KIND, f"latin_{number}.csv", text_of(rows).encode(), cells_of(rows), needed=word != "½")


def _cut(draw: random.Random) -> Iterator[Case]:
    for number, encoding in enumerate(["utf-8", "utf-8-sig", "utf-16-le", "gb18030"]):
        text = text_of(table(draw, 12, 5), line_end="\n")
        content = encoded(text, encoding) or b""
        for part in range(1, 25):
            yield cut_case(KIND, f"cut_{number}_{part}.csv", content[: len(content) * part // 25], encoding)


def cut_case(kind: str, file: str, content: bytes, encoding: str) -> Case:
    """A file cut off: read up to the cut and said so, or stopped."""
    try:
        text = content.decode(encoding.removeprefix("bare ")).removeprefix("\ufeff")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return Case(kind, file, content)
    named = [name for name in rows[0] if name] if rows else []
    if not named or len({len(row) for row in rows}) > 1 or len(set(named)) < len(named):
        return Case(kind, file, content)
    if len(named) < len(rows[0]) and len(rows) > 1:
        return Case(kind, file, content)
    cells = {name: column for name, column in cells_of(rows).items() if name}
    return Case(kind, file, content, cells, rule="" if text.endswith("\n") else "open_end")


def _mixed(draw: random.Random) -> Iterator[Case]:
    """Lines of two encodings, and bytes that were changed: never read."""
    for number in range(60):
        rows = table(draw, 10, 4)
        lines = text_of(rows, line_end="\n").splitlines(keepends=True)
        first, second = draw.choice([("utf-8", "gb18030"), ("gb18030", "utf-8")])
        strange = [place for place, line in enumerate(lines) if not line.isascii()]
        chosen = set(draw.sample(strange, draw.randint(1, max(1, len(strange) // 2))))
        content = b"".join(line.encode(second if place in chosen else first) for place, line in enumerate(lines))
        yield Case(KIND, f"mixed_{number}.csv", content)
    for number in range(60):
        content = bytearray(text_of(table(draw, 10, 4)).encode())
        while True:
            at = draw.choice([place for place, byte in enumerate(content) if byte > 127])
            changed = content[:at] + bytes([content[at] ^ draw.choice([0x40, 0x80, 0xC0])]) + content[at + 1 :]
            if not _is_utf8(changed):
                break
        yield Case(KIND, f"changed_{number}.csv", bytes(changed))


def _is_utf8(content: bytes | bytearray) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _other(draw: random.Random) -> Iterator[Case]:
    """Encodings that are not read, and what is no text."""
    vocabularies = {
        "big5": TRADITIONAL, "shift_jis": JAPANESE, "euc_jp": JAPANESE, "cp1252": FRENCH, "latin-1": FRENCH,
        "utf-32": WORDS, "big5hkscs": TRADITIONAL, "mac_roman": FRENCH,
    }  # fmt: skip
    for encoding, words in vocabularies.items():
        for number in range(6):
            chosen = draw.sample(words, 6)
            rows = [
                [f"{word}{place}" for place, word in enumerate(chosen[:3])],
                *([draw.choice(chosen) for _ in "123"] for _ in range(5)),
            ]
            yield Case(KIND, f"{encoding}_{number}.csv", text_of(rows).encode(encoding))
    whole = text_of(table(draw, 10, 4))
    for number, private in enumerate(
        [b"\xaa\xa1", b"\xa1\x40", b"\xf8\xa1", b"\xfe\xfe", b"\xa6\x99", "\u0378".encode("gb18030")]
    ):
        long = text_of(table(draw, 60, 4)).encode("gb18030").removesuffix(b"\r\n")
        yield Case(KIND, f"private_{number}.csv", long + private + b"\r\n")
    for number in range(20):
        content = bytearray(whole.encode(draw.choice(["utf-8", "gb18030"])))
        content[draw.randrange(len(content))] = draw.choice([0, 1, 7, 8, 0x1A, 0x7F])
        yield Case(KIND, f"control_{number}.csv", bytes(content))


def _remarks(draw: random.Random) -> Iterator[Case]:
    """Remarks above and notes below, as offices of statistics write them."""
    for number in range(40):
        rows = table(draw, 8, 5)
        above = [["数据库：分省年度数据"], ["指标：年末常住人口(万人)"], ["时间：最近10年"]][: draw.randint(1, 3)]
        below = [["注：1.抽样调查样本数据，其他年份为推算数。"], ["　　　2.与前期不可比。"], ["数据来源：国家统计局"]]
        text = text_of([*above, *rows, *below[-draw.randint(1, 3) :]] if number % 2 else [*above, *rows])
        encoding = draw.choice(["gb18030", "utf-8-sig", "utf-16-le"])
        content = encoded(text, encoding) or b""
        continued = number % 2 and "　　　2" in text and "注：1" not in text
        yield Case(KIND, f"remarks_{number}.csv", content, None if continued else cells_of(rows), needed=not continued)
