"""How identifiers of people in China are written: one pattern per way of writing, and what has to hold besides.

Patterns run over text whose full-width characters are already narrow; a check may move the ends of a match, or
refuse it. Many answers are searched as one text, joined by :data:`BETWEEN`, which no pattern can cross.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import NamedTuple

BETWEEN = "\0"
"""Stands between two answers of one text."""

NUMERALS = {
    numeral: str(digit)
    for digit, group in enumerate(
        ("零〇○洞", "一壹幺", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒拐", "八捌", "九玖勾")
    )
    for numeral in group
}
"""Chinese numerals, as they are said one by one → digit."""

_PROVINCES = ("", "12345", "123", "1234567", "123456", "01234", "12345", "1", "123", "1")
PROVINCES = frozenset(f"{region}{place}" for region, places in enumerate(_PROVINCES) for place in places)
"""First two digits of a citizen's number (GB/T 2260); 81 to 83 residents from Hong Kong, Macau and Taiwan."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
    "汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤阎赖翁牛葛柳"
)
"""The commonest surnames, those that are everyday words left out."""
COMPOUND_SURNAMES = "欧阳|上官|诸葛|司马|东方|皇甫|尉迟|公孙|慕容|司徒|夏侯|令狐|端木|百里|轩辕"

_GAP = r"[ \t\u00a0\u200b-\u200d\ufeff.\-—–_·•]{0,2}"
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_NUMBER = r"(?:\d{1,5}|[一二三四五六七八九十百零〇]{1,5})"
_MORE = (
    rf"(?:[ ,\-#]{{0,2}}(?:{_NUMBER}|[A-Za-z]|[甲乙丙丁东西南北])\s?"
    r"(?:号院|号楼|号|弄|栋|幢|座|单元|室|房|层|户|排))*"
    r"(?:[ \-#]{0,2}\d{1,4}(?:-\d{1,4}){0,3}(?!\d|\s?厅))?"
)
_ROAD = (
    rf"(?:大道|(?<![知报味管轨通频渠])道|路|街|巷|弄|胡同|坊)(?:[东西南北中]?段|[东西南北中])?\s?[甲乙]?{_NUMBER}\s?"
)
_ESTATE = rf"(?:(?<![农我们全各每本])村|庄|屯|小区|花园|苑|公寓|家园|大厦|广场|社区|里)\s?{_NUMBER}\s?"
_GROUPINGS = {(11,), (3, 4, 4), (3, 8), (4, 4, 3), (4, 3, 4), (7, 4), (3, 3, 5), (3, 3, 3, 2), (1,) * 11}
"""How eleven digits are set apart by people who write a phone number, and not by those who list numbers."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NO_ACCOUNT = re.compile(r"(?:we?chat|weixin|vx|wx|qq|android|iphone|group|pay|app)s?", re.I)
_INSIDE = re.compile(r"[0-9_-](?:vx|wx|qq)[A-Za-z]", re.I)
"""Letters in the middle of a code, such as places of a map are written in, are no cue."""
_DECIMAL = re.compile(r"\d+\.\d+")
_CARD_CUE = re.compile(r"(?:银行|信用|储蓄|借记|工资|社保)卡|卡号|账号|帐号|账户|开户")
_ID_CUE = re.compile(r"身份证|证件号|公民身份|学籍号")
_PERMIT_CUE = re.compile(r"通行证|台胞证|回乡证|港澳|台湾|证件|permit", re.I)
_PASSPORT_CUE = re.compile(r"护照|passport", re.I)
_LIVES = re.compile(r".*(?:住在|家住|住址|地址|位于|搬到|搬去|搬进|送到|寄到|租在|[住在是到去从])[::]?", re.S)
_ADMINISTRATIVE = re.compile(r"[省市区县旗州镇乡]|街道")

Check = Callable[[re.Match[str]], tuple[int, int] | None]


class Pattern(NamedTuple):
    """One way of writing one kind of identifier."""

    kind: str
    expression: re.Pattern[str]
    check: Check | None = None


def citizen_number(digits: str) -> bool:
    """Whether 18 characters are a resident identity number with the right check character (GB 11643-1999)."""
    if not (len(digits) == 18 and digits[:17].isdigit() and _born(digits[:2], digits[6:14])):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[17].upper()


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _born(province: str, date: str) -> bool:
    try:
        day = dt.date(int(date[:4]), int(date[4:6]), int(date[6:]))
    except ValueError:
        return False
    return province in PROVINCES and 1900 <= day.year <= 2035


def _before(match: re.Match[str], length: int = 14) -> str:
    return match.string[max(0, match.start() - length) : match.start()].rpartition(BETWEEN)[2]


def _eighteen(match: re.Match[str]) -> tuple[int, int] | None:
    """A wrong check character is a slip of the pen or of Excel: province and birth date still tell who it is."""
    digits = re.sub(r"[^\dXx]", "", match[1])
    likely = _born(digits[:2], digits[6:14]) or _ID_CUE.search(_before(match))
    return match.span(1) if likely and not _DECIMAL.fullmatch(match[1]) else None


def _fifteen(match: re.Match[str]) -> tuple[int, int] | None:
    digits = re.sub(r"\D", "", match[1])
    likely = _born(digits[:2], f"19{digits[6:12]}") or _ID_CUE.search(_before(match))
    return match.span(1) if likely and not _DECIMAL.fullmatch(match[1]) else None


def _mobile(match: re.Match[str]) -> tuple[int, int] | None:
    groups = tuple(len(group) for group in re.split(r"\D+", match["number"]))
    return match.span() if groups in _GROUPINGS and not _DECIMAL.fullmatch(match["number"]) else None


def _bank(match: re.Match[str]) -> tuple[int, int] | None:
    digits = re.sub(r"\D", "", match[0])
    if _CARD_CUE.search(_before(match)):
        return match.span()
    issued = digits.startswith("62") or (len(digits) == 16 and digits[0] in "3456")
    return match.span() if issued and len(digits) >= 16 and luhn(digits) else None


def _account(match: re.Match[str]) -> tuple[int, int] | None:
    account = match["account"]
    if _NO_ACCOUNT.fullmatch(account) or _INSIDE.match(match.string, max(match.start() - 1, 0)):
        return None
    said = match["said"] or account[0].isdigit() or re.search(r"[\d_-]", account)
    return match.span("account") if said or re.search(f"[{_HAN}]$", match["cue"]) else None


def _permit(match: re.Match[str]) -> tuple[int, int] | None:
    return match.span() if _PERMIT_CUE.search(_before(match, 20)) else None


def _official_passport(match: re.Match[str]) -> tuple[int, int] | None:
    return match.span() if _PASSPORT_CUE.search(_before(match, 20)) else None


def _hong_kong(match: re.Match[str]) -> tuple[int, int] | None:
    letters, digits, last = match[1].rjust(2), match[2], match[3]
    values = [36 if letter == " " else ord(letter) - 55 for letter in letters] + [int(digit) for digit in digits]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return match.span() if (total + (10 if last == "A" else int(last))) % 11 == 0 else None


def _taiwan(match: re.Match[str]) -> tuple[int, int] | None:
    first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(match[0][0]) + 10
    total = first // 10 + first % 10 * 9
    weights = (8, 7, 6, 5, 4, 3, 2, 1, 1)
    total += sum(int(digit) * weight for digit, weight in zip(match[0][1:], weights, strict=True))
    return match.span() if total % 10 == 0 else None


def _plate(match: re.Match[str]) -> tuple[int, int] | None:
    return match.span() if sum(letter.isdigit() for letter in match[0]) >= 2 else None


def _place(match: re.Match[str]) -> tuple[int, int] | None:
    """An address grows to the left, over the names of its road, town and province."""
    left = re.search(rf"[{_HAN}A-Za-z0-9]{{0,40}}\Z", match.string[max(0, match.start() - 40) : match.start()])
    run = left[0] if left else ""
    lives = _LIVES.match(run)
    run = run[lives.end() :] if lives else run
    if not lives and not _ADMINISTRATIVE.search(run):
        run = run[-4:]
    return match.start() - len(run), match.end()


def _village(match: re.Match[str]) -> tuple[int, int] | None:
    start, end = _place(match) or match.span()
    return (start, end) if re.search(r"[省市县区旗州]", match.string[start : match.start()]) else None


def _point(match: re.Match[str]) -> tuple[int, int] | None:
    """Only places in or near China: pairs of numbers are common, and most are no coordinates."""
    low, high = sorted((abs(float(match[1])), abs(float(match[2]))))
    return match.span() if 3 <= low <= 54 and 73 <= high <= 136 else None


def _patterns(*patterns: tuple[str, str, Check | None]) -> tuple[Pattern, ...]:
    return tuple(Pattern(kind, re.compile(expression), check) for kind, expression, check in patterns)


MASKED = re.compile(
    r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
    r"|(?=[0-9]{0,40}[A-Za-z+/])[A-Za-z0-9+/]{41,}={0,2}"
)
"""Record numbers, moments and encoded bytes: they hold digits, and say nothing of a person that could be read."""

SAID = re.compile(rf"(?:[{''.join(NUMERALS)}0-9][\s.\-、,]{{0,2}}){{11}}")
"""Eleven digits in a row of which some may be Chinese numerals."""

PHONES = _patterns(
    (
        "phone",
        rf"(?<!\d)(?<!\d[.\-/])(?:\(?(?:\+|00)?86\)?{_GAP})?(?P<number>1{_GAP}[3-9](?:{_GAP}\d){{9}})(?!\.?\d)",
        _mobile,
    ),
    ("id_card", rf"(?<!\d)(?<!\d\.)(?=(\d(?:{_GAP}\d){{16}}{_GAP}[\dXx])(?!\d))", _eighteen),
)
"""What people also say in Chinese numerals."""

PATTERNS = (
    *PHONES,
    *_patterns(
        ("id_card", rf"(?<!\d)(?<!\d\.)(?=(\d(?:{_GAP}\d){{14}})(?!\.?\d))", _fifteen),
        ("id_card", r"(?<![A-Za-z0-9])([A-Z]{1,2})(\d{6})\(([0-9A])\)", _hong_kong),
        ("id_card", r"(?<![A-Za-z0-9])[A-Z][1289]\d{8}(?![A-Za-z0-9])", _taiwan),
        (
            "landline",
            r"(?<![\dA-Za-z])(?<!\d[.\-/:])\(?(?:\+?86[ -]?)?0(?:10|2[0-57-9]|[3-9]\d{2})\)?[ \-—]{0,2}"
            r"[2-8](?:\d{6,7}|\d{2,3}[ -]\d{4})(?!\.?\d)",
            None,
        ),
        (
            "landline",
            r"(?:座机|固话|固定电话|电话|家电)(?:号码|号)?[是为: ]{0,3}[2-8]\d{2,3}[ -]?\d{4}(?![ .\-]?\d)",
            None,
        ),
        ("landline", r"(?<!\d)(?:\+|00)86[ -](?:10|2[0-57-9]|[3-9]\d{2})[ -][2-8]\d{6,7}(?!\d)", None),
        ("bank_card", r"(?<!\d)(?<!\d\.)[1-9]\d{3}(?:[ \-]?\d{4}){2}(?:[ \-]?\d{1,4}){0,2}(?!\.?\d)", _bank),
        (
            "chat_account",
            r"(?P<cue>微信|薇信|威信|[Vv]信|扣扣|企鹅号?|(?<![A-Za-z])(?i:we ?chat|weixin|vx|wx|qq))"
            r"(?P<said>[ ]?(?:号码|账号|帐号|群号|号|群|[Ii][Dd])?[ ]?(?:[是为:：=]|就是){0,2})[ ]?"
            r"(?P<account>[A-Za-z][A-Za-z0-9_\-]{5,19}|\d{5,12})(?![A-Za-z0-9])",
            _account,
        ),
        ("chat_account", r"wxid_[A-Za-z0-9]{6,30}", None),
        (
            "plate",
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Za-hj-np-z][ ·•.\-]?"
            r"(?:[0-9A-HJ-NP-Za-hj-np-z]{4}[0-9A-HJ-NP-Za-hj-np-z挂学警港澳]|[A-HJ-KYa-hj-ky][0-9A-HJ-NP-Za-hj-np-z]\d{4}"
            r"|\d{5}[A-HJ-KYa-hj-ky])(?![A-Za-z0-9])",
            _plate,
        ),
        ("passport", r"(?<![A-Za-z0-9])(?:E[A-HJ-NP-Z]\d{7}|[EG]\d{8})(?![A-Za-z0-9])", None),
        (
            "passport",
            r"(?<![A-Za-z0-9])(?:[DSPdsp][Ee]?\d{7,8}|[eg]\d{8}|e[a-z]\d{7})(?![A-Za-z0-9])",
            _official_passport,
        ),
        ("permit", r"(?<![A-Za-z0-9])[HM](?:\d{8}|\d{10})(?![A-Za-z0-9])", None),
        ("permit", r"(?<![A-Za-z0-9])(?:[CTLWchmtlw][A-Za-z]?\d{7,8}|\d{8})(?![A-Za-z0-9])", _permit),
        (
            "email",
            r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{2,63}){1,4}",
            None,
        ),
        ("address", rf"{_ROAD}(?:号院|号楼|号|弄|栋|幢|单元|室|支弄|组)(?!线|\s?厅){_MORE}", _place),
        ("address", rf"{_ESTATE}(?:号院|号楼|栋|幢|座|单元|室|组)(?!\s?厅|课|题|家|人|山){_MORE}", _place),
        (
            "address",
            rf"(?<!\d)\d{{1,3}}\s?(?:号楼|栋|幢|号院|座)\s?(?:{_NUMBER}\s?单元\s?(?:\d{{2,4}}\s?[室号房]?)?|\d{{3,4}}\s?[室号房])"
            rf"|(?<!\d)\d{{1,2}}\s?单元\s?\d{{2,4}}\s?[室号房]",
            _place,
        ),
        ("address", rf"(?:镇|乡|街道)[{_HAN}]{{1,6}}?(?:村|屯|庄|寨)(?:[{_HAN}\d]{{1,3}}[组队社])?", _village),
        ("coordinate", r"(?<![\d.])(-?\d{1,3}\.\d{4,})°?\s?[NE]?[\s,;/]{1,3}(?:[NE]\s?)?(-?\d{1,3}\.\d{4,})", _point),
        ("coordinate", r"\d{1,3}°\s?\d{1,2}['′分]\s?\d{1,2}(?:\.\d+)?[\"″秒]?\s?[NSEW]?", None),
        (
            "name",
            r"(?:我叫|名叫|名字叫|名字是|姓名|联系人|班主任是)[: 是]{0,2}"
            rf"((?:[{SURNAMES}]|{COMPOUND_SURNAMES})[{_HAN}]{{1,2}})(?![{_HAN}])",
            lambda match: match.span(1),
        ),
    ),
)
"""All ways of writing that are searched."""
