"""Identifiers of people in China are found in every way of writing them, and other numbers are left alone."""

import sys
import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzz_analysis.intake.privacy.identifiers import KINDS, KnownWords, find, is_specific, scrub, spans
from xzz_analysis.intake.privacy.patterns import citizen_number, luhn


@pytest.fixture(scope="module")
def planted(root):
    """2,400 invented identifiers, 200 of each kind, inside answers."""
    sys.path.insert(0, str(root / "tests" / "faults" / "planting"))
    try:
        from invented import in_sentences
    finally:
        sys.path.pop(0)
    return pd.DataFrame(in_sentences(2400, seed=20251), columns=["kind", "identifier", "answer"])


def kinds(text: str) -> list[str]:
    return [span.kind for span in spans(text)]


def test_every_planted_identifier_is_found(planted):
    found = find(planted["answer"])
    assert not set(planted.index) - set(found["row"])


def test_every_planted_identifier_is_named_rightly(planted):
    named = find(planted["answer"]).groupby("row")["kind"].agg(set)
    assert [kind in named[row] for row, kind in planted["kind"].items()].count(False) == 0


def test_nothing_of_a_planted_number_is_left(planted):
    numbers = planted[planted["kind"].isin(["id_card", "phone", "bank_card", "landline", "plate", "email"])]
    left = scrub(numbers["answer"])
    digits = numbers["identifier"].str.findall(r"[\d０-９一二三四五六七八九]{4,}")
    assert [part for row, parts in digits.items() for part in parts if part in left[row]] == []


ORDINARY = """
月收入3500元
每月5000-8000元
15000-20000元
13500-150000元
三餐500元、车费300、房租1300、学费1500
1300 1400 1500
13 14 15 16 17 18
13 14 15 16 17 8
10,20,30,40,50
10元20元50元100元200元500元
一年三千五百元
2025-05-10
2025/09/03 12:00:00
2025年5月10日
20250510
2025-11-01T09:11:18.000+08:00
1699999999999
8:30-17:30
今年12岁，2013年3月出生
三年级2班
初一（3）班
六年级13班
2024届3班张老师教得好
语文第3单元课文
第2单元没学会
二十三个同学
一二三四五六七八九十
Q12_1
第6题(选项)
3室1厅
2室1厅1卫
三室一厅
希望多建1栋楼
有3栋楼房
2号线地铁，5路公交
5月1号开学
9月1号没有报上名
不知道3号要交费
社区3号开会
走路10分钟
学校里5门课
我们村2个小学
街道3次来过
家里3口人，2个孩子
满分100分，考了95.5分
身高1.35米，体重28.5公斤
0.4539578808332567
3133.3333333333335
5.10606060606061
13.512345678
135.12345678
1101051949.1231002
35.1234 100.1
0.1234, 0.5678
1.2345678,-2.3456789
9d1e0dba-5328-1380-0138-29908d3285f8
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
F7882
C11109
110101
220102000000
220102001002
学号20240315
邮编130000
12345热线
拨打110
95588
400-820-8820
微信群里通知
用微信支付
微信wechat
WeChat groups
QREE6WxITlG5U2A6E3
W-GE6QQFTl0-4
QQ music
打电话很难
电话费50元
手机2部
身份证没有办
户口在河南省周口市
四川省成都市金牛区
北京市朝阳区实验小学
人民路小学三年级
朝阳街道
白马镇中学
住在城中村
我叫不出名字
姓名不愿意说
刘老师
G20高速
京A级
川菜12345
H5页面
IP 192.168.1.101
ISBN 978-7-115-54608-1
https://example.org/a/12345
2025Q2_child.xlsx
〖其他：打零工〗
A┋B┋C
12→3→4
"""


@pytest.mark.parametrize("answer", ORDINARY.strip().splitlines())
def test_ordinary_answers_are_left_alone(answer):
    assert kinds(answer) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11010519491231002X", "id_card"),  # the example of GB 11643-1999
        ("１１０１０５１９４９１２３１００２ｘ", "id_card"),
        ("110105 19491231 002x", "id_card"),
        ("身份证440524188001010014", "id_card"),  # the standard's other example, born in 1880: only after its word
        ("130503670401001", "id_card"),
        ("810000199408230021", "id_card"),
        ("830000199201300022", "id_card"),
        ("A123456(3)", "id_card"),
        ("A123456789", "id_card"),
        ("一三八〇〇一三八〇〇〇", "phone"),
        ("幺三八 洞洞幺三 八洞洞洞", "phone"),
        ("打138—0013—8000找我", "phone"),
        ("＋８６　１３８　００１３　８０００", "phone"),
        ("6222021234567890128", "bank_card"),
        ("卡号1234567890123456", "bank_card"),
        ("京AD12345", "plate"),
        ("粤Z1234港", "plate"),
        ("微信号：xiao_ming88", "chat_account"),
        ("3wx: xiao_ming88", "chat_account"),
        ("13号楼QQ12345678", "chat_account"),
        ("朝阳区建国路88号院3号楼2单元501室", "address"),
        ("建国路八十八号", "address"),
    ],
)
def test_one_by_one(text, kind):
    assert kinds(text) == [kind]


def test_a_slip_of_the_pen_still_tells_who_it_is():
    assert citizen_number("11010519491231002X")
    assert not citizen_number("110105194912310021")
    assert kinds("110105194912310021") == ["id_card"]


def test_a_birthday_that_never_was_is_no_identity_number():
    assert kinds("110105194913310021") == []


def test_luhn_on_the_example_of_the_standard():
    assert luhn("79927398713")
    assert not luhn("79927398710")


def test_spans_are_places_of_the_text_as_written():
    text = "我的电话　１３８００１３８０００。"
    (span,) = spans(text)
    assert text[span.start : span.end] == "１３８００１３８０００"


def test_scrub_leaves_the_rest_and_the_index():
    texts = pd.Series(["电话13800138000，谢谢", "没有", ""], index=[3, 5, 9], name="remark")
    cleaned = scrub(texts)
    assert cleaned.tolist() == ["电话〔phone〕，谢谢", "没有", ""]
    assert cleaned.index.equals(texts.index)


def test_known_words_are_found_and_not_shown():
    known = KnownWords(["王小明", "李 四", "１３８ ００１３ ８０００", "Anna Lee", "F7882", "王", "12"])
    assert [span[1:] for span in known.find("请找王小明，或李四")] == [(2, 5), (7, 9)]
    assert list(known.find("AF78820")) == []
    assert known.left_out == 2
    assert "王" not in repr(known)
    assert scrub(pd.Series(["王小明的13800138009"]), known).tolist() == ["〔known〕的〔phone〕"]


def test_only_what_names_somebody_is_searched_for():
    assert [is_specific(word) for word in ("王", "王芳", "1024", "13800138", "Bo", "Anna")] == [
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_no_answers_and_repeated_answers():
    assert find([]).empty
    assert find(["", "13800138000", "13800138000"])["row"].tolist() == [1, 2]


def test_every_kind_has_both_labels():
    assert all(label["zh"] and label["en"] for label in KINDS.values())


@given(st.lists(st.text(), max_size=5))
def test_any_text_can_be_searched(texts):
    found = find(texts)
    assert all(0 <= start < end <= len(texts[row]) for row, _, start, end in found.itertuples(index=False))


@given(
    st.text(alphabet="0123456789 ,.-年月日元班", max_size=25), st.text(alphabet=" ，。：、\n好", min_size=1, max_size=5)
)
def test_what_stands_before_an_identity_number_does_not_hide_it(before, between):
    text = f"{before}{between}11010519491231002X"
    assert any(span.end == len(text) for span in spans(text))


def test_an_answer_costs_little(planted):
    answers = planted["answer"]
    costs = []
    for _ in range(3):
        start = time.process_time()
        find(answers)
        costs.append((time.process_time() - start) / len(answers))
    assert min(costs) < 200e-6  # 35 µs on an idle machine: the bound only catches a pattern that backtracks
