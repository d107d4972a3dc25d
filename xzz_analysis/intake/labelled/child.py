"""Reads one SPSS or Stata file in a process of its own, and writes its columns as an Arrow stream to standard output.

ReadStat, the C library underneath, can crash on a damaged file; here only this process ends. Run by its path, so that
it imports nothing but what it needs::

    python child.py sav|dta FILE ENCODING MEMORY_LIMIT
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyreadstat


def limit_memory(most: int) -> None:
    """Let the system refuse more than ``most`` bytes, and keep no image of the memory after a crash, where it can."""
    try:
        import resource
    except ImportError:  # Windows has no such limit; the size checks before still hold
        return
    _, highest = resource.getrlimit(resource.RLIMIT_AS)
    most = most if highest == resource.RLIM_INFINITY else min(most, highest)
    resource.setrlimit(resource.RLIMIT_AS, (most, highest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(kind: str, path: str, encoding: str) -> tuple[Any, Any]:
    """A data frame, which takes half the memory of lists, and the metadata."""
    reader = pyreadstat.read_dta if kind == "dta" else pyreadstat.read_sav
    data, meta = reader(
        path,
        user_missing=True,
        disable_datetime_conversion=True,
        output_format="pandas",
        encoding=encoding or None,
    )
    return data, meta


def stream(data: Any, meta: Any, out: BinaryIO) -> None:
    """Write the columns, named by position, and what is known about them as JSON in the schema."""
    arrays: dict[str, pa.Array] = {}
    for position, name in enumerate(meta.column_names):
        values = data.pop(name).to_numpy()
        if meta.readstat_variable_types[name] == "string":
            texts = [value if isinstance(value, str) else "" for value in values]
            arrays[str(position)] = pa.array(texts, pa.large_string())
            continue
        try:
            arrays[str(position)] = pa.array(values.astype(np.float64, copy=False))
        except ValueError:  # Stata's .a to .z come as letters
            letters = [value if isinstance(value, str) else "" for value in values]
            numbers = [None if isinstance(value, str) else value for value in values]
            arrays[str(position)] = pa.array(np.array(numbers, dtype=np.float64))
            arrays[f"{position} letters"] = pa.array(letters, pa.large_string())
    table = pa.table(arrays).replace_schema_metadata({"about": json.dumps(about(meta), ensure_ascii=False)})
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)


def about(meta: Any) -> dict[str, Any]:
    """The dictionary of the file."""
    variables = [
        {
            "name": name,
            "label": meta.column_names_to_labels.get(name) or "",
            "format": meta.original_variable_types.get(name) or "",
            "type": meta.readstat_variable_types[name],
            "measure": meta.variable_measure.get(name) or "",
            "labels": [[code, text] for code, text in meta.variable_value_labels.get(name, {}).items() if finite(code)],
            "missing": [[spec["lo"], spec["hi"]] for spec in meta.missing_ranges.get(name, ())],
        }
        for name in meta.column_names
    ]
    return {
        "title": meta.file_label or "",
        "encoding": meta.file_encoding or "",
        "rows": meta.number_rows,
        "variables": variables,
        "sets": meta.mr_sets,
    }


def finite(code: object) -> bool:
    """Whether a labelled value can be written as JSON."""
    return isinstance(code, str | int) or (isinstance(code, float) and math.isfinite(code))


def main() -> int:
    """Read what the command line names; 3 when ReadStat says that it cannot."""
    kind, path, encoding, most = sys.argv[1:]
    limit_memory(int(most))
    try:
        data, meta = read(kind, path, encoding)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, MemoryError, OverflowError) as error:
        said = str(error) if isinstance(error, pyreadstat.ReadstatError) else type(error).__name__
        sys.stderr.write(said)
        return 3
    stream(data, meta, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
