"""Time one way to read an export and write it as Parquet; prints one line of JSON.

    python benchmarks/intake/measure.py ours|checked|bare|again FORMAT FOLDER

``ours`` is the whole path of a study: the guarded opening, the reader of the platform, the door, typing with skip
logic, the checks of a reading, and the store. ``bare`` reads the same file as text with the library underneath, and
writes it as Parquet: nothing is guarded, typed or checked. ``again`` loads the study once more, unchanged. Seconds
are of the process after its imports, on the clock (wall) and of the processor (cpu, child processes included).
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from data import FORMATS


def ours(folder: Path, form: str) -> Callable[[], object]:
    """The study, from its export to the store, without the checks of quality."""
    import xzz_analysis.intake.checking
    from xzz_analysis.intake.quality import Quality

    xzz_analysis.intake.checking.check_study = lambda *_, **__: Quality()  # type: ignore[assignment]
    return checked(folder, form)


def checked(folder: Path, form: str) -> Callable[[], object]:
    """The study, from its export to the store, with all checks of quality."""
    shutil.rmtree(folder / "outputs", ignore_errors=True)
    return again(folder, form)


def again(folder: Path, form: str) -> Callable[[], object]:
    """The study, from the store when nothing has changed."""
    import xzz_analysis.intake.table  # here, not on the clock
    from xzz_analysis.intake.store import load
    from xzz_analysis.study import open_study

    assert xzz_analysis.intake.table
    return lambda: load(open_study(folder))


def bare(folder: Path, form: str) -> Callable[[], object]:
    """The library underneath alone."""
    path, to = folder / FORMATS[form].file, folder / "bare.parquet"
    way = {".xlsx": calamine, ".csv": arrow, ".json": plain_json, ".sav": readstat, ".dta": readstat}[path.suffix]
    return way(path, to)


def calamine(path: Path, to: Path) -> Callable[[], object]:
    import pandas as pd
    from python_calamine import CalamineWorkbook

    def run() -> None:
        headers, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        pd.DataFrame(rows, columns=headers, dtype="str").to_parquet(to)

    return run


def arrow(path: Path, to: Path) -> Callable[[], object]:
    import pyarrow as pa
    import pyarrow.parquet
    from pyarrow import csv

    encoding, mark = ("utf8", ";") if path.name == "kobo.csv" else ("gb18030", ",")
    headers = path.open(encoding=encoding).readline().replace('"', "").strip().split(mark)
    options = {
        "read_options": csv.ReadOptions(encoding=encoding),
        "parse_options": csv.ParseOptions(delimiter=mark),
        "convert_options": csv.ConvertOptions(column_types=dict.fromkeys(headers, pa.string())),
    }
    return lambda: pyarrow.parquet.write_table(csv.read_csv(path, **options), to)


def plain_json(path: Path, to: Path) -> Callable[[], object]:
    import pandas as pd

    def run() -> None:
        submissions = json.loads(path.read_bytes())["results"]
        pd.DataFrame(submissions).astype("str").to_parquet(to)

    return run


def readstat(path: Path, to: Path) -> Callable[[], object]:
    import pyreadstat

    read = pyreadstat.read_sav if path.suffix == ".sav" else pyreadstat.read_dta
    return lambda: read(path, user_missing=True)[0].to_parquet(to)


def processor() -> float:
    """Seconds that this process and its children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    way, form, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    run = {"ours": ours, "checked": checked, "bare": bare, "again": again}[way](folder, form)
    before, started = processor(), time.perf_counter()
    run()
    seconds, wall = processor() - before, time.perf_counter() - started
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"way": way, "format": form, "cpu": seconds, "wall": wall, "largest": largest}))


if __name__ == "__main__":
    main()
