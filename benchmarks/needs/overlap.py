"""Overlap of deprivations beside PyPI's mpitb on the same data, and the standard errors of both beside R's.

    python benchmarks/needs/overlap.py WAY FILE DIMENSIONS REPEATS

measures one way in this process; run.py calls it. mpitb is installed into an environment of its own, with the pandas
that it finds. CPU seconds of the call, after imports and reading, best of the repeats. Both make H, A, M0, censored and
uncensored headcounts, and absolute and relative contributions of every dimension, for every cutoff, for the whole and
for every group; ours with design-based errors and the influence matrix. The errors are set beside those of R's
``survey``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MPITB = "mpitb==0.2"
SIZES = (
    *("20000x4x12", "20000x6x12", "20000x4x48", "20000x6x48"),
    *("20000x6x100", "20000x12x48", "20000x60x48", "200000x6x100"),
)
"""Children × dimensions × groups: 48 are 12 groups in 4 rounds, 100 are communities; 60 are single indicators."""
FASTER = 20
"""Times faster than mpitb: the aim."""
R_SCRIPT = """
suppressPackageStartupMessages(library(survey))
frame <- read.csv(commandArgs(TRUE)[1])
design <- svydesign(~cluster, strata = ~stratum, weights = ~w, data = frame, nest = TRUE)
names <- grep("^d[0-9]+$", names(frame), value = TRUE)
share <- as.numeric(commandArgs(TRUE)[2])
score <- rowMeans(frame[names])
design <- update(design, poor = as.numeric(score >= share - 1e-9), counted = score * (score >= share - 1e-9))
whole <- svymean(~poor + counted, design)
ratio <- svyratio(~counted, ~poor, design)
groups <- svyby(~poor + counted, ~group, design, svymean)
cat(jsonlite::toJSON(list(
  estimate = c(coef(whole), coef(ratio)), se = c(SE(whole), SE(ratio)),
  by = data.frame(group = groups$group, h = groups$poor, m0 = groups$counted, se_h = groups$se.poor,
                  se_m0 = groups$se.counted)
), digits = NA))
"""


def make(path: Path, children: int, dimensions: int, groups: int) -> None:
    """Synthetic children in 10 strata of 20 clusters; deprivations differ between clusters and go together."""
    draw = np.random.default_rng(20250601)
    frame = pd.DataFrame({"stratum": draw.integers(0, 10, children), "w": draw.uniform(0.5, 2, children).round(3)})
    frame["cluster"] = frame["stratum"] * 100 + draw.integers(0, 20, children)
    frame["group"] = draw.integers(0, groups, children)
    burden = 0.5 * draw.normal(size=1000)[frame["cluster"]] + draw.normal(size=children)
    for place in range(dimensions):
        frame[f"d{place}"] = (0.5 * burden + draw.normal(size=children) > 0.7).astype(float)
    frame.to_parquet(path)
    frame.to_csv(path.with_suffix(".csv"), index=False)


def counts(dimensions: int) -> list[int]:
    """Cutoffs: every count up to twelve dimensions, four of them beyond."""
    return list(range(1, dimensions + 1)) if dimensions <= 12 else [6, 12, 20, 30]


def ours(path: Path, dimensions: int) -> Any:
    from xzz_analysis.needs.overlap import overlap
    from xzz_analysis.survey.design import Sample
    from xzz_analysis.survey.estimate import Item

    frame = pd.read_parquet(path)
    sample = Sample(frame, weight="w", strata="stratum", cluster="cluster")
    columns = {f"d{place}": [Item(f"d{place}", frame[f"d{place}"].to_numpy())] for place in range(dimensions)}
    return lambda: overlap(sample, columns, counts(dimensions), by="group").counting


def theirs(path: Path, dimensions: int) -> Any:
    from mpitb.core import MPIToolbox

    frame = pd.read_csv(path.with_suffix(".csv"))
    toolbox = MPIToolbox()
    toolbox.svyset(psu="cluster", strata="stratum", weight="w")
    toolbox.set("mpi", dimensions=[([f"d{place}"], f"d{place}") for place in range(dimensions)])
    cutoffs = [100 * count / dimensions - 1e-7 for count in counts(dimensions)]  # it has no tolerance for rounding
    return lambda: toolbox.est(frame.copy(), "mpi", klist=cutoffs, over=["group"], svy=True)


def figures(found: Any, dimensions: int) -> dict[str, list[float]]:
    """Estimates and errors by measure, cutoff, dimension and group, the same way for both."""
    out = {}
    if isinstance(found, pd.DataFrame):
        names = {"headcount": "H", "intensity": "A", "adjusted_headcount": "M0", "censored_headcount": "hdk"}
        names |= {"contribution": "actb", "contribution_share": "pctb"}
        for row in found.itertuples():
            if row.indicator in names:
                place = dict(part.split("=") for part in row.option.split(";"))
                key = [names[row.indicator], place["cutoff"], place.get("dimension", ""), row.by.removeprefix("group=")]
                out["|".join(key)] = [row.estimate, row.se]
        return out
    for row in found:
        if row["measure"] != "hd":
            count = str(round(row["k"] / 100 * dimensions))
            key = [row["measure"], count, row.get("indicator", ""), str(row.get("subg", ""))]
            out["|".join(key)] = [row["b"], row.get("se", np.nan)]
    return out


def child(way: str, path: Path, dimensions: int, repeats: int) -> None:
    """Measure one way and print a line of JSON; the figures go into a file."""
    run, seconds = {"ours": ours, "mpitb": theirs}[way](path, dimensions), []
    for _ in range(repeats):
        start = time.process_time()
        found = run()
        seconds.append(time.process_time() - start)
    path.with_suffix(f".{way}.json").write_text(json.dumps(figures(found, dimensions)), encoding="utf-8")
    print(json.dumps({"cpu": min(seconds), "rows": len(found), "pandas": pd.__version__}))


def measure(python: str, way: str, path: Path, dimensions: int, repeats: int) -> dict[str, Any]:
    asked = [python, str(Path(__file__).resolve()), way, str(path), str(dimensions), str(repeats)]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def python_with_mpitb(folder: Path) -> str:
    """A Python of its own for mpitb."""
    venv.create(folder / "mpitb", with_pip=True)
    python = str(folder / "mpitb" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", MPITB, "pyarrow"], check=True)
    return python


def one_size(size: str, folder: Path, python: str, repeats: int) -> dict[str, Any]:
    """Both ways on one data set, and R's errors at one cutoff."""
    children, dimensions, groups = map(int, size.split("x"))
    path = folder / f"{size}.parquet"
    make(path, children, dimensions, groups)
    mine = measure(sys.executable, "ours", path, dimensions, repeats)
    peer = measure(python, "mpitb", path, dimensions, repeats)
    found = {way: json.loads(path.with_suffix(f".{way}.json").read_text(encoding="utf-8")) for way in ("ours", "mpitb")}
    shared = found["ours"].keys() & found["mpitb"].keys()
    known = [key for key in shared if np.isfinite(found["ours"][key][0])]
    gap = max(abs(found["ours"][key][0] - found["mpitb"][key][0]) for key in known)
    row = {"size": size, "figures": len(shared), "ours": mine["cpu"], "mpitb": peer["cpu"], "gap": gap}
    row |= {"pandas": peer["pandas"], **errors(path, dimensions, found)}
    print(row, flush=True)
    return row


def errors(path: Path, dimensions: int, found: dict[str, dict[str, list[float]]]) -> dict[str, float]:
    """Standard errors of H and M0 of the whole and of every group beside R's."""
    count = counts(dimensions)[len(counts(dimensions)) // 3]
    asked = ["Rscript", "-e", R_SCRIPT, str(path.with_suffix(".csv")), f"{count / dimensions:.15g}"]
    theirs_ = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    expected = dict(zip(("H", "M0", "A"), theirs_["se"], strict=True))
    every = {f"{name}|{count}||": se for name, se in expected.items()}
    for row in theirs_["by"]:
        every |= {f"H|{count}||{row['group']}": row["se_h"], f"M0|{count}||{row['group']}": row["se_m0"]}
    ratio = {way: np.array([found[way][key][1] / se for key, se in every.items()]) for way in found}
    whole = f"H|{count}||"
    return {
        "off": float(np.abs(ratio["ours"] - 1).max()),
        "mpitb_whole": found["mpitb"][whole][1] / expected["H"],
        "mpitb_low": float(ratio["mpitb"].min()),
        "mpitb_high": float(ratio["mpitb"].max()),
    }


def report(rows: list[dict[str, Any]]) -> str:
    """The section of results.md."""
    head = (
        *(
            "children × dimensions × groups",
            "figures",
            "ours, s",
            "mpitb, s",
            "faster",
            "largest difference of estimates",
        ),
        *("our SE off R's by at most", "mpitb's SE of H over R's", "… of all H, A, M0"),
    )
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        cells = [row["size"].replace("x", " × "), f"{row['figures']:,}", f"{row['ours']:.3f}", f"{row['mpitb']:.2f}"]
        cells += [f"{row['mpitb'] / row['ours']:.1f} ×", f"{row['gap']:.0e}", f"{row['off']:.0e}"]
        cells += [f"{row['mpitb_whole']:.2f}", f"{row['mpitb_low']:.2f}–{row['mpitb_high']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    slow = [row["size"] for row in rows if row["mpitb"] < FASTER * row["ours"]]
    return f"""## Overlap of deprivations beside mpitb {MPITB.partition("==")[2]}

{chr(10).join(lines)}

CPU seconds of one call, best of the repeats, in one run on one machine; mpitb ran with pandas {rows[0]["pandas"]} in an
environment of its own. Every count of dimensions is a cutoff (four counts, of sixty dimensions); 48 groups are 12
groups in 4 rounds. *Figures* are those that both make; ours come with errors, intervals, flags, result ids and an
influence matrix. mpitb stores strata and clusters and does not use them; it makes no errors of
contributions and of headcounts by dimension, so ours does more in the time that is compared.

Less than {FASTER} times faster: {", ".join(one.replace("x", " × ") for one in slow) or "none"}.
"""


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
