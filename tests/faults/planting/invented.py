"""Identifiers of people who do not exist, in every way of writing that people use.

Identity numbers name counties that were never there (``xx9999``); the rest is drawn at random.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭罗梁"
GIVEN = "梓涵浩宇欣怡子轩雨桐俊熙诗琪博文思远嘉懿晨曦若曦沐辰语嫣"
COMPOUND = ("欧阳", "上官", "诸葛")
TOWNS = ("吉林省岚砚市河沿区", "辽宁省澜汀市南湖区", "北京市朝阳区", "广东省广州市白云区太和镇", "")
ROADS = ("建设路", "人民大街", "解放南路", "和平胡同", "幸福二巷", "工农大道", "延安中路")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SAID = "零一二三四五六七八九"
MINORITY = ("阿依古丽·买买提", "扎西多吉", "Anna Kowalska")


def wide(text: str) -> str:
    """The same in full-width characters."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def said(text: str) -> str:
    """Digits as Chinese numerals."""
    return "".join(SAID[int(letter)] if letter.isdigit() else letter for letter in text)


def spaced(text: str, groups: tuple[int, ...], gap: str) -> str:
    """Digits in groups."""
    parts, place = [], 0
    for length in groups:
        parts.append(text[place : place + length])
        place += length
    return gap.join(parts)


def digits(draw: random.Random, count: int, first: str = "0123456789") -> str:
    """A random number of so many digits."""
    return draw.choice(first) + "".join(draw.choice("0123456789") for _ in range(count - 1))


def name(draw: random.Random) -> str:
    """A full name."""
    if draw.random() < 0.08:
        return draw.choice(COMPOUND) + draw.choice(GIVEN)
    return draw.choice(SURNAMES) + "".join(draw.choice(GIVEN) for _ in range(draw.choice((1, 2, 2))))


def _citizen(draw: random.Random, province: str = "") -> str:
    area = province or draw.choice(("11", "13", "21", "22", "37", "41", "44", "51", "65"))
    born = f"{draw.randint(1950, 2023)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}"
    body = f"{area}9999{born}{digits(draw, 3)}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def id_card(draw: random.Random) -> str:
    """An identity number, 18 or 15 digits."""
    number = _citizen(draw, draw.choice(("", "", "", "81", "82", "83")))
    old = number[:6] + f"{draw.randint(50, 99)}" + number[10:17]
    ways: list[Callable[[], str]] = [
        lambda: number,
        lambda: number.lower(),
        lambda: wide(number),
        lambda: spaced(number, (6, 8, 4), " "),
        lambda: spaced(number, (6, 8, 4), "-"),
        lambda: spaced(number, (4, 4, 4, 4, 2), " "),
        lambda: " ".join(number),
        lambda: number[:17] + "X" if number[17] != "X" else number[:17] + "0",
        lambda: number[:15] + "000",
        lambda: old,
        lambda: f"G{number}",
        lambda: said(number) if number[17] != "X" else number,
    ]
    return draw.choice(ways)()


def phone(draw: random.Random) -> str:
    """A mobile phone number."""
    number = "1" + draw.choice("356789") + digits(draw, 9)
    ways: list[Callable[[], str]] = [
        lambda: number,
        lambda: spaced(number, (3, 4, 4), " "),
        lambda: spaced(number, (3, 4, 4), "-"),
        lambda: spaced(number, (3, 4, 4), "—"),
        lambda: spaced(number, (3, 4, 4), "."),
        lambda: spaced(number, (4, 4, 3), " "),
        lambda: spaced(number, (3, 8), "-"),
        lambda: " ".join(number),
        lambda: f"+86{number}",
        lambda: f"+86 {spaced(number, (3, 4, 4), ' ')}",
        lambda: f"0086-{number}",
        lambda: f"86{number}",
        lambda: wide(number),
        lambda: said(number),
        lambda: said(number).replace("一", "幺"),
        lambda: said(number).replace("零", "〇"),
        lambda: said(number[:3]) + number[3:],
        lambda: spaced(said(number), (3, 4, 4), " "),
        lambda: spaced(number, (3, 4, 4), "\u200b"),
    ]
    return draw.choice(ways)()


def landline(draw: random.Random) -> str:
    """A telephone with its area code."""
    area = draw.choice(("010", "021", "0431", "0755", "0991"))
    local = digits(draw, 8 if len(area) == 3 else draw.choice((7, 8)), "2345678")
    return draw.choice(
        (f"{area}-{local}", f"{area}{local}", f"({area}){local}", f"{area} {local}", wide(f"{area}-{local}"))
    )


def chat_account(draw: random.Random) -> str:
    """A WeChat or QQ account after a word that says so."""
    number = digits(draw, draw.randint(6, 10), "123456789")
    account = "".join(draw.choice("abcdefghjkmnpqrst") for _ in range(6)) + digits(draw, 2)
    cue = draw.choice(("微信", "微信号", "微信：", "微信号是", "vx:", "VX ", "加v信", "WeChat ID: ", "wechat:"))
    return draw.choice(
        (f"QQ{number}", f"QQ：{number}", f"qq号{number}", f"扣扣 {number}", f"{cue}{account}", f"wxid_{account}")
    )


def bank_card(draw: random.Random) -> str:
    """A bank card number."""
    body = "62" + digits(draw, draw.choice((13, 14, 16)))
    for last in "0123456789":
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(body + last))]
        if sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0:
            break
    number = body + last
    return draw.choice((number, spaced(number, (4, 4, 4, 4, 3), " ").strip(), wide(number)))


def plate(draw: random.Random) -> str:
    """A number plate, green ones too."""
    head = draw.choice("京吉辽粤川新") + draw.choice("ABCD")
    tail = draw.choice(
        (digits(draw, 5), f"{draw.choice('ABJK')}{digits(draw, 4)}", f"D{digits(draw, 5)}", f"{digits(draw, 5)}F")
    )
    return draw.choice((head + tail, f"{head}·{tail}", f"{head} {tail}", head.lower() + tail, wide(head + tail)))


def passport(draw: random.Random) -> str:
    """A passport number."""
    number = digits(draw, 7)
    return draw.choice(
        (f"E{digits(draw, 8)}", f"EA{number}", f"G{digits(draw, 8)}", f"护照P{digits(draw, 8)}", wide(f"EB{number}"))
    )


def permit(draw: random.Random) -> str:
    """A permit to travel between the mainland, Hong Kong, Macau and Taiwan."""
    number = digits(draw, 8)
    return draw.choice(
        (f"H{number}", f"M{number}12", f"通行证C{number}", f"台胞证：{number}", f"往来港澳通行证CA{number[:7]}")
    )


def email(draw: random.Random) -> str:
    """An e-mail address."""
    account = draw.choice((digits(draw, 9, "123456789"), f"wang.{digits(draw, 3)}", f"li_na{digits(draw, 2)}"))
    address = f"{account}@{draw.choice(('example.com', 'mail.example.cn', 'example.com.cn'))}"
    return draw.choice((address, wide(address)))


def address(draw: random.Random) -> str:
    """Where somebody lives, down to the door."""
    number = draw.randint(1, 199)
    home = f"{draw.randint(1, 20)}号楼{draw.randint(1, 6)}单元{draw.randint(1, 20)}0{draw.randint(1, 4)}室"
    town = draw.choice(TOWNS)
    ways = (
        f"{town}{draw.choice(ROADS)}{number}号",
        f"{town}{draw.choice(ROADS)}{number}号{home}",
        f"{town}{draw.choice(ROADS)}{number}号{draw.randint(1, 20)}栋{draw.randint(1, 6)}-{draw.randint(1, 20)}01",
        f"{town}阳光小区{home}",
        home,
        f"{town}{draw.choice(ROADS)}{said(str(draw.randint(1, 9)))}号院",
        f"河南省周口市岚砚县白马镇{draw.choice('王李张')}庄村{draw.randint(1, 9)}组",
        f"桃花村{draw.randint(1, 9)}组",
    )
    return draw.choice(ways)


def coordinate(draw: random.Random) -> str:
    """Where a home is, in degrees."""
    latitude, longitude = f"{draw.uniform(21, 48):.6f}", f"{draw.uniform(80, 130):.6f}"
    return draw.choice(
        (f"{latitude},{longitude}", f"{latitude} {longitude} 0 0", f"{longitude}, {latitude}", "39°54′15″N")
    )


def named(draw: random.Random) -> str:
    """A name after a word that says so."""
    return draw.choice(("我叫", "孩子名叫", "姓名：", "联系人 ")) + name(draw)[:3]


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "id_card": id_card,
    "phone": phone,
    "landline": landline,
    "chat_account": chat_account,
    "bank_card": bank_card,
    "plate": plate,
    "passport": passport,
    "permit": permit,
    "email": email,
    "address": address,
    "coordinate": coordinate,
    "name": named,
}
"""Kind of identifier, as ``intake.privacy.identifiers.KINDS`` calls it → what makes one."""

SENTENCES = (
    "{}",
    "电话{}，晚上联系",
    "我家孩子今年8岁，{}",
    "老师说可以找{}。谢谢",
    "没有学籍 {}",
    "希望早点解决！\n{}\n2025-05-10",
    "家里有3个孩子，一年级，月收入3500元，{}，麻烦了",
)


def in_sentences(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Kind, identifier, and an answer that holds it; the kinds take turns."""
    draw = random.Random(seed)
    for place in range(count):
        kind = list(MAKERS)[place % len(MAKERS)]
        made = MAKERS[kind](draw)
        yield kind, made, draw.choice(SENTENCES).format(made)
