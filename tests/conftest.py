"""Shared by all tests: where things are, and one built study."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from xzz_analysis.cli import main

settings.register_profile("xzz", deadline=None)  # a loaded machine is slow, not wrong
settings.load_profile("xzz")

ROOT = Path(__file__).parents[1]


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
def my_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study made by `xzz init` and built once, in a folder with spaces and Chinese characters."""
    folder = tmp_path_factory.mktemp("work") / "我的 study"
    main_ok(["init", str(folder)])
    main_ok(["build", str(folder), "--quiet"])
    return folder


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
