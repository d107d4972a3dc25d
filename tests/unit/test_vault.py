"""The vault keeps identifiers shut, links rounds, and forgets for ever."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.privacy.forgetting import forget, one_log, rewrite_raw
from xzz_analysis.intake.privacy.identifiers import spans
from xzz_analysis.intake.privacy.scan import DETECTED
from xzz_analysis.intake.privacy.vault import (
    IN_VAULT,
    KEY_VARIABLE,
    PSEUDONYM,
    Holder,
    Vault,
    admit,
    normal_key,
    remember_repeat,
)


@pytest.fixture
def key(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "safe place" / "vault.key"
    monkeypatch.setenv(KEY_VARIABLE, str(path))
    return path


@pytest.fixture
def folder(tmp_path, key) -> Path:
    path = tmp_path / "我的 study"
    path.mkdir()
    return path


@pytest.fixture
def vault(folder) -> Vault:
    """Two families; the first has two children."""
    vault = Vault.open(folder)
    remember(vault, "family", ["F1", "F2"], {"family_id": ["F1", "F2"], "phone": ["13800138000", "13900139000"]})
    names = {"child_id": ["C11", "C12", "C21"], "name": ["王小明", "王小红", "李雷"]}
    remember(vault, "child", ["C11", "C12", "C21"], names, ["F1", "F1", "F2"])
    return vault


def remember(vault, unit, keys, columns, parents=None, round_name="r1"):
    parents = None if parents is None else vault.pseudonyms(pd.Series(parents))
    vault.remember(unit, round_name, vault.pseudonyms(pd.Series(keys)), pd.DataFrame(columns), parents)


def export(columns: dict[str, list[str]]) -> Export:
    return Export("child.csv", pd.DataFrame(columns, dtype=str), Form("", "", (), {}, (), ()))


def test_what_is_remembered_is_there_after_opening_again(vault, folder):
    assert Vault.open(folder).rows().equals(vault.rows())
    assert set(vault.known_words()) >= {"王小明", "13800138000", "C11", "F2"}


def test_nothing_can_be_read_without_the_key(vault, folder):
    stored = b"".join(path.read_bytes() for path in (folder / "vault").iterdir())
    for word in vault.known_words():
        assert word.encode() not in stored or len(word) < 5
    assert not [word for word in vault.known_words() if word in repr(vault)]


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX")
def test_the_key_is_for_its_owner_only(vault, folder, key):
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        Vault.open(folder)


def test_the_key_never_lies_in_the_study(folder, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, str(folder / "vault" / "my.key"))
    with pytest.raises(InputError, match="inside the study folder"):
        Vault.open(folder)
    assert not (folder / "vault" / "my.key").exists()


def test_a_link_into_the_study_is_seen_through(folder, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").symlink_to(folder)
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "elsewhere" / "my.key"))
    with pytest.raises(InputError, match="inside the study folder"):
        Vault.open(folder)


def test_by_default_the_key_lies_in_the_users_configuration(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    for variable in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    (tmp_path / "study").mkdir()
    Vault.open(tmp_path / "study")
    Vault.open(tmp_path / "study")
    assert len(list((tmp_path / "home").rglob("vault-*.key"))) == 1


def test_a_lost_key_is_said_and_no_other_is_made(vault, folder, key):
    key.unlink()
    with pytest.raises(InputError, match=r"is lost.*copy it back"):
        Vault.open(folder)
    assert not key.exists()


def test_another_key_is_refused(vault, folder, key, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "other.key"))
    Vault.open(tmp_path / "other")
    with pytest.raises(InputError, match="rounds would no longer link"):
        Vault.open(folder)


def test_a_damaged_key_is_refused(vault, folder, key):
    key.write_text("YWJj\n", encoding="ascii")
    key.chmod(0o600)
    with pytest.raises(InputError, match="3 bytes, not 32"):
        Vault.open(folder)


@pytest.mark.parametrize("place", [-1, -40, 120])
def test_a_changed_vault_is_refused(vault, folder, place):
    path = folder / "vault" / "identifiers.vault"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="changed or cut off"):
        Vault.open(folder)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_vault_that_is_cut_off_is_refused(vault, folder, part):
    path = folder / "vault" / "identifiers.vault"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InputError, match=r"cut off|damaged"):
        Vault.open(folder)


def test_a_write_that_fails_leaves_the_old_vault(vault, folder, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        remember(vault, "child", ["C99"], {"name": ["韩梅梅"]}, round_name="r2")
    monkeypatch.undo()
    monkeypatch.setenv(KEY_VARIABLE, str(folder.parent / "safe place" / "vault.key"))
    assert "韩梅梅" not in Vault.open(folder).known_words()


def test_pseudonyms_link_rounds_and_units(vault, folder):
    keys = pd.Series(["C11", "Ｃ11 ", "c11", "", "C11"], index=[5, 6, 7, 8, 9])
    made = Vault.open(folder).pseudonyms(keys)
    assert made.index.equals(keys.index)
    assert made[5] == made[6] == made[9] != made[7]
    assert made[8] == ""
    assert len(made[5]) == PSEUDONYM and made[5].isalnum()


def test_pseudonyms_of_another_study_differ(vault, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "second.key"))
    (tmp_path / "second").mkdir()
    keys = pd.Series(["C11"])
    assert Vault.open(tmp_path / "second").pseudonyms(keys)[0] != vault.pseudonyms(keys)[0]


def test_no_pseudonym_looks_like_an_account_or_a_number_of_somebody(vault):
    made = vault.pseudonyms(pd.Series([f"C{number}" for number in range(20_000)]))
    assert made.is_unique
    assert [kind for text in (json.dumps(list(made)), " ".join(made)) for kind, *_ in spans(text, kinds=DETECTED)] == []


def test_no_keys_no_pseudonyms(vault):
    assert vault.pseudonyms(pd.Series([], dtype=str)).empty


def test_a_round_read_again_replaces_what_was_kept(vault):
    remember(vault, "child", ["C11"], {"child_id": ["C11"], "name": ["王晓明"]})
    rows = vault.rows()
    assert rows.loc[(rows["unit"] == "child") & (rows["column"] == "name"), "value"].tolist() == ["王晓明"]


def test_forgetting_a_child_leaves_its_siblings(vault, folder):
    gone = vault.forget("C11")
    assert gone.values == {"child": 2}
    assert "王小明" not in Vault.open(folder).known_words()
    assert {"王小红", "13800138000"} <= set(vault.known_words())
    assert "王小明" not in repr(gone)


def test_forgetting_a_family_takes_its_children(vault):
    assert vault.forget("F1").values == {"child": 4, "family": 2}
    assert set(vault.known_words()) == {"F2", "13900139000", "C21", "李雷"}


def test_the_forgotten_do_not_come_back(vault, folder):
    pseudonyms = vault.pseudonyms(pd.Series(["C11", "C12"]))
    vault.forget(pseudonyms[0])
    assert Vault.open(folder).forgotten(pseudonyms).tolist() == [True, False]
    remember(vault, "child", ["C11", "C12"], {"name": ["王小明", "王小红"]}, round_name="r2")
    assert "王小明" not in vault.known_words()
    assert "王小明".encode() not in (folder / "vault" / "forgotten.txt").read_bytes()


def test_the_list_of_the_forgotten_outlives_the_vault(vault, folder, key):
    vault.forget("C11")
    (folder / "vault" / "identifiers.vault").unlink()
    again = Vault.open(folder)
    assert again.forgotten(again.pseudonyms(pd.Series(["C11"]))).all()
    (folder / "vault" / "identifiers.vault").unlink()
    key.unlink()
    with pytest.raises(InputError, match="is lost"):
        Vault.open(folder)


def test_an_unknown_key_forgets_nobody_and_is_not_shown(vault, folder):
    with pytest.raises(InputError, match="nobody was forgotten") as caught:
        vault.forget("C-unknown-77")
    assert "C-unknown-77" not in str(caught.value)
    assert not (folder / "vault" / "forgotten.txt").exists()


def test_an_export_is_let_in(vault):
    given = export({"child_id": ["C11", "C12"], "family_id": ["F1", "F1"], "name": ["王小明", ""], "age": ["8", "9"]})
    vault.forget("C12")
    entered = admit(given, vault, "child", "r2", ["name"], key="child_id", parent_key="family_id")
    assert entered.frame["name"].tolist() == [IN_VAULT]
    assert entered.frame["age"].tolist() == ["8"]
    assert entered.frame["child_id"].tolist() == vault.pseudonyms(pd.Series(["C11"])).tolist()
    assert [(one.rule, one.count) for one in entered.findings] == [("forgotten", 1)]
    second = vault.rows().query("round == 'r2'")
    assert dict(zip(second["column"], second["value"], strict=True)) == {"child_id": "C11", "name": "王小明"}


def test_children_of_a_forgotten_family_stay_out(vault):
    vault.forget("F1")
    given = export({"child_id": ["C13", "C21"], "family_id": ["F1", "F2"]})
    assert len(admit(given, vault, "child", "r2", [], key="child_id", parent_key="family_id").frame) == 1


def test_normal_key_keeps_capitals():
    assert normal_key(" ａB1\u200b") == "aB1"


@pytest.fixture
def study(folder):
    """A study whose raw files hold the families and children of the vault."""
    raw = folder / "raw"
    raw.mkdir()
    (raw / "child.csv").write_bytes(
        "child_id,_uuid,name\r\nC11,u1,王小明\r\nC12,u2,王小红\r\nC21,u3,李雷\r\n".encode("gb18030")
    )
    (raw / "friend.csv").write_text("friend,_submission__uuid\nx,u1\ny,u1\nz,u3\n", encoding="utf-8-sig")
    book = openpyxl.Workbook()
    for row in (["family_id", "phone"], ["F1", "13800138000"], ["F2", "13900139000"]):
        book.active.append(row)
    book.save(raw / "family.xlsx")
    files = {
        "tables.child.raw.r1": raw / "child.csv",
        "tables.child.repeats.friend.r1": raw / "friend.csv",
        "tables.family.raw.r1": raw / "family.xlsx",
    }
    tables = {"family": SimpleNamespace(key="family_id"), "child": SimpleNamespace(key="child_id")}
    outputs = folder / "outputs"
    for made in ("internal/answers/demo-0123456789ab/x.parquet", "internal/demo-r1/page.html", "release/other-r1/a"):
        (outputs / made).parent.mkdir(parents=True)
        (outputs / made).write_text("x", encoding="utf-8")
    return SimpleNamespace(
        id="demo", folder=folder, outputs=outputs, rounds={"r1": None}, tables=tables, input_files=lambda: files
    )


def test_forgetting_deletes_what_can_be_made_again(study, vault):
    erasure = forget(study, vault, "C11")
    assert sorted(path.name for path in erasure.deleted) == ["demo-0123456789ab", "demo-r1"]
    assert (study.outputs / "release" / "other-r1" / "a").exists()
    assert "C11" not in repr(erasure) and "王小明" not in repr(erasure)


def test_forgetting_names_the_raw_files_that_hold_the_child(study, vault):
    held = forget(study, vault, "C11").raw
    assert {path.name: int(rows) for path, rows in held.itertuples(index=False)} == {"child.csv": 1, "friend.csv": 2}


def test_forgetting_a_release_is_listed(study, vault):
    release = study.outputs / "release" / "demo-r1"
    release.mkdir()
    (release / "manifest.json").write_text("{}", encoding="utf-8")
    assert forget(study, vault, "C11").regenerate == (release,)


def test_copies_of_raw_files_without_the_child(study, vault, tmp_path):
    drop = forget(study, vault, "C11").drop
    raw = study.folder / "raw"
    assert rewrite_raw(raw / "child.csv", tmp_path / "child.csv", drop) == 1
    text = (tmp_path / "child.csv").read_bytes().decode("gb18030")
    assert text == "child_id,_uuid,name\r\nC12,u2,王小红\r\nC21,u3,李雷\r\n"
    assert rewrite_raw(raw / "friend.csv", tmp_path / "friend.csv", drop) == 2
    assert (tmp_path / "friend.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with pytest.raises(InputError, match="there already"):
        rewrite_raw(raw / "child.csv", tmp_path / "child.csv", drop)


def test_a_copy_of_a_workbook_without_the_family(study, vault, tmp_path):
    drop = forget(study, vault, "F1").drop
    assert rewrite_raw(study.folder / "raw" / "family.xlsx", tmp_path / "family.xlsx", drop) == 1
    rows = openpyxl.load_workbook(tmp_path / "family.xlsx").active.iter_rows(values_only=True)
    assert list(rows) == [("family_id", "phone"), ("F2", "13900139000")]


def test_a_round_whose_time_is_over_leaves_the_vault_for_ever(vault, folder):
    remember(vault, "child", ["C11"], {"name": ["王小明"]}, ["F1"], round_name="r2")
    remember(vault, "friend", ["C11"], {"friend": ["赵小花"]})
    assert vault.close("child", "r1", ["friend"]) == 7
    again = Vault.open(folder)
    assert set(map(tuple, again.rows()[["unit", "round"]].to_numpy())) == {("family", "r1"), ("child", "r2")}
    assert [again.closed("child", "r1"), again.closed("child", "r2"), again.closed("family", "r1")] == [
        True,
        False,
        False,
    ]
    given = export({"child_id": ["C21", "C99"], "name": ["李雷", "韩梅梅"]})
    entered = admit(given, again, "child", "r1", ["name"], key="child_id")
    assert len(entered.frame) == 0 and "韩梅梅" not in again.known_words()
    assert [(finding.rule, finding.count) for finding in entered.findings] == [("round_over", 2)]
    assert len(admit(given, again, "child", "r2", ["name"], key="child_id").frame) == 2


def test_closing_a_round_again_changes_nothing(vault, folder):
    vault.close("child", "r1")
    before = (folder / "vault" / "forgotten.txt").read_bytes()
    assert vault.close("child", "r1") == 0
    assert (folder / "vault" / "forgotten.txt").read_bytes() == before


# --- identifiers in repeats ---------------------------------------------------------------------------------


def repeat(vault, names, links, families=("F1", "F2"), **holder):
    main = export({"family_id": list(families), "_uuid": [f"u{place}" for place in range(1, len(families) + 1)]})
    rows = export({"name": list(names), "_submission__uuid": list(links)})
    remember_repeat(rows, "member", ["name"], Holder(main, "family", "r1", "family_id", **holder), vault)


def test_names_in_a_repeat_are_known_under_the_record_that_holds_them(vault):
    repeat(vault, ["赵一", "钱二", "孙三", ""], ["u1", "u2", "u1", "u2"])
    rows = vault.rows()
    held = rows[rows["unit"] == "member"].groupby("pseudonym")["value"].agg(set).to_dict()
    first, second = vault.pseudonyms(pd.Series(["F1", "F2"]))
    assert held == {first: {"赵一", "孙三"}, second: {"钱二"}}


def test_names_in_a_repeat_are_forgotten_with_their_record(vault, folder):
    repeat(vault, ["赵一", "钱二"], ["u1", "u2"])
    forgotten = vault.forget("F1")
    assert (forgotten.values["member"], "赵一" in forgotten.words) == (1, True)
    assert not {"赵一"} & set(Vault.open(folder).known_words())
    repeat(vault, ["赵一", "钱二"], ["u1", "u2"])
    assert set(vault.known_words()) & {"赵一", "钱二"} == {"钱二"}


def test_names_of_rows_whose_record_did_not_enter_are_not_kept(vault):
    repeat(vault, ["赵一", "钱二", "周五"], ["u1", "u9", ""])
    assert set(vault.known_words()) & {"赵一", "钱二", "周五"} == {"赵一"}


def test_a_child_of_a_forgotten_family_takes_the_names_in_its_repeat_along(vault):
    vault.forget("F1")
    main = export({"child_id": ["C13", "C21"], "family_id": ["F1", "F2"], "_uuid": ["u1", "u2"]})
    rows = export({"name": ["赵一", "钱二"], "_submission__uuid": ["u1", "u2"]})
    remember_repeat(rows, "friend", ["name"], Holder(main, "child", "r1", "child_id", "family_id"), vault)
    assert set(vault.known_words()) & {"赵一", "钱二"} == {"钱二"}


def test_a_repeat_that_lost_its_identifiers_loses_them_in_the_vault(vault):
    repeat(vault, ["赵一"], ["u1"])
    repeat(vault, [""], ["u1"])
    assert "赵一" not in vault.known_words()


def test_what_the_platform_writes_for_no_answer_is_nobodys_name_or_key(vault):
    given = replace(
        export({"child_id": ["C11", "(跳过)"], "name": ["王小明", "(跳过)"]}), words={"(跳过)": Reason.SKIPPED}
    )
    entered = admit(given, vault, "child", "r3", ["name"], key="child_id")
    assert entered.frame["child_id"].tolist()[1] == "" and entered.frame["name"].tolist() == [IN_VAULT, "(跳过)"]
    assert "(跳过)" not in vault.known_words()


def test_an_export_without_its_key_is_refused(vault):
    with pytest.raises(InputError, match="no column for the key of 'child'"):
        admit(export({"name": ["x"]}), vault, "child", "r1", [], key="")


# --- audit logs ---------------------------------------------------------------------------------------------


def test_audit_logs_of_the_child_are_found_and_copied_without_it(study, vault, tmp_path):
    files = study.input_files()
    raw, row = study.folder / "raw", "question,/d/name,0,1000\n"
    for name in ("u1", "u3"):
        (raw / "audit" / name).mkdir(parents=True)
        (raw / "audit" / name / "audit.csv").write_text(f"event,node,start,end\n{row}", encoding="utf-8")
        files[f"tables.child.raw.r1.{name}"] = raw / "audit" / name / "audit.csv"
    rows = f"uuid:u1,{row}uuid:u3,{row}uuid:u1,{row}"
    (raw / "all.csv").write_text(f"instance ID,event,node,start,end\n{rows}", encoding="utf-8")
    with zipfile.ZipFile(raw / "media.zip", "w") as archive:
        for name in ("u1/audit.csv", "u1/face.jpg", "u3/audit.csv"):
            archive.writestr(f"attachments/{name}", f"event,node,start,end\n{row}")
    files |= {"tables.child.raw.r1.8": raw / "all.csv", "tables.child.raw.r1.9": raw / "media.zip"}
    erasure = forget(study, vault, "C11")
    held = {path: int(count) for path, count in erasure.raw.itertuples(index=False) if path.parent.name != "raw"}
    assert held == {raw / "audit" / "u1" / "audit.csv": 1}
    assert one_log(raw / "audit" / "u1" / "audit.csv") and not one_log(raw / "all.csv")
    assert rewrite_raw(raw / "all.csv", tmp_path / "all.csv", erasure.drop) == 1
    assert (tmp_path / "all.csv").read_text(encoding="utf-8") == f"instance ID,event,node,start,end\nuuid:u3,{row}"
    assert rewrite_raw(raw / "media.zip", tmp_path / "media.zip", erasure.drop) == 1
    assert zipfile.ZipFile(tmp_path / "media.zip").namelist() == ["attachments/u3/audit.csv"]
