"""Every figure of benchmarks/survey/results.md: ours, R's survey, svy and the limit, in one run.

    python benchmarks/survey/run.py [--rows 10000 100000 1000000] [--large 20000000] [--no-peers]

Needs R with survey; svy is installed into a folder of its own. Writes results.md and growth.png beside itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd

matplotlib.use("Agg")

HERE = Path(__file__).parent
SVY = "svy==0.35.0"
GROWTH = {
    "rows": [(rows, 100, 20, 1000) for rows in (50_000, 100_000, 200_000, 400_000, 800_000)],
    "indicators": [(200_000, count, 20, 1000) for count in (10, 50, 100, 200, 400)],
    "domains": [(200_000, 100, count, 1000) for count in (2, 10, 20, 50, 100)],
    "clusters": [(200_000, 100, 20, count) for count in (250, 500, 1000, 5000, 20_000)],
}


def run(*command: str) -> dict[str, Any]:
    """Run one measurement and read its line of JSON."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def measure(way: str, path: Path, *, python: str = sys.executable, repeats: int = 1) -> dict[str, Any]:
    return run(python, str(HERE / "measure.py"), way, str(path), str(repeats))


def make(folder: Path, *size: int) -> Path:
    path = folder / f"{'_'.join(map(str, size))}.parquet"
    subprocess.run([sys.executable, str(HERE / "data.py"), str(path), *map(str, size)], check=True)
    return path


def python_with_svy(folder: Path) -> str:
    """A Python of its own for svy, which brings polars."""
    place = folder / "svy"
    venv.create(place, with_pip=True)
    python = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", SVY, "pyarrow"], check=True)
    return python


def compare(rows: list[int], folder: Path, *, peers: bool) -> list[dict[str, Any]]:
    """Ours and the peers on the same file, one size after the other."""
    out = []
    python = python_with_svy(folder) if peers else ""
    for size in rows:
        path = make(folder, size, 100, 20, 1000)
        repeats = 5 if size <= 100_000 else 3
        found = {way: measure(way, path, repeats=repeats) for way in ("xzz", "stored", "limit")}
        if peers:
            table = path.with_suffix(".csv")
            pd.read_parquet(path).to_csv(table, index=False)
            found["r"] = run("Rscript", str(HERE / "speed.R"), str(table))
            found["svy"] = measure("svy", path, python=python)
            found["xzz"]["difference"] = difference(path)
        out += [{"rows": size, **one} for one in found.values()]
        print(pd.DataFrame(out).round(3).to_string(), flush=True)
    return out


def difference(path: Path) -> float:
    """Largest relative difference of estimates and errors from R's."""
    import xzz_analysis as xzz

    frame = pd.read_parquet(path)
    sample = xzz.Sample(frame, weight="weight", strata="stratum", cluster="cluster")
    ours = xzz.share(sample, [name for name in frame if name.startswith("need")], by="domain")
    theirs = pd.read_csv(path.with_suffix(".r.csv"), index_col=0)
    order = [int(by.removeprefix("domain=")) for by in ours["by"]]
    worst = 0.0
    for column, prefix in (("estimate", ""), ("se", "se.")):
        expected = [theirs.loc[domain, prefix + name] for domain, name in zip(order, ours["indicator"], strict=True)]
        worst = max(worst, float((ours[column] / expected - 1).abs().max()))
    return worst


def replicates(folder: Path) -> list[dict[str, Any]]:
    path = make(folder, 100_000, 100, 20, 1000)
    return [measure(way, path, repeats=5) for way in ("points", "jackknife", "bootstrap")]


def growth(folder: Path) -> pd.DataFrame:
    """CPU seconds of ours as one size grows at a time."""
    rows = []
    for what, sizes in GROWTH.items():
        position = ("rows", "indicators", "domains", "clusters").index(what)
        for size in sizes:
            rows.append({"what": what, "size": size[position], **measure("xzz", make(folder, *size), repeats=3)})
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> None:
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(9, 2.6), layout="constrained")
    axes = canvas.subplots(1, 4, sharey=True)
    for panel, (what, part) in zip(axes, table.groupby("what", sort=False), strict=True):
        panel.plot(part["size"], part["cpu"], marker="o", color="#0072b2")
        panel.set(xlabel=what, ylim=(0, None), xlim=(0, None))
        panel.spines[["top", "right"]].set_visible(False)
        panel.ticklabel_format(axis="x", style="sci", scilimits=(4, 4))
    axes[0].set_ylabel("CPU seconds")
    canvas.savefig(HERE / "growth.png", dpi=110)


def as_markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


NAMES = {
    "xzz": "xzz, table in memory",
    "stored": "xzz, read block by block",
    "limit": "limit: DuckDB reads the file and groups once",
    "r": "R survey, one svyby call",
    "svy": SVY,
}


def report(found: list[dict[str, Any]], repeated: list[dict[str, Any]], large: dict[str, Any] | None) -> str:
    rows = []
    for size, part in pd.DataFrame(found).groupby("rows"):
        ours = part.loc[part["way"] == "xzz", "cpu"].item()
        for one in part.itertuples():
            cells = f"{size:,}", NAMES[one.way], f"{one.cpu:.2f}", f"{one.cpu / ours:.1f}", f"{one.memory_mb:.0f}"
            rows.append(dict(zip(("rows", "way", "CPU seconds", "times ours", "peak MB"), cells, strict=True)))
    text = [as_markdown(pd.DataFrame(rows))]
    worst = max((one.get("difference", 0.0) for one in found), default=0.0)
    text.append(f"Largest relative difference from R over all estimates and errors: {worst:.0e}.")
    points = repeated[0]["cpu"]
    times = ", ".join(f"{one['way']} {one['cpu'] / points:.1f}" for one in repeated[1:])
    text.append(
        "1,000 replicates of 2,000 estimates at 100,000 rows, as a multiple of the point estimates "
        f"({points:.2f} s): {times}."
    )
    if large:
        text.append(
            f"{large['rows']:,} rows read block by block: {large['cpu']:.0f} CPU seconds, "
            f"{large['memory_mb']:.0f} MB at the peak."
        )
    return "\n\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--large", type=int, default=20_000_000)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = compare(options.rows, folder, peers=not options.no_peers)
        repeated = replicates(folder)
        large = None
        if options.large:
            large = {"rows": options.large, **measure("stored", make(folder, options.large, 100, 20, 1000))}
        text = report(found, repeated, large)
        print(text)
        (HERE / "results.md").write_text(text, encoding="utf-8")
        draw(growth(folder))


if __name__ == "__main__":
    main()
