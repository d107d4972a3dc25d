"""Every aim for speed and memory of places, measured beside its peer: benchmarks/places/results.md.

    python benchmarks/places/run.py [--repeats 5] [--only access streets …] [--folder PLACE]

Measurements are those of catchments.py, datum.py, gaps.py, maps.py, matching.py and travel.py beside this file, which
can be run alone and print more. Each peer gets an environment of its own, made in --folder (a temporary one by default;
environments that are there are used again); a peer that cannot be installed is said to be missing. Times are CPU
seconds, so that other work on the machine changes them little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import catchments
import datum
import gaps
import matching
import numpy as np
import pandas as pd
import travel

HERE = Path(__file__).parent
PEERS = {
    "access": travel.PEERS,
    "esda": ("esda==2.9.0", "libpysal==4.14.1", "mapclassify==2.10.0", "numba"),
    "spopt": ("spopt", "pulp", "highspy"),
    "datums": datum.PEERS,
}
"""Environments and what is in them; esda with numba, which makes it faster."""
KILOBYTES, BUILT, LABELS = 650, 1.0, 200
TOWN = (300, 2000, 1500.0)
"""Crossings along a side, sources, and metres that are walked."""
CLASSES = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import mapclassify, numpy as np
values, seconds = np.load(sys.argv[1]), []
for _ in range(5):
    start = time.process_time()
    found = [mapclassify.Quantiles(one, k=3).yb for one in values]
    seconds.append(time.process_time() - start)
print(json.dumps({"seconds": min(seconds), "classes": [one.tolist() for one in found]}))
"""


@dataclass(frozen=True)
class Line:
    """One line of the table; ``reached`` is None where nothing was aimed at."""

    what: str
    aim: str
    measured: str
    peer: str = "–"
    ratio: str = ""
    reached: bool | None = None

    def __str__(self) -> str:
        said = {True: "yes", False: "**no**", None: ""}[self.reached]
        return f"| {self.what} | {self.aim} | {self.measured} | {self.peer} | {self.ratio} | {said} |"


def peer_python(name: str, folder: Path) -> str:
    """A Python that has the peers of one environment, or "" when they cannot be installed here."""
    python = folder / name / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if (folder / name / "ready").exists():
        return str(python)
    venv.create(folder / name, with_pip=True, clear=True)
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[name]], capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: {done.stderr[-500:]}", file=sys.stderr)
        return ""
    (folder / name / "ready").touch()
    return str(python)


def seconds_of(value: float) -> str:
    """Three figures of a time."""
    return f"{value:.3g} s"


def beside(what: str, times: float | None, ours: float, peer: dict[str, Any], apart: str, equal: bool) -> Line:
    """A line about speed beside a peer; ``times`` is how many times faster we want to be."""
    aim = "" if times is None else f"{times:g} × faster, equal"
    if "seconds" not in peer:
        return Line(what, aim, seconds_of(ours), f"{peer['name']}: {peer.get('failed', 'not installed')}", "")
    ratio = peer["seconds"] / ours
    said = f"{ratio:.3g} × faster" if ratio >= 1 else f"{1 / ratio:.3g} × slower"
    reached = None if times is None else bool(ratio >= times and equal)
    return Line(
        what, aim, seconds_of(ours), f"{peer['name']}: {seconds_of(peer['seconds'])}", f"{said}; {apart}", reached
    )


def access_lines(python: str, repeats: int, folder: Path) -> Iterator[Line]:
    """Catchments beside PySAL access; then 100,000 × 10,000 and replicates of ours alone."""
    file = folder / "ours.npz"
    ours = catchments.in_a_process(sys.executable, "ours", repeats, file)
    peer = catchments.in_a_process(python, "peer", repeats, 0, file) if python else {"seconds": {}, "apart": {}}
    for name, own in ours["seconds"].items():
        theirs: dict[str, Any] = {"name": "access"}
        theirs |= {"seconds": peer["seconds"][name]} if name in peer["seconds"] else {}
        theirs |= {"failed": "has none" if name != "RAAM" else "not run"} if python else {}
        aimed = catchments.AIMS["times"] if name in ("2SFCA", "E2SFCA") else None
        apart = peer["apart"].get(name, np.nan)
        told = f"at most {apart:.0e} apart (relative)"
        yield beside(f"{name}, 20,000 × 2,000", aimed, own, theirs, told, apart <= catchments.AIMS["equal"])
    yield from large_lines(folder)


def large_lines(folder: Path) -> Iterator[Line]:
    """Where nobody else goes: seconds, memory, replicates."""
    large = catchments.in_a_process(sys.executable, "large", folder / "none")
    many = catchments.in_a_process(sys.executable, "replicates", folder / "none")
    spent, aims = sum(large["steps"].values()), catchments.AIMS
    what = "100,000 × 10,000: distances, E2SFCA, balanced FCA, spatial availability"
    share = f"{spent / aims['seconds']:.2f} and {large['peak'] / aims['MB']:.2f} of the aim"
    reached = spent < aims["seconds"] and large["peak"] < aims["MB"]
    aim = f"< {aims['seconds']:g} s, < {aims['MB']:g} MB"
    yield Line(what, aim, f"{seconds_of(spent)}, {large['peak']:.0f} MB", "–", share, reached)
    one, alone = many["travel"] + many["one"], many["many"] / many["one"]
    ratio = many["many"] / one
    told = f"{ratio:.2f} × one from coordinates; {alone:.0f} × the arithmetic of one alone"
    what = f"{catchments.REPLICATES} replicate accesses (E2SFCA, 100,000 × 10,000)"
    measured = f"{seconds_of(many['many'])}; one: {seconds_of(one)}"
    yield Line(what, f"≤ {aims['replicates']:g} × one", measured, "–", told, ratio <= aims["replicates"])


def street_lines(python: str, repeats: int, folder: Path) -> Iterator[Line]:
    """Distances beside access, walks beside networkx."""
    few = (*catchments.SMALL, travel.REPEATS, folder / "few.npz")
    near = travel.in_a_process(sys.executable, "straight", *few)
    other = {"name": "access"} | (_of(travel.in_a_process(python, "access", *few)) if python else {})
    worst = other.get("largest difference", np.nan)
    told, aims = f"at most {worst:.0e} m apart", travel.AIMS
    what = "distances within a limit, 20,000 × 2,000"
    yield beside(f"{what}: matrix alone", aims["distances"], near["alone"], other, told, worst < 1e-9)
    yield beside(f"{what}: from layers to a Cost", None, near["query"], other, told, worst < 1e-9)
    town = (*TOWN, folder / "streets.npz")
    ours = travel.in_a_process(sys.executable, "streets", *town)
    other = {"name": "networkx"} | (_of(travel.in_a_process(python, "networkx", *town)) if python else {})
    worst, only = other.get("largest difference", np.nan), other.get("pairs of one only", -1)
    told = f"at most {worst:.0e} m apart, {only} of {ours['pairs']:,} pairs of one only"
    what = f"walks on {TOWN[0] ** 2:,} crossings, {TOWN[1]:,} sources × {TOWN[2]:,.0f} m"
    yield beside(f"{what}: ways alone", aims["streets"], ours["alone"], other, told, worst < 1e-9 and only == 0)
    yield beside(f"{what}: from layers to a Cost", None, ours["query"], other, told, worst < 1e-9)


def _of(found: dict[str, Any]) -> dict[str, Any]:
    """A measurement of travel.py with its seconds under that name."""
    return found if "failed" in found else {**found, "seconds": found["query"]}


def matching_lines(python: str, repeats: int, folder: Path) -> Iterator[Line]:
    """Allocation against its aim, siting beside spopt."""
    table = matching.matching([1000, 300, 4], min(repeats, 3))
    for name, seconds in table["seconds"].items():
        aim, share = f"< {matching.AIM:g} s", f"{seconds / matching.AIM:.2f} of the aim"
        yield Line(f"matching, 1,000 × 300 × 4: {name}", aim, seconds_of(seconds), "–", share, seconds < matching.AIM)
    what = "siting of 15 among 200 for 3,000 communities (maximal covering)"
    if not python:
        yield Line(what, "", "", "spopt: not installed")
        return
    found = matching.siting([3000, 200, 15], min(repeats, 3), python, folder)
    peer = {"name": f"spopt ({found['spopt: solver']})", "seconds": found["spopt: seconds"]}
    apart = abs(found["covered"] - found["spopt: covered"])
    yield beside(what, None, found["seconds"], peer, f"{apart:g} people apart", apart == 0)


def gap_lines(python: str, repeats: int, folder: Path) -> Iterator[Line]:
    """Local Moran beside esda, thirds beside mapclassify."""
    if not python:
        yield Line("local Moran, thirds of need and access", "", "", "esda, mapclassify: not installed")
        return
    for size in (300, 3000):
        found = gaps.measured(size, Namespace(permutations=999, repeats=repeats), python, folder)
        peer = {"name": f"esda{' with numba' if found['numba'] else ''}", "seconds": found["esda Moran_Local (s)"]}
        moran, star = found["largest difference of I"], found["largest difference of z(G*)"]
        apart = f"I at most {moran:.0e}, z of G* at most {star:.0e} apart"
        yield beside(
            f"local Moran, {size:,} communities, 999 permutations", None, found["local_moran (s)"], peer, apart, True
        )
    yield classes(python, folder)


def classes(python: str, folder: Path, size: int = 3000) -> Line:
    """Nine classes of need and access; mapclassify classifies both alone."""
    from xzz_analysis.places.gaps import bivariate

    given = np.random.default_rng(6).lognormal(size=(2, size))
    np.save(folder / "values.npy", given)
    need, access = (pd.Series(row, index=[f"c{at}" for at in range(size)]) for row in given)
    spent, made = datum.best_of(5, lambda: bivariate(need, access))
    asked = [python, "-c", CLASSES, str(folder / "values.npy")]
    peer = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    ours = made.table[["need_class", "access_class"]].to_numpy().T - 1
    differ = int((ours != np.array(peer.pop("classes"))).sum())
    told = f"{differ} classes differ (ours with labels in two languages)"
    return beside(
        f"thirds of need and access, {size:,} communities", None, spent, {"name": "mapclassify"} | peer, told, True
    )


def datum_lines(python: str, repeats: int, folder: Path, points: int = 200_000) -> Iterator[Line]:
    """Inverse of GCJ-02 beside the peer that inverts exactly, and round trips."""
    own = datum.ours(points, repeats)
    mine = next(row for row in own if row["way"] == "xzz to_wgs84 GCJ02")
    theirs = datum.theirs(python, points, repeats, folder) if python else []
    peer: dict[str, Any] = {"name": "eviltransform, exact"}
    peer |= next((row for row in theirs if row["way"].endswith("_exact")), {})
    worst = max(row["degrees"] for row in own)
    told = f"round trip within {worst:.0e} degree"
    yield beside(
        f"GCJ-02 to WGS 84, {points:,} points", datum.FASTER, mine["seconds"], peer, told, worst <= datum.PRECISE
    )


def map_lines(python: str, repeats: int, folder: Path) -> Iterator[Line]:
    """Bytes, seconds and requests of the interactive map; names on paper."""
    asked = [sys.executable, str(HERE / "maps.py"), "--repeats", str(max(repeats, 3)), "--folder", str(folder)]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"maps.py failed:\n{done.stderr[-2000:]}")
    lines = [line.partition("{") for line in done.stdout.splitlines() if "{" in line]
    for name, _, rest in lines[:2]:
        yield page_line(name.strip(), json.loads("{" + rest))
    one = json.loads("{" + lines[2][2])
    counts = f"{one['labels']} texts, {one['numbered']} of them numbers, {one['unnamed']} counted at the foot"
    measured = f"{one['overlaps']} overlaps; {counts}"
    yield Line(f"{LABELS} Chinese names on A4", "0 overlaps", measured, "–", "", one["overlaps"] == 0)


def page_line(name: str, one: dict[str, Any]) -> Line:
    """One interactive map; requests are counted where there is a browser."""
    drawn, requests = one["opened"] or (np.nan, None)
    size, spent = one["bytes"] / 1000, one["median"]
    opened = "not opened (no Chromium)" if requests is None else f"{requests} requests, drawn after {drawn:.1f} s"
    times = f"{spent:.2f} s ({one['first']:.2f} s with imports)"
    measured = f"{size:.0f} kB ({one['gzip'] / 1000:.0f} compressed), {times}, {opened}"
    what = f"interactive map, 5,000 points + 300 polygons, {name}"
    aim = f"≤ {KILOBYTES} kB, < {BUILT:g} s, 0 requests"
    share = f"{size / KILOBYTES:.3f} and {spent / BUILT:.2f} of the aim"
    reached = size <= KILOBYTES and spent < BUILT and not requests
    return Line(what, aim, measured, "–", share, None if reached and requests is None else reached)


PARTS: dict[str, tuple[Callable[..., Iterator[Line]], str]] = {
    "access": (access_lines, "access"),
    "streets": (street_lines, "access"),
    "matching": (matching_lines, "spopt"),
    "maps": (map_lines, ""),
    "gaps": (gap_lines, "esda"),
    "datums": (datum_lines, "datums"),
}
"""What is measured, and the environment of its peer."""


def page(lines: list[Line]) -> str:
    """The whole of results.md."""
    missed = [line.what for line in lines if line.reached is False]
    load = f", {os.getloadavg()[0]:.1f} processes waiting at the end" if hasattr(os, "getloadavg") else ""
    rows = "\n".join(map(str, lines))
    versions = ", ".join(one.replace("==", " ") for name in PEERS for one in PEERS[name])
    return f"""# Places: access, walks, matching and maps beside their peers

Written by `python benchmarks/places/run.py`. Python {platform.python_version()}, {os.cpu_count()} cores{load}.

| | aim | ours | peer | ratio | reached |
| --- | --- | --- | --- | --- | --- |
{rows}

CPU seconds of the call, after imports, best or median of the repeats as each script says; one run, one machine. Peers
ran in environments of their own: {versions}.
Homes see about 40 services each. Lines without an aim are there to be compared. PySAL access has no balanced FCA and no
spatial availability; its RAAM is dense and takes minutes (`catchments.py --agents` runs it).

Missed: {"; ".join(missed) or "none"}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="print these parts, write nothing"
    )
    parser.add_argument("--folder", type=Path, help="keep the environments of the peers here")
    options = parser.parse_args()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for name in options.only:
            make, peers = PARTS[name]
            python = peer_python(peers, folder) if peers else ""
            for line in make(python, options.repeats, Path(temporary)):
                print(line, flush=True)
                lines.append(line)
    if set(options.only) == set(PARTS):
        (HERE / "results.md").write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
