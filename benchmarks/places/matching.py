"""Matching at the size of a large city, and maximal covering beside spopt: how long they take, and the same optimum.

    python benchmarks/places/matching.py [--size 1000x300x4] [--siting 3000x200x15] [--repeats 3] [--peers PYTHON]

``--peers`` is a Python in which ``spopt`` and ``pulp`` with HiGHS are installed; without it they are installed into a
folder of their own by uv. Times are medians of CPU seconds, from tables to result tables.
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
from scipy.spatial import KDTree

from xzz_analysis.places.gaps import find_gaps
from xzz_analysis.places.matching import OBJECTIVES, match, site
from xzz_analysis.places.travel import Cost

DOMAINS = ["education", "health", "livelihood", "support"]
SIDE, REACH, NEAR = 20_000.0, 2_500.0, 1_500.0
AIM = 2.0
"""Seconds for 1,000 communities × 300 organisations × 4 domains."""

PEER = """
import json, resource, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
import pulp
from spopt.locate import MCLP
def clock():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)  # CBC runs in one
    return time.process_time() + children.ru_utime + children.ru_stime
given = np.load(sys.argv[1])
c, f = given["communities"], given["sites"]
distance = np.hypot(c[:, None, 0] - f[None, :, 0], c[:, None, 1] - f[None, :, 1])
start = clock()
model = MCLP.from_cost_matrix(distance, given["people"], float(given["near"]), p_facilities=int(given["count"]))
built = clock() - start
solver = "HiGHS"
try:
    model = model.solve(pulp.HiGHS(msg=False))
except Exception:
    solver = "CBC"
    model = model.solve(pulp.PULP_CBC_CMD(msg=False))
seconds = clock() - start
print(json.dumps({"build": built, "seconds": seconds, "covered": model.problem.objective.value(), "solver": solver}))
"""


def cost_between(one: np.ndarray, other: np.ndarray, reach: float) -> Cost:
    """Straight lines within a reach, ids c00000 … and s00000 …"""
    pairs = KDTree(one).sparse_distance_matrix(KDTree(other), reach, output_type="coo_matrix")
    origins, destinations = (
        pd.Index([f"{letter}{place:05}" for place in range(len(points))])
        for letter, points in (("c", one), ("s", other))
    )
    label = {"zh": "直线距离", "en": "straight line"}
    return Cost(pairs.tocsr(), origins, destinations, "metres", reach, label)


def city(communities: int, organisations: int, domains: int) -> tuple[pd.DataFrame, pd.DataFrame, Cost]:
    """Needs, organisations and travel of a made-up city."""
    random = np.random.default_rng(0)
    places = [random.uniform(0, SIDE, (size, 2)) for size in (communities, organisations)]
    cost = cost_between(places[0], places[1], REACH)
    keys = pd.MultiIndex.from_product([cost.origins, DOMAINS[:domains]], names=["community", "domain"])
    needs = pd.DataFrame({"need": random.integers(0, 120, len(keys))}, index=keys).reset_index()
    offers = random.random((organisations, domains)) < 0.45
    services = pd.DataFrame(
        {
            "organisation": cost.destinations,
            "domains": [tuple(np.array(DOMAINS[:domains])[row]) for row in offers],
            "capacity": random.integers(40, 260, organisations),
        }
    )
    return needs, services, cost


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def matching(size: list[int], repeats: int) -> pd.DataFrame:
    """Every objective, and the gaps by cause."""
    needs, services, cost = city(*size)
    rows = []
    for objective in OBJECTIVES:
        found = match(needs, services, cost, objective)
        seconds = median_seconds(lambda aim=objective: match(needs, services, cost, aim), repeats)
        figures = {name: found.summary[name] for name in ("met", "mean_cost", "lowest_share")}
        whole = bool((found.allocation["people"] % 1 == 0).all())
        rows.append({"what": objective, "seconds": seconds, "pairs": len(found.candidates), "whole": whole, **figures})
    rows.append({"what": "gaps by cause", "seconds": median_seconds(lambda: find_gaps(needs, services, cost), repeats)})
    return pd.DataFrame(rows).set_index("what")


def siting(size: list[int], repeats: int, python: str, folder: Path) -> pd.Series:
    """Maximal covering, ours beside spopt."""
    random = np.random.default_rng(0)
    communities, sites = (random.uniform(0, SIDE, (count, 2)) for count in size[:2])
    people = random.integers(1, 400, size[0]).astype(float)
    data = folder / "siting.npz"
    np.savez(data, communities=communities, sites=sites, people=people, near=NEAR, count=size[2])
    cost = cost_between(communities, sites, NEAR)
    demand = pd.Series(people, index=cost.origins)
    found = site(cost.destinations, demand, cost, size[2])
    seconds = median_seconds(lambda: site(cost.destinations, demand, cost, size[2]), repeats)
    done = subprocess.run([python, "-c", PEER, str(data)], capture_output=True, text=True, check=True)
    peer = json.loads(done.stdout.splitlines()[-1])
    figures = {"covered": found.covered, "gap": found.gap, "greedy": found.greedy_covered, "seconds": seconds}
    told = {f"spopt: {name}": value for name, value in peer.items()}
    return pd.Series({**figures, **told, "times faster": peer["seconds"] / seconds})


def peers(folder: Path) -> str:
    """A Python with the peers, in a folder of its own."""
    python = folder / "peers" / "bin" / "python"
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(folder / "peers")], check=True)
    subprocess.run(["uv", "pip", "install", "--quiet", "-p", str(python), "spopt", "pulp", "highspy"], check=True)
    return str(python)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1000x300x4")
    parser.add_argument("--siting", default="3000x200x15")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers")
    given = parser.parse_args()
    sizes = {name: [int(part) for part in getattr(given, name).split("x")] for name in ("size", "siting")}
    table = matching(sizes["size"], given.repeats)
    print(f"matching, {given.size} (communities x organisations x domains), aim {AIM:g} s each:")
    print(table.to_string(float_format=lambda value: f"{value:.3f}"))
    missed = table.index[table["seconds"] > AIM].tolist()
    print(f"aim missed by: {', '.join(missed) or 'none'}")
    with tempfile.TemporaryDirectory() as place:
        python = given.peers or peers(Path(place))
        found = siting(sizes["siting"], given.repeats, python, Path(place))
    print(f"siting, {given.siting} (communities x candidates x sites):")
    print(found.to_string())


if __name__ == "__main__":
    main()
