"""Conversion of datums beside the packages of PyPI, and the audit of a city's homes.

    python benchmarks/places/datum.py [--points 200000] [--repeats 5] [--python PLACE]

Peers are installed into an environment of their own unless --python names one that has them. CPU seconds of the call,
after imports, best of the repeats; peers convert one point at a time, so they get a tenth of the points and their
seconds are multiplied. The error is the distance from the point that the formula of GCJ-02 took to the given one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PEERS = ("eviltransform==0.1.1", "prcoords==1.0.2", "coordtransform==0.2.1", "coord-convert==0.2.1")
FASTER, PRECISE = 10, 1e-9
"""Aims: times faster than eviltransform's exact inverse, and degrees of a round trip."""
METRES = 111_195.0
"""In a degree of a great circle."""
PEER = """
import json, sys, time
import eviltransform, prcoords
from coord_convert import transform
from coordTransform import coordTransform
ways = {
    "eviltransform gcj2wgs": lambda x, y: eviltransform.gcj2wgs(y, x)[::-1],
    "eviltransform gcj2wgs_exact": lambda x, y: eviltransform.gcj2wgs_exact(y, x)[::-1],
    "prcoords gcj_wgs": lambda x, y: prcoords.gcj_wgs((y, x))[::-1],
    "prcoords gcj_wgs_bored": lambda x, y: prcoords.gcj_wgs_bored((y, x))[::-1],
    "coordtransform gcj02_to_wgs84": coordTransform.gcj02_to_wgs84,
    "coord-convert gcj2wgs": transform.gcj2wgs,
}
given, repeats = json.load(open(sys.argv[1])), int(sys.argv[2])
for name, way in ways.items():
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        found = [way(x, y) for x, y in given]
        seconds.append(time.process_time() - start)
    print(json.dumps({"way": name, "seconds": min(seconds), "found": [list(map(float, one)) for one in found]}))
"""


def python_with_peers(folder: Path) -> str:
    """A Python in a new environment that has the peers."""
    venv.create(folder / "peers", with_pip=True)
    python = folder / "peers" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return str(python)


def places(points: int) -> np.ndarray:
    """Places all over China in WGS 84 (2 × points)."""
    draw = np.random.default_rng(20250601)
    return np.array([draw.uniform(75, 134, points), draw.uniform(18.5, 53, points)])


def best_of(repeats: int, call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the fastest call, and what it returned."""
    seconds, found = [], None
    for _ in range(repeats):
        start = time.process_time()
        found = call()
        seconds.append(time.process_time() - start)
    return min(seconds), found


def metres(found: np.ndarray, true: np.ndarray) -> float:
    """Largest distance between two sets of places (2 × n)."""
    east = (found[0] - true[0]) * np.cos(np.radians(true[1]))
    return float(np.hypot(east, found[1] - true[1]).max() * METRES)


def ours(points: int, repeats: int) -> list[dict[str, Any]]:
    """Forward and back, for both datums."""
    from xzz_analysis.places.datum import from_wgs84, to_wgs84

    true, rows = places(points), []
    for datum in ("GCJ02", "BD09"):
        forward, given = best_of(repeats, lambda datum=datum: from_wgs84(*true, datum))
        back, found = best_of(repeats, lambda datum=datum, given=given: to_wgs84(*given, datum))
        error = np.abs(np.array(found) - true).max()
        rows.append({"way": f"xzz from_wgs84 {datum}", "seconds": forward, "error": 0.0, "degrees": 0.0})
        rows.append(
            {
                "way": f"xzz to_wgs84 {datum}",
                "seconds": back,
                "error": metres(np.array(found), true),
                "degrees": float(error),
            }
        )
    return rows


def theirs(python: str, points: int, repeats: int, folder: Path) -> list[dict[str, Any]]:
    """Inverses of GCJ-02 by the peers, seconds for as many points as ours."""
    from xzz_analysis.places.datum import from_wgs84

    true = places(points)[:, : points // 10]
    given = folder / "given.json"
    given.write_text(json.dumps(np.column_stack(from_wgs84(*true, "GCJ02")).tolist()))
    done = subprocess.run([python, "-c", PEER, given, str(min(repeats, 3))], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the peers failed:\n{done.stderr[-2000:]}")
    rows = []
    for line in done.stdout.splitlines():
        one = json.loads(line)
        error = metres(np.array(one["found"]).T, true)
        rows.append({"way": one["way"], "seconds": one["seconds"] * points / true.shape[1], "error": error})
    return rows


def audit(repeats: int, each: int = 150) -> dict[str, Any]:
    """Homes of 330 communities, mislabelled, audited: seconds and verdict."""
    import geopandas as gpd
    import shapely

    from xzz_analysis.places.datum import audit_datum, declare, from_wgs84

    draw, number = np.random.default_rng(1), np.arange(330)
    middle = np.column_stack([116.1 + number % 22 * 0.03, 39.7 + number // 22 * 0.024])
    shapes = shapely.buffer(shapely.points(middle), 0.012, quad_segs=100)
    own = np.repeat(number, each)
    angle, far = draw.uniform(0, 2 * np.pi, len(own)), 0.0118 * np.sqrt(draw.random(len(own)))
    lon, lat = (middle[own] + far[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])).T
    homes = gpd.GeoDataFrame({"name": own}, geometry=gpd.points_from_xy(*from_wgs84(lon, lat, "GCJ02")))
    polygons = declare(gpd.GeoDataFrame({"name": number}, geometry=shapes), "WGS84")
    homes = declare(homes, "WGS84")
    seconds, found = best_of(min(repeats, 3), lambda: audit_datum(homes, polygons, "name"))
    return {"points": len(own), "seconds": seconds, "verdict": found.verdict, "found": found.found}


def report(points: int, own: list[dict[str, Any]], peers: list[dict[str, Any]], audited: dict[str, Any]) -> str:
    """The section of results.md about datums."""
    mine = next(row for row in own if row["way"] == "xzz to_wgs84 GCJ02")
    lines = ["| call | CPU s | beside ours | largest error, m |", "| --- | --- | --- | --- |"]
    for row in own:
        lines.append(f"| {row['way']} | {row['seconds']:.2f} | | {row['error']:.1g} |")
    for row in peers:
        lines.append(
            f"| {row['way']} | {row['seconds']:.1f} | {row['seconds'] / mine['seconds']:.0f} × | {row['error']:.2g} |"
        )
    exact = next(row for row in peers if row["way"].endswith("_exact"))
    ratio, degrees = exact["seconds"] / mine["seconds"], max(row["degrees"] for row in own)
    missed = [
        *([f"{ratio:.0f} times faster"] if ratio < FASTER else []),
        *([f"{degrees:.1g} degree"] if degrees > PRECISE else []),
    ]
    return f"""## Datums

{points:,} places over China.

{chr(10).join(lines)}

Aims: {FASTER} times faster than eviltransform's exact inverse ({ratio:.0f} times here), round trips within {PRECISE:g}
degree ({degrees:.1g} here). Missed: {"; ".join(missed) or "none"}.

Audit of {audited["points"]:,} homes in GCJ-02, declared WGS 84, in 330 communities of 400 vertices:
{audited["seconds"]:.1f} s, verdict {audited["verdict"]}, {audited["found"]}.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--python", default="", help="a Python that has the peers, instead of installing them")
    options = parser.parse_args()
    own = ours(options.points, options.repeats)
    with tempfile.TemporaryDirectory() as temporary:
        python = options.python or python_with_peers(Path(temporary))
        peers = theirs(python, options.points, options.repeats, Path(temporary))
    print(report(options.points, own, peers, audit(options.repeats)))


if __name__ == "__main__":
    sys.exit(main())
