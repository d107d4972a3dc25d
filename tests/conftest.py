"""Shared by all tests: where things are, and one built study."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from xzz_analysis.cli import main
from xzz_analysis.intake.privacy.vault.key import write_key

# A loaded machine is slow, not wrong; and the same code passes or fails alike wherever it is tested. `make explore`
# looks for new counterexamples instead.
settings.register_profile("xzz", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("XZZ_EXPLORE") else "xzz")

ROOT = Path(__file__).parents[1]


ONE_PROFILE = ("  each: community\n", "  each: community\n  only: [heyan]\n")


@pytest.fixture(autouse=True, scope="session")
def vault_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The key of vaults lies in a temporary folder, as if in another user's; all processes of the tests have one."""
    key = _together(tmp_path_factory) / "keys" / "vault.key"
    with FileLock(key.parent.with_suffix(".lock")):
        if not key.exists():
            write_key(key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_VAULT_KEY_FILE", str(key))
        yield


def _together(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that the processes of the tests share."""
    mine = factory.getbasetemp()
    return mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real surveys; the test is skipped with the reason when there is none."""
    folder = Path(os.environ.get("XZZ_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "haiti_msna_2022").is_dir():
        pytest.skip(f"no real surveys: set XZZ_REAL_DATA ({folder.name} holds no haiti_msna_2022)")
    return folder


@pytest.fixture(scope="session")
def demo_children() -> dict[str, pd.DataFrame]:
    """The children of the demonstration study by round, read from the exports by text without the library.

    Columns and options have the form's names, options joined by spaces and as 0/1 columns; what was skipped or left
    blank is "".
    """
    return {name: _children(ROOT / f"data/demo/raw/{name}_child_text.xlsx") for name in ("2025Q2", "2025Q4")}


def _children(path: Path) -> pd.DataFrame:
    form = pd.read_excel(ROOT / "data/demo/forms/child.xlsx", sheet_name=None, dtype=str, engine="calamine")
    zh = "label::中文 (zh)"
    names = dict(zip(form["survey"][zh], form["survey"]["name"], strict=True))
    types = dict(zip(form["survey"]["name"], form["survey"]["type"], strict=True))
    table = pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)
    table = table.replace({"(跳过)": "", "(空)": ""})
    table = table.rename(columns=lambda header: names.get(header.partition("、")[2], header))
    for name in [name for name in table if types.get(name, "").startswith("select")]:
        choices = form["choices"][form["choices"]["list_name"] == types[name].split()[1]]
        option = dict(zip(choices[zh], choices["name"], strict=True)) | {"其他〖合成示例：其他情况〗": "other"}
        parts = table[name].str.split("┋").map(lambda given: [part for part in given if part])
        words = parts.map(lambda given, option=option: [option.get(part, part) for part in given])
        if types[name].startswith("select_multiple"):
            for one in option.values():
                table[f"{name}/{one}"] = words.map(lambda chosen, one=one: str(int(one in chosen)) if chosen else "")
        table[name] = words.str.join(" ")
    return table


@pytest.fixture(scope="session")
def my_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study made by `xzz init` and built once, in a folder with spaces and Chinese characters.

    One profile instead of all, and no service report, saves minutes: `served_study` has those.
    """

    def fewer(folder: Path) -> None:
        reports = folder / "reports.yml"
        reports.write_text(reports.read_text(encoding="utf-8").replace(*ONE_PROFILE, 1), encoding="utf-8")
        keep_reports(folder, lambda name: not name.startswith("service_"))

    return _built_once(tmp_path_factory, "我的 study", fewer)


@pytest.fixture(scope="session")
def served_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study made by `xzz init` of which the reports on services were built."""
    return _built_once(
        tmp_path_factory, "served", lambda folder: keep_reports(folder, lambda name: name.startswith("service_"))
    )


def _built_once(factory: pytest.TempPathFactory, name: str, fewer: Callable[[Path], None]) -> Path:
    """The demonstration with some reports, built by the first process of the tests that asks; a copy for each."""
    together = _together(factory)
    ready = together / "built" / name
    with FileLock(together / f"{name}.lock"):
        if not ready.exists():
            folder = together / "building" / name
            main_ok(["init", str(folder)])
            fewer(folder)
            main_ok(["build", str(folder), "--quiet"])
            ready.parent.mkdir(exist_ok=True)
            folder.rename(ready)
    return Path(shutil.copytree(ready, factory.mktemp("study") / name))


def keep_reports(folder: Path, wanted: Callable[[str], bool]) -> None:
    """Leave in reports.yml the reports that are wanted by their name."""
    path = folder / "reports.yml"
    start, *entries = path.read_text(encoding="utf-8").split("\n- report: ")
    kept = [one for one in entries if wanted(one)]
    assert 0 < len(kept) < len(entries)
    path.write_text("\n- report: ".join([start, *kept]), encoding="utf-8")


@pytest.fixture(scope="session")
def without_places() -> Callable[[Path], None]:
    """Takes the reports on places and services out of reports.yml, where a test builds a study for another reason."""

    def leave_out(folder: Path) -> None:
        keep_reports(folder, lambda name: not name.startswith(("resource_map", "community_profile", "service_")))

    return leave_out


@pytest.fixture(scope="session")
def haiti(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example study of the real survey, its needs report built; nothing is written into the project."""
    folder = tmp_path_factory.mktemp("real") / "examples" / "haiti_msna_2022"
    shutil.copytree(ROOT / "examples" / "haiti_msna_2022", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_REAL_DATA", str(real_data))
        main_ok(["build", str(folder), "needs_report", "--quiet"])
    return folder


def main_ok(arguments: list[str]) -> None:
    """Run the command and expect exit code 0."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code in (0, None)
