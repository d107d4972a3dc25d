"""Access beside PySAL access on the same pairs, in one run; large cases and replicates of ours alone.

    python benchmarks/places/catchments.py [--peers PYTHON] [--repeats 5] [--output FILE]

Every way runs in a process of its own. CPU seconds of one call, best of the repeats; peak memory is that of the
process. The peer is taken from PYTHON, else installed into an environment of its own. 20,000 homes and 2,000 services
in a square of 50 km, the radius chosen so that a home sees about 40 services: both get the same pairs, ours as the
sparse matrix that travel makes, the peer as its table. Then 100,000 homes and 10,000 services from points to three
measures, and 200 replicates of their demand. RAAM: ours to equilibrium with fractions, the peer's 150 rounds with whole
persons; ``--agents`` runs the peer's, which is dense and slow.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PEER = "access==1.1.10.post3"
AIMS = {"times": 20.0, "equal": 1e-12, "seconds": 5.0, "MB": 600.0, "replicates": 3.0}
SMALL, LARGE = (20_000, 2_000), (100_000, 10_000)
REPLICATES = 200


def points(homes: int, services: int) -> dict[str, Any]:
    """Homes with one to four children, services with places, and the radius in which a home sees about 40."""
    draw = np.random.default_rng(4)
    return {
        "radius": float(np.sqrt(40 / (np.pi * services)) * 50_000),
        "homes": draw.uniform(0, 50_000, (homes, 2)),
        "services": draw.uniform(0, 50_000, (services, 2)),
        "people": draw.integers(1, 5, homes).astype(float),
        "supply": draw.integers(5, 51, services).astype(float),
    }


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Fewest CPU seconds of a call, repeated for half a second at least, and what it returned last."""
    times, found = [], None
    while len(times) < repeats or (repeats > 1 and sum(times) < 0.5):
        begin = time.process_time()
        found = call()
        times.append(time.process_time() - begin)
    return min(times), found


def ready(homes: int, services: int) -> tuple[Any, Any, Any, float]:
    """Cost, demand and supply of ours."""
    import pandas as pd

    from xzz_analysis.places.travel.cost import Cost
    from xzz_analysis.places.travel.straight import straight

    made = points(homes, services)
    origins = pd.Index([f"h{place:06d}" for place in range(homes)])
    places = pd.Index([f"s{place:05d}" for place in range(services)])
    matrix = straight(made["homes"], made["services"], made["radius"])
    cost = Cost(matrix, origins, places, "metres", made["radius"], {"zh": "直线", "en": "straight line"})
    return cost, pd.Series(made["people"], origins), pd.Series(made["supply"], places), made["radius"]


def measure_ours(repeats: int, file: Path) -> dict[str, Any]:
    """The measures at 20,000 × 2,000."""
    from xzz_analysis.places.access import access, gaussian, within

    cost, people, supply, radius = ready(*SMALL)
    bell = gaussian(radius / 2)
    calls = {"2SFCA": ("2sfca", within(radius)), "E2SFCA": ("e2sfca", bell), "3SFCA": ("3sfca", bell)}
    calls |= {"BFCA": ("bfca", bell), "spatial availability": ("spatial_availability", bell)}
    found, kept = {}, {}
    for name, asked in calls.items():
        found[name], kept[name] = timed(lambda asked=asked: access(cost, people, supply, *asked), repeats)
    found["RAAM"], kept["RAAM"] = timed(lambda: access(cost, people, supply, "raam"), 1)
    pairs = cost.matrix.tocoo()
    np.savez(file, row=pairs.row, column=pairs.col, cost=pairs.data, **kept)
    return {"seconds": found, "peak": peak(), "pairs": int(pairs.nnz), "mean RAAM": float(kept["RAAM"].mean())}


def measure_peer(repeats: int, agents: int, file: Path) -> dict[str, Any]:
    """The peer's measures from the same pairs, and how far they are from ours."""
    import pandas as pd
    from access import fca, raam, weights

    made, ours = points(*SMALL), np.load(file)
    demand = pd.DataFrame({"people": made["people"]}, pd.RangeIndex(SMALL[0], name="geoid"))
    supply = pd.DataFrame({"places": made["supply"]}, pd.RangeIndex(SMALL[1], name="geoid"))
    table = pd.DataFrame({"origin": ours["row"], "dest": ours["column"], "cost": ours["cost"]})
    bell = weights.gaussian(made["radius"] / 2)
    common = {"demand_index": True, "demand_name": "people", "supply_index": True, "supply_name": "places"}
    calls = {
        "2SFCA": lambda: fca.two_stage_fca(demand, supply, table, **common),
        "E2SFCA": lambda: fca.two_stage_fca(demand, supply, table, weight_fn=bell, **common),
        "3SFCA": lambda: fca.three_stage_fca(demand, supply, table.copy(), made["radius"], weight_fn=bell, **common),
    }
    if agents:
        tau = made["radius"]
        calls["RAAM"] = lambda: raam.raam(
            demand, supply, table, demand_name="people", supply_name="places", tau=tau, max_cycles=150
        )
    found, apart = {}, {}
    for name, call in calls.items():
        found[name], series = timed(call, 1 if name == "RAAM" else repeats)
        theirs = series.reindex(demand.index).fillna(0).to_numpy()
        own = ours[name]
        apart[name] = float(np.max(np.abs(theirs - own) / np.where(own > 0, own, 1)))
        if name == "RAAM":
            apart["mean RAAM"] = float(theirs.mean())
    return {"seconds": found, "apart": apart, "peak": peak()}


def measure_large(file: Path) -> dict[str, Any]:
    """From points to three measures at 100,000 × 10,000, then replicates."""
    from xzz_analysis.places.access import access, gaussian

    begin = time.process_time()
    cost, people, supply, radius = ready(*LARGE)
    steps = {"travel": time.process_time() - begin}
    bell = gaussian(radius / 2)
    for name in ("e2sfca", "bfca", "spatial_availability"):
        steps[name], _ = timed(lambda name=name: access(cost, people, supply, name, bell), 1)
    return {"steps": steps, "peak": peak(), "pairs": int(cost.matrix.nnz)}


def measure_replicates(file: Path) -> dict[str, Any]:
    """200 replicates beside one access: of the measure alone, and from points."""
    import pandas as pd

    from xzz_analysis.places.access import Replicates, access, access_interval, gaussian

    begin = time.process_time()
    cost, people, supply, radius = ready(*LARGE)
    travelled = time.process_time() - begin
    bell = gaussian(radius / 2)
    one, _ = timed(lambda: access(cost, people, supply, "e2sfca", bell), 5)
    factor = np.random.default_rng(5).uniform(0.8, 1.2, (LARGE[0], REPLICATES))
    draws = Replicates.bootstrap(pd.DataFrame(people.to_numpy()[:, None] * factor, index=people.index))
    del factor
    many, _ = timed(lambda: access_interval(cost, people, supply, draws, measure="e2sfca", decay=bell), 3)
    return {"travel": travelled, "one": one, "many": many, "peak": peak()}


def in_a_process(python: str, name: str, *values: Any) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [python, __file__, "--measure", name, *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(python: str, options: argparse.Namespace, folder: Path) -> list[str]:
    """Everything, as lines of a page."""
    file = folder / "ours.npz"
    ours = in_a_process(sys.executable, "ours", options.repeats, file)
    peer = in_a_process(python, "peer", options.repeats, int(options.agents), file)
    title = f"20,000 × 2,000, {ours['pairs']:,} pairs"
    lines = [f"| {title} | ours s | access s | times faster | largest relative difference |", "|" + " --- |" * 5]
    for name, own in ours["seconds"].items():
        theirs, apart = peer["seconds"].get(name), peer["apart"].get(name)
        cells = [name, f"{own:.4f}", f"{theirs:.3f}" if theirs else "has none" if name != "RAAM" else "not run"]
        cells += [f"{theirs / own:.0f}" if theirs else "", f"{apart:.1e}" if theirs else ""]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", f"Peak memory: ours {ours['peak']:.0f} MB, access {peer['peak']:.0f} MB."]
    if "mean RAAM" in peer["apart"]:
        lines[-1] += f" Mean RAAM cost: ours {ours['mean RAAM']:.4f}, access {peer['apart']['mean RAAM']:.4f}."
    return [*lines, "", *large(folder), "", missed(ours, peer)]


def large(folder: Path) -> list[str]:
    """Lines about 100,000 × 10,000."""
    found = in_a_process(sys.executable, "large", folder / "none")
    many = in_a_process(sys.executable, "replicates", folder / "none")
    steps = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["steps"].items())
    whole = sum(found["steps"].values())
    alone, from_points = many["many"] / many["one"], many["many"] / (many["travel"] + many["one"])
    return [
        f"100,000 × 10,000, {found['pairs']:,} pairs: {steps}; together **{whole:.2f} s** (aim {AIMS['seconds']:g}), "
        f"peak **{found['peak']:.0f} MB** (aim {AIMS['MB']:g}).",
        f"{REPLICATES} replicates of E2SFCA there: {many['many']:.2f} s; one access from points {many['travel']:.2f} + "
        f"{many['one']:.3f} s, so **{from_points:.1f} times** one (aim {AIMS['replicates']:g}), and {alone:.0f} times "
        f"the arithmetic of one on pairs already measured; peak {many['peak']:.0f} MB with the replicates.",
    ]


def missed(ours: dict[str, Any], peer: dict[str, Any]) -> str:
    """What does not reach its aim."""
    slow = [name for name in ("2SFCA", "E2SFCA") if peer["seconds"][name] / ours["seconds"][name] < AIMS["times"]]
    off = [name for name in ("2SFCA", "E2SFCA", "3SFCA") if not peer["apart"][name] <= AIMS["equal"]]
    return (
        f"Less than {AIMS['times']:g} times faster: {', '.join(slow) or 'none'}. Not equal: {', '.join(off) or 'none'}."
    )


def peer_python(given: str | None, folder: Path) -> str:
    """A Python that has the peer."""
    if given:
        return given
    venv.create(folder / "peer", with_pip=True)
    python = str(folder / "peer" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="a Python that has PySAL access")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--agents", action="store_true", help="run the peer's RAAM as well (minutes, 2.4 GB)")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, *values = options.measure
        call = {"ours": measure_ours, "peer": measure_peer, "large": measure_large, "replicates": measure_replicates}
        print(json.dumps(call[name](*map(int, values[:-1]), Path(values[-1]))))
        return
    with tempfile.TemporaryDirectory() as made:
        lines = compare(peer_python(options.peers, Path(made)), options, Path(made))
    page = "\n".join(lines) + "\n"
    print(page)
    if options.output:
        options.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
