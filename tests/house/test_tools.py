"""The tools that guard the house are part of the tests."""

import subprocess
import sys

import pytest

TOOLS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "import contract": ["importlinter.cli"],
}


@pytest.mark.parametrize("name", [name for name in TOOLS if name != "import contract"])
def test_tool_is_content(name, root):
    done = subprocess.run([sys.executable, "-m", *TOOLS[name]], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_import_contract_is_kept(root):
    call = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", call], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
