"""Where a number comes from: hashes of inputs and code, versions of what can change a figure."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import xzz_analysis
from xzz_analysis.intake.store import input_hash

PACKAGES = (
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "geopandas",
    "papermill",
    "pyxform",
    "noto-cjk-sans-otc",
)
"""Packages whose versions can change a number or a drawing."""


def code_hash() -> str:
    """SHA-256 over every source file of the library."""
    package = Path(xzz_analysis.__file__).parent
    files = [path for path in sorted(package.rglob("*")) if path.suffix in (".py", ".yml", ".j2", ".css")]
    return input_hash({path.relative_to(package).as_posix(): path for path in files})


def code_version() -> str:
    """The library's version and the first digits of its code's hash, ``0.1.0+1a2b3c4d``."""
    return f"{xzz_analysis.__version__}+{code_hash()[:8]}"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a figure."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: version(name) for name in PACKAGES}}


def notebook_hash(path: Path) -> str:
    """SHA-256 over the sources of a notebook's cells (outputs, ids and metadata left out)."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"]]
    return fingerprint(cells)


def fingerprint(data: Any) -> str:
    """SHA-256 of the canonical JSON of some data."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
