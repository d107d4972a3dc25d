"""Time one way to estimate 100 indicators by 20 domains from a Parquet file; prints one line of JSON.

    python benchmarks/survey/measure.py xzz|stored|limit|read|svy|jackknife|bootstrap PATH [REPEATS]

Seconds are CPU seconds of the process after its imports, reading included; memory is the process's peak.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}


def indicators(path: str) -> list[str]:
    import pyarrow.parquet as pq

    return [name for name in pq.read_schema(path).names if name.startswith("need")]


def xzz(path: str, memory: int = 1 << 40) -> Callable[[], Any]:
    import xzz_analysis
    from xzz_analysis.survey import estimate

    names = indicators(path)
    assert estimate.share

    def run() -> Any:
        sample = xzz_analysis.Sample(xzz_analysis.read_parquet(path, memory=memory), **DESIGN)
        return xzz_analysis.share(sample, names, by="domain")

    return run


def stored(path: str) -> Callable[[], Any]:
    return xzz(path, memory=0)


def limit(path: str) -> Callable[[], Any]:
    """Reading the file and one group-by of cluster × domain in DuckDB: what nobody can do without."""
    import duckdb

    sums = ", ".join(f"sum(weight * {name})" for name in indicators(path))
    query = f"SELECT stratum, cluster, domain, sum(weight), {sums} FROM '{path}' GROUP BY ALL"
    return lambda: duckdb.connect().execute(query).fetchnumpy()


def svy(path: str) -> Callable[[], Any]:
    import polars
    import svy

    names = indicators(path)

    def run() -> Any:
        design = svy.Design(stratum="stratum", psu="cluster", wgt="weight")
        sample = svy.Sample(polars.read_parquet(path), design)
        return sample.estimation.mean(names, by="domain")

    return run


def replicated(method: str) -> Callable[[str], Callable[[], Any]]:
    def prepare(path: str) -> Callable[[], Any]:
        import xzz_analysis

        names = indicators(path)
        sample = xzz_analysis.Sample(xzz_analysis.read_parquet(path), **DESIGN)
        if method == "points":
            return lambda: xzz_analysis.share(sample, names, by="domain")
        return lambda: xzz_analysis.replicate(sample, names, by="domain", method=method, replicates=1000)

    return prepare


WAYS: dict[str, Callable[[str], Callable[[], Any]]] = {
    "xzz": xzz,
    "stored": stored,
    "limit": limit,
    "svy": svy,
    "points": replicated("points"),
    "jackknife": replicated("jackknife"),
    "bootstrap": replicated("bootstrap"),
}


def main() -> None:
    way, path = sys.argv[1:3]
    run = WAYS[way](path)
    seconds, wall = [], []
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
        before, started = time.process_time(), time.perf_counter()
        run()
        seconds.append(time.process_time() - before)
        wall.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"way": way, "cpu": min(seconds), "wall": min(wall), "memory_mb": memory}))


if __name__ == "__main__":
    main()
