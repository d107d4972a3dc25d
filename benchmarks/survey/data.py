"""Synthetic survey of any size as Parquet: 50 strata, clusters, domains, and yes/no indicators.

python benchmarks/survey/data.py PATH ROWS [INDICATORS] [DOMAINS] [CLUSTERS]
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STRATA = 50
CHUNK = 500_000


def make(path: str, rows: int, indicators: int = 100, domains: int = 20, clusters: int = 1000) -> None:
    draw = np.random.default_rng(20261122)
    rate = draw.uniform(0.02, 0.6, indicators)
    effect = draw.normal(0, 0.08, (clusters, indicators))
    writer = None
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        cluster = draw.integers(0, clusters, size)
        columns = {
            "cluster": cluster.astype(np.int32),
            "stratum": (cluster % STRATA).astype(np.int32),
            "weight": draw.uniform(0.5, 1.5, size),
            "domain": draw.integers(0, domains, size).astype(np.int32),
        }
        for j in range(indicators):
            p = np.clip(rate[j] + effect[cluster, j], 0, 1)
            columns[f"need{j}"] = (draw.random(size) < p).astype(np.uint8)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    make(sys.argv[1], *(int(value) for value in sys.argv[2:]))
