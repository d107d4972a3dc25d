"""Text in UTF-8, UTF-16 and GB18030: read right, or refused with the byte and the line; never garbled."""

import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.intake.workbook.encoding import count_characters, decode

ROWS = "编号,姓名,需要\n1,李梓涵,课业辅导┋医疗\n2,王玥,没有\n"
CELLS = {"编号": ["1", "2"], "姓名": ["李梓涵", "王玥"], "需要": ["课业辅导┋医疗", "没有"]}


@pytest.fixture
def raw(tmp_path):
    """What a file of these bytes is read as."""

    def read(content: bytes, name: str = "raw.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return read_raw(path)

    return read


@pytest.fixture
def refused(raw):
    """The message with which a file of these bytes is refused."""

    def message(content: bytes) -> str:
        with pytest.raises(InputError) as error:
            raw(content)
        return str(error.value)

    return message


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        (ROWS.encode(), "utf-8"),
        (ROWS.encode("utf-8-sig"), "utf-8"),
        (ROWS.encode("utf-16"), "utf-16-le"),
        (("\ufeff" + ROWS).encode("utf-16-be"), "utf-16-be"),
        (ROWS.encode("utf-16-le"), "utf-16-le"),
        (ROWS.encode("utf-16-be"), "utf-16-be"),
        (ROWS.encode("gb18030"), "gb18030"),
        (ROWS.encode("gbk"), "gb18030"),
        (ROWS.replace("\n", "\r\n").encode("gb18030"), "gb18030"),
    ],
)
def test_every_encoding_gives_the_same_cells(raw, written, encoding):
    table = raw(written)
    assert (table.frame.to_dict("list"), table.encoding, table.open_end) == (CELLS, encoding, False)


@pytest.mark.parametrize("word", ["𠮷", "镕", "㐂", "😀", "€"])
def test_rare_characters_survive(raw, word):
    text = ROWS.replace("没有", word)
    assert raw(text.encode("gb18030")).frame["需要"].tolist()[1] == word


def test_utf16_without_a_line_end_is_open(raw):
    assert raw("a,b\n1,没".encode("utf-16")).open_end


def test_tabs_between_utf16_cells_as_excel_writes_unicode_text(raw):
    assert raw("a\tb\n1\t没\n".encode("utf-16")).frame.to_dict("list") == {"a": ["1"], "b": ["没"]}


# --- refused ------------------------------------------------------------------------------------------------------


def test_cut_inside_a_character(refused):
    assert "byte 5 on line 2 is 0xe6; the file was cut off inside" in refused("id\n1 没".encode()[:-1])
    assert "cut off inside a character" in refused(ROWS.encode("gb18030")[:-2])
    assert "cut off inside a character" in refused(ROWS.encode("utf-16")[:-1])


@pytest.mark.parametrize("mixed", [0, 1, 2])
def test_two_encodings_in_one_file(refused, mixed):
    lines = ROWS.splitlines(keepends=True)
    content = b"".join(line.encode("utf-8" if place == mixed else "gb18030") for place, line in enumerate(lines))
    message = refused(content)
    assert "raw.csv is not UTF-8: byte" in message and " on line " in message


def test_two_encodings_that_both_decode(refused):
    """Words of two characters in UTF-8 are words of three in GB18030."""
    content = "编号,姓名\n".encode("gb18030") + "1,李梓\n".encode()
    assert content.decode("gb18030")
    assert "yet byte 12 on line 2 is, so the file is damaged or in two encodings" in refused(content)


def test_one_changed_bit(refused):
    content = bytearray(ROWS.encode())
    content[0] ^= 0x40
    assert "the file is damaged or in two encodings" in refused(bytes(content))


def test_damaged_after_a_byte_order_mark_is_no_other_encoding(refused):
    content = ROWS.encode("utf-8-sig").replace("没".encode(), b"\xe6x\xa1")
    assert "the file is damaged there" in refused(content)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "編號,姓名\n1,國語\n"),
        ("shift_jis", "番号,なまえ\n1,カード\n"),
        ("euc_jp", "番号,なまえ\n1,カードとテスト\n"),
        ("cp1252", "prénom,école\nZoé,très\n"),
        ("utf-32", "a,b\n1,2\n"),
    ],
)
def test_other_encodings(refused, encoding, text):
    assert "save it again as CSV UTF-8" in refused(text.encode(encoding))


@pytest.mark.parametrize("byte", [b"\0", b"\x01", b"\x08", b"\x1a", b"\x7f"])
def test_control_characters(refused, byte):
    assert "raw.csv" in refused(b"a,b\n1,x" + byte + b"y\n")


# --- too short to tell ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["女", "一", "陆"])
def test_a_lone_character_that_is_also_utf8(refused, word):
    """女 in GB18030 is the letter Ů in UTF-8."""
    content = f"sex,n\n{word},1\n".encode("gb18030")
    assert content.decode() != f"sex,n\n{word},1\n"
    assert "raw.csv is too short to tell its encoding" in refused(content)


@pytest.mark.parametrize("word", ["Zoé", "été", "Москва", "العربية", "25 °C", "à", "№", "naïve", "女"])
def test_words_of_other_scripts_decide_for_utf8(raw, word):
    assert raw(f"name,n\n{word},1\n".encode()).frame["name"].tolist() == [word]


def test_mark_decides(raw):
    assert raw("name,n\nŮ,1\n".encode("utf-8-sig")).frame["name"].tolist() == ["Ů"]


def test_kinds_of_characters():
    assert count_characters("a1没有，┋𠮷") == (5, 0, 0)
    assert count_characters("鍎\ue000\u0378") == (0, 1, 2)


def test_text_lost_before_is_a_finding(raw):
    (found,) = raw("姓名,n\n锟斤拷,1\n\ufffd,2\n没,3\n".encode()).findings
    assert (found.rule, found.count, found.severity) == ("text_garbled", 2, "warning")


def test_decode_names_the_encoding():
    assert decode("没有\n".encode("gb18030"), "a.csv") == ("没有\n", "gb18030")


# --- above and below ------------------------------------------------------------------------------------------------

ABOVE = "数据库：分省年度数据\n指标：年末常住人口(万人)\n时间：最近10年\n"
YEARS = "地区,2024年,2023年\n北京市,2183,2186\n天津市,1364,\n"
BELOW = "注：1.抽样数据，按年推算。\n　　　2.与前期不可比,见年鉴。\n数据来源：国家统计局\n"


def test_remarks_and_notes_of_official_statistics(raw):
    table = raw((ABOVE + YEARS + BELOW).encode("gb18030"))
    assert table.frame.to_dict("list") == {
        "地区": ["北京市", "天津市"], "2024年": ["2183", "1364"], "2023年": ["2186", ""],
    }  # fmt: skip
    assert table.preamble == ("数据库：分省年度数据", "指标：年末常住人口(万人)", "时间：最近10年")
    assert table.footnotes == (
        "注：1.抽样数据，按年推算。",
        "2.与前期不可比,见年鉴。",
        "数据来源：国家统计局",
    )


def test_notes_whose_last_line_is_open_do_not_doubt_the_rows(raw):
    assert not raw((YEARS + BELOW).rstrip("\n").encode("gb18030")).open_end


def test_newer_exports_with_padding_tabs_and_a_comma_too_many(raw):
    text = "地区\t,2024年\t,2023年\t,\n北京市\t,2183\t,2186\t,\n"
    assert list(raw(text.encode("utf-8-sig")).frame) == ["地区", "2024年", "2023年"]


def test_title_row_padded_by_a_spreadsheet(raw):
    table = raw("二〇二五年流动儿童调查,,\n编号,性别,年级\n1,女,三\n".encode())
    assert (table.preamble, list(table.frame)) == (("二〇二五年流动儿童调查",), ["编号", "性别", "年级"])


@pytest.mark.parametrize("text", ["id,,\n1,x,2\n", "id\n1,a\n2,b\n", "family_id\n1,a\n2,b\n", "姓名\n李,1\n王,2\n"])
def test_a_header_that_lost_its_names_is_no_remark(refused, text):
    assert "raw.csv" in refused(text.encode())


def test_a_respondent_with_only_a_key_is_no_note(raw):
    assert raw("id,说明,n\n1,x,2\n2,,\n".encode()).frame["id"].tolist() == ["1", "2"]


def test_a_cut_row_is_no_note(refused):
    assert "raw.csv is cut off: its last row has 1 of 3 fields" in refused(b"id,a,b\nuuid:1,x,2\nuuid:2")


def test_a_free_text_that_begins_like_a_note_is_kept(raw):
    table = raw("说明,n\n注：孩子没来,1\n注：转学,2\n".encode())
    assert (len(table.frame), table.footnotes) == (2, ())


@pytest.mark.real
def test_real_exports_of_the_bureau_of_statistics(real_data):
    paths = sorted((real_data / "nbs_gbk_exports").glob("*.csv"))
    tables = [read_raw(path) for path in paths]
    assert len(tables) == 8
    assert {(table.encoding, len(table.preamble), len(table.frame)) for table in tables} == {("gb18030", 3, 31)}
    assert all(table.frame.columns[0] == "地区" and table.footnotes[-1] == "数据来源：国家统计局" for table in tables)
    assert all(table.frame["地区"].tolist()[::30] == ["北京市", "新疆维吾尔自治区"] for table in tables)
