"""The folder of partials: which file has which, and whether it still agrees with its file.

A partial is a folder in the store, named by what its file holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from xzz_analysis.study.services import Anomalies

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUT = "2"
"""Version of what partials hold; another one makes them anew."""


@dataclass(frozen=True)
class Settings:
    """How large ledgers are read.

    Attributes
    ----------
    currency : str
        Lines in another one are counted and left out.
    limits : Anomalies
    memory : str
        What DuckDB may hold; more goes to the store's folder.
    threads : int
    """

    currency: str = "CNY"
    limits: Anomalies = field(default_factory=Anomalies)
    memory: str = "1400MB"
    threads: int = 2


class Store:
    """A folder of partials, and the database that makes them.

    Parameters
    ----------
    folder : Path
    settings : Settings
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings = settings
        self.read: list[str] = []
        self._index = folder / "files.json"
        self.files: dict[str, dict[str, object]] = json.loads(self._index.read_text()) if self._index.exists() else {}
        self.database = duckdb.connect()
        scratch = folder / f"scratch-{os.getpid()}"
        for name, value in {
            "memory_limit": settings.memory,
            "threads": settings.threads,
            "temp_directory": str(scratch),
            "preserve_insertion_order": True,  # rows of one query stand beside rows of another
            "enable_progress_bar": False,
        }.items():
            self.database.execute(f"SET {name} = {value!r}" if isinstance(value, str) else f"SET {name} = {value}")

    def close(self) -> None:
        """Close the database and take its scratch folder away."""
        self.database.close()
        shutil.rmtree(self.folder / f"scratch-{os.getpid()}", ignore_errors=True)

    def key(self, path: Path, kind: str) -> str:
        """The name of a file's partial, made of its bytes and of everything else that its content hangs on.

        A file whose size and time of change are those of last time is not opened. The footer of a Parquet file alone
        would not do: two amounts that change places leave sizes and statistics as they are.
        """
        stands = path.stat()
        now = {"size": stands.st_size, "changed": stands.st_mtime_ns, "made": self._made(kind)}
        known = self.files.get(f"{kind}/{path.name}")
        if known is not None and {name: known.get(name) for name in now} == now and self.at(str(known["key"])).exists():
            return str(known["key"])
        with path.open("rb") as file:
            told = hashlib.file_digest(file, "sha256").hexdigest()
        key = f"{kind}-{hashlib.sha256(f'{told} {self._made(kind)}'.encode()).hexdigest()[:24]}"
        self.files[f"{kind}/{path.name}"] = {**now, "key": key}
        return key

    def _made(self, kind: str) -> str:
        """What a partial hangs on beside its file: hashes hang on DuckDB's version."""
        limits = self.settings.limits.model_dump_json() if kind == "redeemed" else ""
        return f"{LAYOUT} {duckdb.__version__} {self.settings.currency} {limits}"

    def at(self, key: str) -> Path:
        """Folder of a partial."""
        return self.folder / key

    def keep_index(self) -> None:
        """Write down which file has which partial."""
        draft = self._index.with_suffix(".draft")
        draft.write_text(json.dumps(self.files, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self._index)

    @contextmanager
    def draft(self, key: str) -> Iterator[Path]:
        """A folder that takes the partial's place once it is complete."""
        draft = self.folder / f"{key}.draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            yield draft
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        shutil.rmtree(self.at(key), ignore_errors=True)
        draft.replace(self.at(key))
