"""The references would notice: five hand-made faults in a copy of the engine each turn them red."""

import os
import shutil
import subprocess
import sys

import pytest

FAULTS = {
    "no n/(n-1)": ("design/stages.py", "* sampled / np.maximum(sampled - 1, 1)", "* sampled / sampled"),
    "normal for t": (
        "engine/interval.py",
        "stdtrit(usable, 0.5 + level / 2)",
        "stdtrit(1e12, 0.5 + level / 2)",
    ),
    "unweighted": ("design/columns.py", 'found = numbers(frame, name, "weight") if name else', "found ="),
    "missing as no": (
        "estimate/items.py",
        "y = np.full(len(column), np.nan, np.float32)",
        "y = np.zeros(len(column), np.float32)",
    ),
    "domain variance from its own clusters only": (
        "engine/cells.py",
        "n = self.stage.sampled[self.stratum][:, None]",
        "n = np.diff(np.append(self.strata, len(totals)))[:, None].astype(float)",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_turns_the_references_red(name, tmp_path, root):
    file, right, wrong = FAULTS[name]
    shutil.copytree(root / "xzz_analysis", tmp_path / "xzz_analysis")
    source = tmp_path / "xzz_analysis" / "survey" / file
    text = source.read_text(encoding="utf-8")
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    tests = [str(root / "tests" / "reference" / test) for test in ("test_share.py", "test_mean.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "1 failed" in done.stdout, done.stdout[-2000:]
    assert "test_equals_r" in done.stdout
