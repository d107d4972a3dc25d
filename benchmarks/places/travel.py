"""Travel beside networkx and PySAL access, on the same data, in one run.

    python benchmarks/places/travel.py [--peers PYTHON] [--side 300] [--sources 2000] [--limit 1500] [--output FILE]

Every way runs in a process of its own. CPU seconds, best of three (of one for access); peak memory is that of the
process, with what it held before the call beside.
Peers are taken from PYTHON, else installed into an environment of their own. The town is a crooked grid of
side × side crossings 100 m apart with 15 % of its streets missing; ways are measured from every source to every
crossing within the limit: through the public door (every place is put on its street first), and alone. Straight lines:
20,000 homes and 2,000 services (beside access), 100,000 and 10,000 (ours alone: access asks for all pairs at once), the
radius chosen so that a home sees about 40 services.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np

PEERS = ("networkx==3.6.1", "access==1.1.10.post3")
REPEATS = 3
CRS = "EPSG:4547"
STEP = 100.0
AIMS = {"streets": 10, "distances": 100, "memory": 0.1}
"""Times faster than networkx, times faster than access, share of access's memory."""


def town(side: int, sources: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Crossings in metres (rounded to centimetres), pairs joined by a street, and the crossings to start from."""
    draw = np.random.default_rng(3)
    column, row = np.meshgrid(np.arange(side) * STEP, np.arange(side) * STEP)
    xy = np.column_stack([column.ravel(), row.ravel()]) + draw.normal(0, 15, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    up = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.concatenate([across, up])
    ends = ends[draw.random(len(ends)) > 0.15]
    used = np.unique(ends)
    return np.round(xy[used], 2), np.searchsorted(used, ends), draw.choice(len(used), sources, replace=False)


def homes(count: int, services: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Homes and services in a square of 50 km, and the radius in which a home sees about 40."""
    draw = np.random.default_rng(4)
    radius = float(np.sqrt(40 / (np.pi * services)) * 50_000)
    return draw.uniform(0, 50_000, (count, 2)), draw.uniform(0, 50_000, (services, 2)), radius


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def layer(xy: np.ndarray) -> Any:
    import geopandas as gpd

    return gpd.GeoDataFrame(index=[f"p{n}" for n in range(len(xy))], geometry=gpd.points_from_xy(*xy.T, crs=CRS))


def measure_streets(side: int, sources: int, limit: float, file: Path) -> dict[str, Any]:
    """Ours: lines to a graph, then places to costs; and, alone, the ways between crossings, as networkx answers it."""
    import geopandas as gpd
    import shapely

    from xzz_analysis.places.travel import read_streets, travel
    from xzz_analysis.places.travel.measured import Legs
    from xzz_analysis.places.travel.streets.snapping import cut, snap
    from xzz_analysis.places.travel.streets.walking import walk

    xy, ends, start = town(side, sources)
    lines = gpd.GeoDataFrame(geometry=shapely.linestrings(xy[ends]), crs=CRS)
    places, sites, before = layer(xy), layer(xy[start]), peak()
    begin = time.process_time()
    streets = read_streets(lines)
    built = time.process_time()
    door = []
    for _ in range(REPEATS):
        begin_door = time.process_time()
        cost = travel(sites, places, streets, limit=limit, profile=None)
        door.append(time.process_time() - begin_door)
    highest = peak()
    network, node = cut(streets, snap(streets, xy, 1.0))
    alone_times = []
    for _ in range(REPEATS):
        begin_alone = time.process_time()
        alone = walk(network, node[start], node, Legs(np.zeros(len(start)), np.zeros(len(node))), limit)
        alone_times.append(time.process_time() - begin_alone)
    assert abs(alone - cost.matrix).max() < 1e-9
    np.savez(file, indptr=cost.matrix.indptr, indices=cost.matrix.indices, data=cost.matrix.data)
    query = {"build": built - begin, "query": min(door), "alone": min(alone_times)}
    return query | {"pairs": cost.matrix.nnz, "before": before, "peak": highest}


def measure_networkx(side: int, sources: int, limit: float, file: Path) -> dict[str, Any]:
    """The peer: a graph of the same streets, a search with cut-off from each source; then costs side by side."""
    import networkx

    xy, ends, start = town(side, sources)
    before = peak()
    begin = time.process_time()
    length = np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T)
    graph = networkx.Graph()
    graph.add_weighted_edges_from(zip(*ends.T.tolist(), length.tolist(), strict=True), weight="length")
    built = time.process_time()
    times = []
    for _ in range(REPEATS):
        begin_search = time.process_time()
        search = networkx.single_source_dijkstra_path_length
        found = [search(graph, one, cutoff=limit, weight="length") for one in start.tolist()]
        times.append(time.process_time() - begin_search)
    highest = peak()
    ours, worst, only = np.load(file), 0.0, 0
    for row, ways in enumerate(found):
        part = slice(*ours["indptr"][row : row + 2])
        costs = dict(zip(ours["indices"][part].tolist(), ours["data"][part].tolist(), strict=True))
        only += len(costs.keys() ^ ways.keys())
        worst = max(worst, *(abs(costs[one] - ways[one]) for one in costs.keys() & ways.keys()))
    pairs = sum(map(len, found))
    return {"build": built - begin, "query": min(times), "pairs": pairs, "before": before, "peak": highest} | {
        "largest difference": worst,
        "pairs of one only": only,
    }


def measure_straight(count: int, services: int, repeats: int, file: Path) -> dict[str, Any]:
    """Ours: the whole door, and within it the matrix alone."""
    from xzz_analysis.places.travel import straight, travel

    origins, destinations, radius = homes(count, services)
    layers, before = (layer(origins), layer(destinations)), peak()
    whole, alone = [], []
    for _ in range(repeats):
        begin = time.process_time()
        cost = travel(*layers, limit=radius, profile=None, detour=1)
        middle = time.process_time()
        straight.straight(origins, destinations, radius)
        whole.append(middle - begin)
        alone.append(time.process_time() - middle)
    np.savez(file, total=cost.matrix.sum(), data=np.sort(cost.matrix.data))
    query = {"query": min(whole), "alone": min(alone)}
    return query | {"pairs": cost.matrix.nnz, "before": before, "peak": peak()}


def measure_access(count: int, services: int, repeats: int, file: Path) -> dict[str, Any]:
    """The peer: every pair, then those within the radius."""
    import access

    origins, destinations, radius = homes(count, services)
    demand, supply = (layer(xy).reset_index(names="id").assign(n=1.0) for xy in (origins, destinations))
    made = access.Access(demand, "n", supply, "n", demand_index="id", supply_index="id")
    before = peak()
    begin = time.process_time()
    made.create_euclidean_distance(threshold=radius, centroid_o=False, centroid_d=False)
    query = time.process_time() - begin
    theirs, ours = np.sort(made.cost_df["euclidean"].to_numpy(dtype=float)), np.load(file)["data"]
    worst = float(np.abs(theirs - ours).max()) if len(theirs) == len(ours) else float("nan")
    return {"query": query, "pairs": len(theirs), "before": before, "peak": peak(), "largest difference": worst}


def in_a_process(python: str, name: str, *values: Any) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [python, "-P", __file__, "--measure", name, *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "killed"}
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, found: dict[str, Any]) -> str:
    """One line of the table."""
    if "failed" in found:
        return f"| {name} | {found['failed']} | | | | | |"
    figures = [f"{found[key]:.3g}" if key in found else "" for key in ("build", "query", "alone")]
    return f"| {name} | {' | '.join(figures)} | {found['pairs']:,} | {found['before']:.0f} | {found['peak']:.0f} |"


def compare(python: str, options: argparse.Namespace, folder: Path) -> list[str]:
    """Everything, as lines of a page."""
    town_of = (options.side, options.sources, options.limit, folder / "streets.npz")
    ours = in_a_process(sys.executable, "streets", *town_of)
    peer = in_a_process(python, "networkx", *town_of)
    few = (20_000, 2_000, REPEATS, folder / "few.npz")
    near, access = in_a_process(sys.executable, "straight", *few), in_a_process(python, "access", *few)
    many = in_a_process(sys.executable, "straight", 100_000, 10_000, REPEATS, folder / "many.npz")
    title = f"streets, {options.side**2:,} crossings, {options.sources:,} sources × {options.limit:,.0f} m"
    lines = ["| what | build s | call s | alone s | pairs | MB before | MB at most |", "|" + " --- |" * 7]
    lines += [row(f"{title}: ours", ours), row(f"{title}: networkx", peer)]
    lines += [row("straight, 20,000 × 2,000: ours", near), row("straight, 20,000 × 2,000: access", access)]
    lines += [row("straight, 100,000 × 10,000: ours", many), ""]
    if "failed" not in ours and "failed" not in peer:
        lines.append(
            f"Streets: {peer['query'] / ours['alone']:.1f} × networkx for the ways between crossings (aim "
            f"{AIMS['streets']} ×), {peer['query'] / ours['query']:.1f} × through the door, where every place is also "
            f"put on its street; largest difference {peer['largest difference']:.1e} m, pairs of one only "
            f"{peer['pairs of one only']}."
        )
    if "failed" not in near and "failed" not in access:
        share = (near["peak"] - near["before"]) / (access["peak"] - access["before"])
        lines.append(
            f"Straight lines: {access['query'] / near['query']:.0f} × access through the door, "
            f"{access['query'] / near['alone']:.0f} × the matrix alone (aim {AIMS['distances']} ×); {share:.1%} of its "
            f"memory (aim {AIMS['memory']:.0%}); largest difference {access['largest difference']:.1e} m."
        )
    if "failed" not in many:
        lines.append(
            f"100,000 × 10,000: {many['query']:.2f} s through the door, {many['alone']:.2f} s the matrix alone."
        )
    return lines


def peers(given: str | None, folder: Path) -> str:
    """A Python with the peers: the one given, else a new environment."""
    if given:
        return given
    venv.create(folder / "peers", with_pip=True)
    python = str(folder / "peers" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="a Python that has networkx and access")
    parser.add_argument("--side", type=int, default=300)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--limit", type=float, default=1500.0)
    parser.add_argument("--output", type=Path, help="also write the table here")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, first, second, third, file = options.measure
        third = float(third) if name in ("streets", "networkx") else int(third)
        print(json.dumps(MEASURES[name](int(first), int(second), third, Path(file))))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = compare(peers(options.peers, Path(folder)), options, Path(folder))
    print("\n".join(lines))
    if options.output:
        options.output.write_text("# Travel\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


MEASURES = {
    "streets": measure_streets,
    "networkx": measure_networkx,
    "straight": measure_straight,
    "access": measure_access,
}

if __name__ == "__main__":
    main()
