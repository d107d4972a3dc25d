"""Local Moran and G* beside esda: same figures, and how long they take.

    python benchmarks/places/gaps.py [--communities 300 3000] [--permutations 999] [--repeats 5] [--peers PYTHON]

``--peers`` is a Python in which ``esda`` and ``libpysal`` are installed; without it they are installed into a folder of
their own by uv. Prints a table; every time is the median of the repeats, in CPU seconds. Two times of ours:
``local_moran`` makes what esda's ``Moran_Local`` makes (I, quadrants, p by as many permutations), neighbours ready on
both sides; ``hot_spots`` is the whole call, with G*, false discovery rates and the table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial import KDTree

from xzz_analysis.places.gaps import Neighbours, hot_spots
from xzz_analysis.places.gaps.moran import local_moran

NEAREST = 6
PEER = """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
import esda, libpysal
given = np.load(sys.argv[1])
y, near, permutations, repeats = given["y"], given["near"], int(given["permutations"]), int(given["repeats"])
w = libpysal.weights.W({i: row.tolist() for i, row in enumerate(near)}, silence_warnings=True)
w.transform = "r"
seconds = []
esda.Moran_Local(y, w, permutations=permutations, seed=0)
for seed in range(repeats):
    start = time.process_time()
    local = esda.Moran_Local(y, w, permutations=permutations, seed=seed)
    seconds.append(time.process_time() - start)
star = esda.G_Local(y, w, transform="B", star=True, permutations=0)
rows = {"seconds": seconds, "version": esda.__version__, "numba": "numba" in sys.modules}
np.savez(sys.argv[2], Is=local.Is, q=local.q, p=local.p_sim, z=star.Zs, moran=esda.Moran(y, w, permutations=0).I)
print(json.dumps(rows))
"""


def made(communities: int) -> tuple[np.ndarray, np.ndarray]:
    """Values with a wave in them, and the nearest communities of each."""
    random = np.random.default_rng(1)
    place = random.uniform(0, 1e4, (communities, 2))
    near = KDTree(place).query(place, NEAREST + 1)[1][:, 1:]
    return np.sin(place[:, 0] / 2000) + random.normal(0, 0.7, communities), near


def median_seconds(call: Callable[[int], object], repeats: int) -> float:
    """Median time of a call, which is given a seed; one call before it warms up."""
    call(0)
    seconds = []
    for seed in range(repeats):
        start = time.process_time()
        call(seed)
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def peers(folder: Path) -> str:
    """A Python with the peers, in a folder of its own."""
    python = folder / "peers" / "bin" / "python"
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(folder / "peers")], check=True)
    subprocess.run(["uv", "pip", "install", "--quiet", "-p", str(python), "esda", "libpysal"], check=True)
    return str(python)


def measured(communities: int, given: argparse.Namespace, python: str, folder: Path) -> dict[str, object]:
    """One size: seconds of both, and the largest differences."""
    y, near = made(communities)
    ids = pd.Index([f"c{place:06}" for place in range(communities)])
    rows = np.repeat(np.arange(communities), NEAREST)
    ones = sparse.csr_array((np.ones(rows.size), (rows, near.ravel())), shape=(communities, communities))
    values, neighbours = pd.Series(y, index=ids), Neighbours(ids, ones)
    found = hot_spots(values, neighbours, permutations=given.permutations)
    core = median_seconds(lambda seed: local_moran(y, neighbours.matrix, given.permutations, seed), given.repeats)
    whole = median_seconds(
        lambda seed: hot_spots(values, neighbours, permutations=given.permutations, seed=seed), given.repeats
    )
    data, out = folder / "data.npz", folder / "peer.npz"
    np.savez(data, y=y, near=near, permutations=given.permutations, repeats=given.repeats)
    done = subprocess.run([python, "-c", PEER, str(data), str(out)], capture_output=True, text=True, check=True)
    told, peer, table = json.loads(done.stdout.splitlines()[-1]), np.load(out), found.table
    peer_seconds = float(np.median(told["seconds"]))
    return {
        "communities": communities,
        "esda Moran_Local (s)": peer_seconds,
        "local_moran (s)": core,
        "times faster": peer_seconds / core,
        "hot_spots, whole call (s)": whole,
        "times faster, whole call": peer_seconds / whole,
        "esda": told["version"],
        "numba": told["numba"],
        "largest difference of I": float(np.abs(table["moran"] - peer["Is"]).max()),
        "quadrants that differ": int((table["quadrant"] != peer["q"]).sum()),
        "largest difference of z(G*)": float(np.abs(table["g_star"] - peer["z"]).max()),
        "difference of global I": float(abs(found.moran - peer["moran"])),
        "correlation of p": float(np.corrcoef(np.minimum(2 * peer["p"], 1), table["p"])[0, 1]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--communities", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        python = given.peers or peers(Path(place))
        table = pd.DataFrame([measured(size, given, python, Path(place)) for size in given.communities])
    print(table.set_index("communities").T.to_string(float_format=lambda value: f"{value:.3g}"))


if __name__ == "__main__":
    main()
