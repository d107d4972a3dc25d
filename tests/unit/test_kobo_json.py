"""JSON of Kobo and ODK: every shape the platforms write, what is refused, what is never kept, and real files."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tests import kobo_export as kobo
from tests.kobo_export import Interviews, Item
from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.codebook import write_codebook
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.headers import match_columns
from xzz_analysis.intake.kobo import link_repeats, read_json, read_submissions, unpack_lists
from xzz_analysis.intake.table import read_table
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.study import Table
from xzz_analysis.study.themes import Themes

SECRET = "王小明 13912345678"
EMPTY = Form("", "", (), {}, (), ())
HOUSE = Item("text", "name"), Item("select_multiple", "papers", ("residence", "health"))
VISIT = Item("repeat", "visit", items=(Item("integer", "days"),))
MEMBER = Item("group", "home", items=(Item("repeat", "member", items=(Item("integer", "age"), VISIT)),))
RECORDS = [
    {"name": "A", "papers": ["health", "residence"], "member": [{"age": 8, "visit": [{"days": 1}, {"days": 2}]}]},
    {"name": "B", "papers": None, "member": [{"age": 40}, {"age": 7, "visit": [{"days": 3}]}]},
    {"name": None, "papers": ["health"], "member": []},
]
FAMILIES = Interviews((*HOUSE, MEMBER), RECORDS)


@pytest.fixture
def write(tmp_path: Path):
    """Write content and give its path: text or bytes as they are, anything else as JSON."""

    def written(content: object, name: str = "export.json") -> Path:
        path = tmp_path / name
        text = content if isinstance(content, (str, bytes)) else json.dumps(content, ensure_ascii=False)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


@pytest.fixture
def form(tmp_path: Path) -> Form:
    path = tmp_path / "form.md"
    path.write_text(kobo.form_text(FAMILIES.items), encoding="utf-8")
    return read_form(path)


def cells(export: Export, ending: str) -> list[str]:
    (column,) = [name for name in export.frame if name.rpartition("/")[2] == ending]
    return export.frame[column].tolist()


# --- shapes -------------------------------------------------------------------------------------------------


def shapes() -> dict[str, bytes]:
    flat = kobo.flattened(FAMILIES)
    plain = json.dumps(flat, ensure_ascii=False).encode()
    return {
        "list": plain,
        "nested": json.dumps(kobo.nested(FAMILIES)).encode(),
        "results": json.dumps({"count": 3, "next": None, "previous": None, "results": flat}).encode(),
        "lines": b"\r\n".join(json.dumps(record).encode() for record in flat) + b"\n\n",
        "odata": json.dumps(kobo.odata(FAMILIES), indent=2).encode(),
        "geojson": json.dumps(kobo.geojson(FAMILIES)).encode(),
        "mark": b"\xef\xbb\xbf" + plain,
        "gzip": gzip.compress(plain, mtime=0),
    }


@pytest.mark.parametrize("shape", shapes())
def test_every_shape_gives_the_same_tables(write, form, shape):
    exports = read_json(write(shapes()[shape]), form)
    assert list(exports) == ["", "member", "visit"]
    assert cells(exports[""], "name") == ["A", "B", ""]
    assert cells(exports[""], "papers") == ["health residence", "", "health"]
    assert cells(exports["member"], "age") == ["8", "40", "7"]
    assert cells(exports["visit"], "days") == ["1", "2", "3"]
    keys = [kobo.uuid(number) for number in range(3)]
    assert cells(exports[""], "_uuid") == keys
    assert exports["visit"].frame["PARENT_KEY"].tolist() == [
        f"{keys[0]}/member[1]",
        f"{keys[0]}/member[1]",
        f"{keys[1]}/member[2]",
    ]
    links = link_repeats(exports)
    assert (links["visit"].table, links["visit"].rows.tolist()) == ("member", [0, 0, 2])
    assert exports[""].roles["key"] == "_uuid"
    assert exports[""].findings == ()


def test_answers_become_texts_as_in_a_cell(write):
    record = {
        "_uuid": "a",
        "n": 4,
        "d": 4.0,
        "e": 1e3,
        "f": 0.1,
        "id": 110105199001011234,
        "t": True,
        "u": False,
        "z": None,
    }
    frame = read_json(write([record]))[""].frame
    assert frame[list(record)].iloc[0].tolist() == [
        "a", "4", "4", "1000", "0.1", "110105199001011234", "TRUE", "FALSE", "",
    ]  # fmt: skip


def test_a_list_of_choices_and_its_spaces(write):
    (export,) = read_json(write([{"_uuid": "a", "q": ["one", "two"]}, {"_uuid": "b", "q": ["more than one"]}])).values()
    assert cells(export, "q") == ["one two", "more_than_one"]
    assert [(f.rule, f.count) for f in export.findings] == [("choice_with_space", 1)]
    question = export.form.questions["q"]
    assert (question.kind, {option.name for option in question.options}) == (
        "select_multiple",
        {"one", "two", "more_than_one"},
    )


def test_what_nobody_answered_has_a_column_of_blanks(write, form):
    exports = read_json(write([{"_uuid": "a", "name": "A"}]), form)
    assert cells(exports[""], "papers") == [""]
    assert list(exports["visit"].frame) == ["KEY", "PARENT_KEY", "home/member/visit/days"]
    assert {name: len(export.frame) for name, export in exports.items()} == {"": 1, "member": 0, "visit": 0}


def test_a_repeat_written_as_one_object(write, form):
    exports = read_json(write([{"_uuid": "a", "home": {"member": {"age": 8}}}]), form)
    assert cells(exports["member"], "age") == ["8"]


def test_repeats_of_one_name_in_two_groups_stay_apart(write):
    record = {"_uuid": "a", "one": {"member": [{"age": 1}]}, "two": {"member": [{"age": 2}, {"age": 3}]}}
    exports = read_json(write([record]))
    assert {name: cells(export, "age") for name, export in exports.items() if name} == {
        "member": ["1"],
        "two/member": ["2", "3"],
    }
    assert exports[""].form.questions["age_001"].group == ("two", "member")


def test_a_submission_sent_twice_keeps_its_own_rows(write, form):
    first, again = kobo.flattened(Interviews(FAMILIES.items, RECORDS[:2]))
    exports = read_json(write([first, again | {"_uuid": first["_uuid"]}]), form)
    assert link_repeats(exports)["member"].rows.tolist() == [0, 1, 1]
    assert exports[""].frame["_uuid"].nunique() == 1


def test_submissions_without_identifier_are_known_by_their_place(write, form):
    records = [{"name": "A", "home/member": [{"home/member/age": "1"}]}, {"name": "B"}]
    exports = read_json(write(records), form)
    assert exports["member"].frame["PARENT_KEY"].tolist() == ["row:1"]
    assert [(f.rule, f.severity, f.count) for f in exports[""].findings] == [("submission_without_id", "warning", 2)]


@pytest.mark.parametrize(
    ("around", "message"),
    [
        ({"count": 30000, "next": "https://kobo.example/?start=3"}, "holds 3 submission(s) of 30,000"),
        ({"@odata.nextLink": "https://odk.example/skip"}, "holds 3 submission(s) and says that more follow"),
    ],
)
def test_one_page_of_many_is_an_error(write, around, message):
    name = "value" if "@odata.nextLink" in around else "results"
    (finding,) = read_json(write({**around, name: kobo.flattened(FAMILIES)}))[""].findings
    assert (finding.rule, finding.severity) == ("export_partial", "error")
    assert message in finding.message


def test_a_document_of_one_repeat_says_what_holds_its_rows(write):
    rows = [{"__id": "f00", "__Submissions-id": "uuid:a", "age": 8}]
    frame = read_json(write({"@odata.context": "", "value": rows}))[""].frame
    assert frame[["_uuid", "PARENT_KEY", "age"]].iloc[0].tolist() == ["f00", "a", "8"]


def test_a_question_may_be_called_count_or_name(write):
    export = read_json(write('{"count": 7, "name": "A", "_uuid": "a"}\n{"count": 9, "_uuid": "b"}\n'))[""]
    assert (cells(export, "count"), export.findings) == (["7", "9"], ())


def test_half_a_letter_is_replaced(write):
    export = read_json(write(b'[{"_uuid": "a", "q": "x\\ud83d"}]'))[""]
    assert cells(export, "q") == ["x\ufffd"]


def test_a_round_is_one_file(write, form):
    path = write(kobo.flattened(FAMILIES))
    assert list(read_submissions([path], form, {}).repeats) == ["member", "visit"]
    with pytest.raises(InputError, match="name it alone"):
        read_submissions([path], form, {"member": path})


# --- what is never kept -------------------------------------------------------------------------------------


def test_places_files_and_remarks_are_never_kept(write):
    place = {"type": "Point", "coordinates": [116.4074, 39.9042], "properties": {"accuracy": 5}}
    record = {
        "_uuid": "a",
        "house": "39.9042 116.4074 44.5 4.9",
        "way": "39.9042 116.4074 0 0;39.9052 116.4084 0 0",
        "shape": {"type": "Polygon", "coordinates": [[[116.4074, 39.9042], [116.4084, 39.9052]]]},
        "spot": place,
        "well": "POINT (116.4074 39.9042)",
        "gps:Latitude": 39.9042,
        "gps:Longitude": 116.4074,
        "gps:Accuracy": 4.9,
        "_gate_latitude": "39.9042",
        "_gate_longitude": "116.4074",
        "people": [{"spot": place, "accuracy": 3}],
        "_attachments": [{"download_url": "https://kobo.example/wang.jpg"}],
        "_notes": [{"note": SECRET}],
        "_geolocation": [39.9042, 116.4074],
        "_tags": [SECRET],
        "__system": {"submitterName": SECRET, "submitterId": "5"},
    }
    exports = read_json(write([record, {"_uuid": "b"}]))
    text = " ".join(export.frame.to_csv() for export in exports.values())
    assert not re.search(r"39\.9|116\.4|4\.9|kobo\.example|王|139", text)
    assert cells(exports[""], "house") == ["1", ""]
    assert cells(exports["people"], "spot") == ["1"]
    assert cells(exports["people"], "accuracy") == ["3"]
    assert {exports[""].form.questions[name].kind for name in ("house", "spot", "Latitude")} == {"other"}


def test_a_feature_tells_only_whether_it_has_a_place(write):
    frame = read_json(write(kobo.geojson(FAMILIES)))[""].frame
    assert frame["_geometry"].tolist() == ["", "1", ""]


def test_numeric_codes_are_no_place(write):
    assert cells(read_json(write([{"_uuid": "a", "why": "1 8 10"}]))[""], "why") == ["1 8 10"]


# --- refusals -----------------------------------------------------------------------------------------------

REFUSED = {
    "nothing": ("[]", "holds no submissions"),
    "message": ('{"detail": "Not found."}', "only 'detail': it is a platform's message"),
    "empty list": ('{"count": 0, "results": []}', "holds no submissions"),
    "text": ("<html>", "holds no JSON list or object (line 1, character 1)"),
    "no object": (f'[{{"a": 1}}, "{SECRET}"]', "holds something that is no submission"),
    "cut in text": (f'[{{"a": "{SECRET}', "is cut off (line 1, character 8)"),
    "cut in list": (f'[\n{{"a": "{SECRET}"}},\n{{"b": 1}}', "is cut off (line 3, character 9)"),
    "cut after list": ('{"results": [{"a": "1"}]', "is cut off"),
    "no comma": ('[{"a": 1} {"b": 1}]', "has no comma between two submissions (line 1, character 11)"),
    "goes on": ('[{"a": 1}] [2]', "goes on after its submissions end (line 1, character 12)"),
    "twice": (f'[\n\n{{"q": "{SECRET}", "q": 2}}]', "has 'q' twice in one object"),
    "twice private": (f'[{{"{SECRET}": 1, "{SECRET}": 2}}]', "has a key twice in one object"),
    "nan": ('[{"a": "NaN",\n"b": NaN}]', "holds NaN, which is no JSON and no answer (line 2, character 6)"),
    "infinity": ('[{"a": [-Infinity]}]', "holds -Infinity"),
    "large": ('[{"a": 1e999}]', "holds a number too large for any question (line 1, character 8)"),
    "long": (f'[{{"a": {"9" * 5000}}}]', "holds a number of 5,000 digits"),
    "deep list": (f'[{{"a": {"[" * 2000}{"]" * 2000}}}]', "nests more than 50 levels"),
    "deep objects": ('{"a":' * 2000 + "1" + "}" * 2000, "nests more than 50 levels"),
    "deep groups": ('[{"a":' * 60 + "1" + "}]" * 60, "nests more than 50 levels, as no form does (line 1, character"),
    "ambiguous": ('{"results": [{"a": 1}], "name of her": 2}', "has a key beside its list"),
    "quote": ("[{'a': 1}]", "is no JSON (expecting property name enclosed in double quotes)"),
    "control": ('[{"a": "x\ny"}]', "is no JSON (invalid control character at)"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_the_place_and_no_respondent(write, case):
    content, message = REFUSED[case]
    with pytest.raises(InputError) as caught:
        read_json(write(content))
    assert message in str(caught.value)
    assert str(caught.value).startswith("export.json ")
    assert "王" not in str(caught.value) and "139" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[{"a": "北京"}]'.encode("gb18030"), "is not UTF-8: byte 8 on line 1 is 0xb1"),
        ('[{"a": "北京"}]'.encode("utf-16"), "is UTF-16 or UTF-32"),
        ('[{"a": 1}]'.encode("utf-32-le"), "is UTF-16 or UTF-32"),
        (gzip.compress(b'[{"a": 1}]' * 99, mtime=0)[:-9], "cut off or damaged"),
        (b"", "is empty (0 bytes)"),
    ],
)
def test_encodings(write, data, message):
    with pytest.raises(InputError, match=re.escape(message)):
        read_json(write(data))


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_json(tmp_path / "none.json")


@pytest.mark.parametrize("shape", ["list", "lines", "odata", "gzip"])
def test_damaged_files_are_read_or_refused(write, shape):
    data = shapes()[shape]
    cut = [data[: len(data) * part // 50] for part in range(1, 50)]
    flipped = [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(0, len(data), 7)]
    outcomes: Counter[str] = Counter()
    for number, damaged in enumerate([*cut, *flipped]):
        try:
            read_json(write(damaged, f"{number}.json"))
            outcomes["read"] += 1
        except InputError as error:
            outcomes["refused"] += 1
            assert "A" not in str(error).split()
    assert outcomes["refused"] >= (10 if shape == "lines" else 48)


# --- two exports of one project -----------------------------------------------------------------------------


def two_exports(folder: Path) -> dict[str, Path]:
    """Main table of one export, repeats of a later one in which the submissions stand in another order."""
    main = kobo.write_csv(FAMILIES, folder, "first")[""]
    later = kobo.write_csv(Interviews(FAMILIES.items, RECORDS, order=(2, 1, 0)), folder, "later")
    return later | {"": main}


def test_repeats_of_another_export_are_linked_by_identifier(tmp_path, form):
    files = two_exports(tmp_path)
    repeats = {name: {"r1": path} for name, path in files.items() if name}
    table = Table.model_validate(
        {"key": "_uuid", "form": tmp_path / "form.md", "raw": {"r1": files[""]}, "repeats": repeats}
    )
    rounds = {"r1": SimpleNamespace(collected=(None, None))}
    study = SimpleNamespace(
        tables={"family": table},
        rounds=rounds,
        kept_columns=lambda unit: (),
        themes=Themes(),
        settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
    )
    member = read_table(study, "family", None)["member"].answers  # type: ignore[arg-type]
    assert (member.values["age"].tolist(), member.parent.tolist()) == ([40, 7, 8], [1, 1, 0])


def test_positions_of_another_export_are_withdrawn(tmp_path):
    files = two_exports(tmp_path)
    older = kobo.write_csv(FAMILIES, tmp_path, "older")
    mixed = {"": files[""], "member": older["member"], "visit": files["visit"]}
    exports = {name: Export(path.name, read_raw(path).frame, EMPTY) for name, path in mixed.items()}
    links = link_repeats(exports)
    assert links["member"].rows.tolist() == [0, 1, 1]
    assert [(f.rule, f.severity, f.count) for f in links["visit"].findings] == [("index_of_another_export", "error", 3)]
    assert links["visit"].rows.tolist() == [-1, -1, -1]


def test_a_repeat_that_nothing_links():
    frames = {"": pd.DataFrame({"_index": ["1"]}), "member": pd.DataFrame({"age": ["8"]})}
    exports = {name: Export(f"{name}.csv", frame.astype("str"), EMPTY) for name, frame in frames.items()}
    with pytest.raises(InputError, match=r"member\.csv has no column that links its rows"):
        link_repeats(exports)


# --- lists in cells -----------------------------------------------------------------------------------------


def test_lists_in_cells():
    frame = pd.DataFrame({"q": ["['a' ;  'b']", "['more than one']", "[]", ""], "t": ["[sic] yes", "['a']", "", ""]})
    made = unpack_lists(frame.astype("str"))
    assert made["q"].tolist() == ["a b", "more_than_one", "", ""]
    assert made["t"].tolist() == frame["t"].tolist()


# --- real files ---------------------------------------------------------------------------------------------

SAFI_ROWS = {
    "": 131, "F_liv": 293, "D_plots": 292, "D_crops": 373, "D_repeat_times": 378, "F_items": 261, "_members": 944,
    "E_no_group": 62, "E_yes_group": 230, "_remitters": 12,
}  # fmt: skip


@pytest.fixture(scope="module")
def safi(real_data: Path) -> dict[str, Export]:
    return read_json(real_data / "safi_moz_tza" / "SAFI.json.gz")


@pytest.mark.real
def test_safi_is_read_whole_and_a_codebook_is_derived(safi):
    assert {name: len(export.frame) for name, export in safi.items()} == SAFI_ROWS
    kinds = Counter(question.kind for question in safi[""].form.questions.values())
    assert kinds == {
        "select_one": 57,
        "text": 30,
        "integer": 28,
        "select_multiple": 16,
        "other": 4,
        "decimal": 4,
        "date": 3,
    }
    assert safi[""].findings == ()
    links = link_repeats(safi)
    assert [links[name].table for name in ("D_crops", "D_repeat_times", "_members")] == ["D_plots", "D_crops", ""]
    assert all((found.rows >= 0).all() and not found.findings for found in links.values())


@pytest.mark.real
@pytest.mark.parametrize(
    ("repeat", "column", "differ"),
    [("D_plots", "D_plots_count", 0), ("E_no_group", "E_no_group_count", 0), ("_members", "B_no_membrs", 2)],
)
def test_safi_rows_agree_with_the_counts_asked(safi, repeat, column, differ):
    rows = pd.Series(link_repeats(safi)[repeat].rows).value_counts().reindex(range(131), fill_value=0)
    asked = pd.to_numeric(safi[""].frame[column]).fillna(0)
    assert (rows != asked).sum() == differ  # two interviews list seven members and say six


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "shared", "differ"),
    [
        ("SAFI_clean.csv", 13, {"interview_date": 131, "village": 131}),
        (
            "Moz_SAFI_raw_export.csv",
            58,
            {"interview_date": 131, "province": 131, "district": 131, "ward": 131, "village": 130},
        ),
    ],
)
def test_safi_agrees_with_its_csv_exports(safi, real_data, file, shared, differ):
    raw = unpack_lists(read_raw(real_data / "safi_moz_tza" / file).frame).replace("NULL", "")
    nested = safi[""].frame.rename(columns=lambda name: re.sub(r"^[A-G]\d*_", "", name))
    nested = nested.set_index("_uuid").loc[raw["instanceID"].str.removeprefix("uuid:")]
    columns = [name for name in raw if name in nested]
    assert len(columns) == shared
    assert {name: count for name in columns if (count := differing(nested[name], raw[name]))} == differ
    dates = pd.to_datetime(raw["interview_date"].str[:10], format="mixed").dt.date.astype(str)
    assert dates.tolist() == nested["interview_date"].tolist()


def differing(nested: pd.Series, raw: pd.Series) -> int:
    """Answers that differ as numbers, or as texts with ``;`` or a space between the choices."""
    texts = (nested.reset_index(drop=True), raw.str.replace(";", " "))
    numbers = [pd.to_numeric(text, errors="coerce") for text in texts]
    return int(((texts[0] != texts[1]) & ~(numbers[0] == numbers[1])).sum())


@pytest.mark.real
def test_safi_is_answers_through_its_derived_codebook(safi, real_data, tmp_path):
    write_codebook(safi[""].form, tmp_path / "codebook.xlsx")
    raw = {"2017": real_data / "safi_moz_tza" / "SAFI.json.gz"}
    table = Table.model_validate({"key": "_uuid", "form": tmp_path / "codebook.xlsx", "raw": raw})
    study = SimpleNamespace(
        tables={"household": table},
        rounds={"2017": SimpleNamespace(collected=(None, None))},
        kept_columns=lambda unit: (),
        themes=Themes(),
        settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
    )
    tables = read_table(study, "household", None)  # type: ignore[arg-type]
    assert {name: len(keyed.answers) for name, keyed in tables.items() if name != "household"} == {
        name: count for name, count in SAFI_ROWS.items() if name
    }
    for keyed in tables.values():
        assert not (keyed.answers.reasons == Reason.INVALID).any(axis=None)
        assert {finding.rule for finding in keyed.answers.findings} <= {"pyxform"}


WFP = {
    "Nut_CRF_7_coverage_Sample_Survey": (5, 7),
    "Nut_CRF_8_adherence_Sample_Survey": (4, 8),
    "Nut_MAD_Sample_Survey": (11, 15),
    "PRO_WG_Sample_Survey/RosterMethod": (6, 19),
    "SAMS_CRF_30_PHL_Sample_Survey": (10, 15),
    "SAMS_CRF_31_NUT_Sample_Survey": (13, 20),
    "SBP_CRF_63and93_Sample_Survey": (6, 13),
}


def wfp_pair(real_data: Path, folder: str) -> dict[str, Export]:
    files = sorted((real_data / "wfp_indicator_samples" / "Static" / folder).glob("*.csv"))
    return {
        "" if path.name == "data.csv" else "child": Export(path.name, read_raw(path).frame, EMPTY) for path in files
    }


@pytest.mark.real
@pytest.mark.parametrize("folder", WFP)
def test_wfp_children_are_linked(real_data, folder):
    exports = wfp_pair(real_data, folder)
    links = link_repeats(exports)["child"]
    assert (len(exports[""].frame), len(links.rows)) == WFP[folder]
    assert (links.table, bool((links.rows >= 0).all()), links.findings) == ("", True, ())


@pytest.mark.real
def test_wfp_children_exported_without_any_link_are_refused(real_data):
    exports = wfp_pair(real_data, "Nut_MDDW_Sample_Survey")
    with pytest.raises(InputError, match="has no column that links its rows"):
        link_repeats(exports)


@pytest.mark.real
def test_tal_afar_columns_match_its_form(real_data):
    folder = real_data / "talafar_wash_2021"
    form = read_form(folder / "form_xlsform.xlsx")
    raw = read_raw(folder / "raw_data.csv.gz").frame
    columns = match_columns(list(raw), form.questions)
    own = sum(map(len, columns.options.values()))
    assert (len(raw.columns), len(columns.whole), own, len(columns.unlisted)) == (348, 152, 188, 0)
    rest = set(raw) - {
        *columns.whole.values(),
        *(name for found in columns.options.values() for name in found.values()),
    }
    assert len(rest) == 8  # what the platform added, as R spells it: X_uuid, and X.U.FEFF.start with a byte order mark
    multiple = [question for question in form.questions.values() if question.kind == "select_multiple"]
    without = [question.name for question in multiple if question.name not in columns]
    assert (len(multiple), len(without)) == (24, 5)


@pytest.mark.real
def test_tal_afar_choices_agree_with_their_columns(real_data):
    folder = real_data / "talafar_wash_2021"
    options = {"key": "X_uuid", "form": folder / "form_xlsform.xlsx", "raw": {"r1": folder / "raw_data.csv.gz"}}
    table = Table.model_validate(options | {"blank": ["", "NA"]})
    rounds = {"r1": SimpleNamespace(collected=(None, None))}
    study = SimpleNamespace(
        tables={"hh": table},
        rounds=rounds,
        kept_columns=lambda unit: (),
        themes=Themes(),
        settings=SimpleNamespace(privacy=None, quality={}, time_zone="Asia/Shanghai"),
    )
    answers = read_table(study, "hh", None)["hh"].answers  # type: ignore[arg-type]
    rules = Counter(finding.rule for finding in answers.findings)
    assert (len(answers), rules["options_disagree"], rules["option_unlisted"]) == (632, 0, 2)
    first = [question.columns[0] for question in answers.questions.values()]
    assert (answers.reasons[first] == Reason.INVALID).sum().sum() == 667  # 632 scrambled places, 35 of a dropped option
