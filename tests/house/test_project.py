"""Declarations of the project agree with each other."""

import re
import tomllib

import pytest
import yaml

CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",
    "PyYAML": "pyyaml",
    "types-PyYAML": "types-pyyaml",
}
"""PyPI name → conda-forge name, where they differ."""


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wanted(project):
    return set(project["dependencies"]) | set(project["optional-dependencies"]["test"])


def test_environment_agrees_with_pyproject(root, wanted):
    listed = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    conda = {entry for entry in listed if isinstance(entry, str)} - {"python>=3.11", "pip"}
    expected = {re.sub(r"^[\w-]+", lambda name: CONDA_NAMES.get(name[0], name[0]), entry) for entry in wanted}
    assert conda | set(pip) - {"-e ."} == expected
    assert pip[-1] == "-e ."


def test_environment_asks_for_the_same_python(root, project):
    listed = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert f"python{project['requires-python']}" in listed


def test_lock_pins_every_dependency_with_hashes(root, wanted):
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, flags=re.M))
    names = {re.match(r"[\w-]+", entry)[0].lower().replace("_", "-") for entry in wanted}
    assert names <= pinned
    assert lock.count("--hash=sha256:") > len(pinned)


def test_lock_names_no_host(root):
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|index-url|find-links", lock)


def test_version_is_the_same_everywhere(root):
    import xzz_analysis

    assert f"version: {xzz_analysis.__version__}" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {xzz_analysis.__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_file_names_work_on_windows(root):
    names = [path for path in root.rglob("*") if ".venv" not in path.parts and ".git" not in path.parts]
    assert not [path for path in names if re.search(r'[:*?"<>|\\]|[. ]$', path.name)]
    lowered = [path.as_posix().lower() for path in names]
    assert len(lowered) == len(set(lowered))
