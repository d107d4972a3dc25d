"""When two wordings are the same, how much they differ, and whether the difference may change what is asked.

Only differences that cannot change an answer are taken as none: widths, spaces, quotation marks, the number of a
question, a platform's remark on its type, 您 for 你. Every other difference is for a person to decide; the words that
change a meaning only say how urgently.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from xzz_analysis.language import Label

_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„«»「」『』〝〞", '"'),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("‐‑‒–—―−~～〜", "-"),
        "、": ",",
    }
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_HAN = "\u3400-\u9fff"
_LOOSE_SPACE = re.compile(rf"(?<=[{_HAN}.,:;!?()\[\]\"'/-]) | (?=[{_HAN}.,:;!?()\[\]\"'/-])")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBERED = re.compile(r"^(?:Q|q|第)?\d{1,3}(?:-\d{1,2})?题?[.,:)](?!\d)")
_REMARK = re.compile(r"[\[(【](?:单选题?|多选题?|可多选|填空题?|矩阵\w*题|量表题|必答题?|选答题?|\*)[\])】]")
_SPECIFY = re.compile(r"\(?(?:请注明|请说明|请填写|please specify|specify):?\)?$", re.I)
_TAG = re.compile(r"</?(?:b|i|u|br|p|span|strong|em|font|div)\b[^<>]*>", re.I)

_MEANING: dict[str, tuple[str, str]] = {
    "negation": ("没 不 未 无 非 别 勿 否", "not never no none without neither nor unable unpaid \\w*n't"),
    "time": (
        "过去 最近 近期 上个 上月 上周 上学期 本月 本周 本学期 本年 去年 今年 昨天 今天 目前 现在 曾 以前 "
        "天 周 月 年 星期 学期 季度 假期",
        "past last this current previous recent ago now ever today yesterday usually days? weeks? months? quarters? "
        "terms? years?",
    ),
    "unit": (
        "平方米 公里 公斤 小时 分钟 元 角 分 万 千 百 亩 斤 米 次 人 户 岁 升 % ‰",
        "yuan rmb usd dollars? hours? minutes? km kilometres? metres? kg times people persons percent",
    ),
    "number": (
        "一 二 三 四 五 六 七 八 九 十 两 半",
        r"\d+(?:\.\d+)? one two three four five six seven eight nine ten half",
    ),
    "asked": (
        "你们 我们 他们 你 我 他 她 自己 本人 孩子 儿童 子女 学生 父亲 母亲 父母 爸爸 妈妈 家长 监护人 家庭 家人 全家 "
        "老人 祖父母 配偶 丈夫 妻子 老师 户主",
        "you your yourself child children father mother parents? guardian caregiver household family spouse husband "
        "wife teacher head",
    ),
    "amount": (
        "都 全部 所有 任何 至少 最多 只 仅 每 平均 主要 经常 总共",
        "all any least most only every each average main mostly often total",
    ),
    "direction": (
        "多 少 高 低 大 小 好 坏 差 增 减 难 易 强 弱 早 晚 前 后 内 外 满意 同意",
        "more less fewer higher lower good bad better worse increase decrease before after inside outside agree "
        "satisfied",
    ),
}
_WORDS = {
    name: re.compile(rf"{'|'.join(han.split())}|(?<![a-z])(?:{'|'.join(latin.split())})(?![a-z])", re.I)
    for name, (han, latin) in _MEANING.items()
}
ASPECTS = tuple(_MEANING)
"""What a changed word may change."""

_ENDING = "_:.,?!。 "

_SHORT = 8
"""A wording of fewer letters may say little by itself."""

_LEANING = re.compile(
    r"其他|其它|上述|以上|上题|前题|该|此|这|那|如果|如是|如有|若|请注明|请说明|原因|为什么|"
    r"\b(?:other|above|this|these|those|previous|if|specify|why|reason)\b",
    re.I,
)


class Wordings(NamedTuple):
    """Two labels compared.

    ``change`` is ``none`` (the same, or differing only in what cannot matter), ``some``, or ``unknown`` when either has
    no text; ``likeness`` lies between 0 and 1; ``aspects`` names what the changed words may change.
    """

    change: Literal["none", "some", "unknown"]
    likeness: float
    aspects: tuple[str, ...] = ()


@lru_cache(maxsize=1 << 15)
def plain(text: str, *, numbered: bool = False) -> str:
    """A wording without what cannot change its meaning; ``numbered`` takes a question's number away too."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", _TAG.sub("", text))).translate(_WIDTH).translate(_SIGNS)
    text = _LOOSE_SPACE.sub("", " ".join(text.split())).strip("* ")
    text = (_NUMBERED.sub("", text) if numbered else text).strip() or text
    text = _REMARK.sub("", text).strip() or text
    text = text.rstrip(_ENDING) or text
    text = _SPECIFY.sub("", text).rstrip(_ENDING) or text
    text = text.removeprefix("请问").lstrip(", ").replace("您", "你")
    return _WORD.sub(lambda word: word[0] if len(word[0]) > 1 and word[0].isupper() else word[0].casefold(), text)


def key(label: Label, languages: Iterable[str], *, numbered: bool = False) -> tuple[str, ...]:
    """The plain wordings of a label in some languages; ``()`` when it has a text in none of them."""
    texts = tuple(plain(text(label, language), numbered=numbered) for language in languages)
    return texts if any(texts) else ()


def text(label: Label, language: str) -> str:
    """The label's text in a language; with ``"*"``, whatever text it has."""
    return label.get(language, "") if language != "*" else next((text for text in label.values() if text.strip()), "")


def shared(earlier: Iterable[Label], later: Iterable[Label]) -> tuple[str, ...]:
    """Languages that both sides' labels are written in; ``("*",)`` when there is none."""
    sides = [{code for label in labels for code, text in label.items() if text.strip()} for labels in (earlier, later)]
    return tuple(sorted(sides[0] & sides[1])) or ("*",)


def compare(earlier: Label, later: Label, *, numbered: bool = False) -> Wordings:
    """Compare two labels in every language that both have.

    Parameters
    ----------
    earlier, later : mapping of language code to text
    numbered : bool
        Whether they may begin with the number of a question, which does not matter.
    """
    languages = [one for one in shared([earlier], [later]) if text(earlier, one) and text(later, one)]
    if not languages:
        return Wordings("unknown", 0.0)
    pairs = [
        tuple(plain(text(label, language), numbered=numbered) for label in (earlier, later)) for language in languages
    ]
    if all(first == second for first, second in pairs):
        return Wordings("none", 1.0)
    aspects = [name for name in ASPECTS if any(_words(name, first) != _words(name, second) for first, second in pairs)]
    return Wordings("some", min(likeness(first, second) for first, second in pairs), tuple(aspects))


def likeness(first: str, second: str) -> float:
    """How alike two plain wordings are, 0 to 1: mean of the ratio of common letters and Dice's ratio of bigrams.

    References
    ----------
    Dice, L. R. (1945). Measures of the amount of ecologic association between species. Ecology 26(3), 297–302.
    """
    if first == second:
        return 1.0
    pairs = [Counter(pairwise(text)) for text in (first, second)]
    size = pairs[0].total() + pairs[1].total()
    dice = 2 * (pairs[0] & pairs[1]).total() / size if size else 0.0
    return min(0.99, (fuzz.ratio(first, second) / 100 + dice) / 2)


def leans(label: Label, *, certain: bool = False) -> bool:
    """Whether a wording says what it asks only together with the question before it (其他, 如果是, why).

    Parameters
    ----------
    label : mapping of language code to text
    certain : bool
        Count only what says nothing by itself: short, and of such words.
    """
    texts = [plain(one) for one in label.values() if one.strip()]
    if certain:
        return any(len(one) < _SHORT and _LEANING.search(one) for one in texts)
    return any(len(one) < _SHORT or _LEANING.search(one) for one in texts)


def _words(aspect: str, wording: str) -> Counter[str]:
    return Counter(word.lower() for word in _WORDS[aspect].findall(wording))
