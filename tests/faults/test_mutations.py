"""Forms and data that change between rounds: read right, or stopped with the question's name; never in silence."""

import importlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from xzz_analysis.intake.rounds import Crosswalk, Entry

FOLDER = Path(__file__).parent / "mutations"


@pytest.fixture(scope="module")
def corpus():
    """The corpus and its judge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield importlib.import_module("mutate"), importlib.import_module("judge")


def test_nothing_passes_in_silence(corpus):
    mutate, judge = corpus
    counts, kinds = Counter(), set()
    for case in mutate.cases():
        found = judge.judge(case)
        assert found.verdict in ("mapped right", "stopped"), f"{case.kind}: {found.message}"
        counts[found.verdict] += 1
        kinds.add(case.kind)
    assert counts["mapped right"] > 1000 and counts["stopped"] > 2000
    assert len(kinds) > 60


def test_corpus_is_always_the_same(corpus):
    mutate, _ = corpus
    first, second = ([(case.kind, case.later) for case in mutate.paired_cases()] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("rule", "kinds"), [("name", 20), ("place", 10), ("proposal", 5)])
def test_the_judge_sees_careless_mapping(corpus, rule, kinds):
    """Mapping by name, by place, or by proposals that nobody confirmed reads many kinds of mutations wrong."""
    mutate, judge = corpus
    silent = {
        case.kind
        for number, case in enumerate(mutate.single_cases())
        if number % 7 == 0 and judge.judge(case, draft=globals()[f"by_{rule}"]).verdict == "silent"
    }
    assert len(silent) > kinds


def by_name(earlier, later):
    """What a tool does that stacks rounds by column name."""
    return joined(earlier, later, {name: name for name in earlier.questions if name in later.questions})


def by_place(earlier, later):
    """What a tool does that renames the columns of one round to those of another."""
    return joined(earlier, later, dict(zip(earlier.questions, later.questions, strict=False)))


def by_proposal(earlier, later):
    """What a person does who confirms everything unread, and calls it comparable."""
    drafted = importlib.import_module("xzz_analysis.intake.rounds").draft(earlier, later)
    entries = [one.model_copy(update={"confirmed": True, "relation": "same"}) for one in drafted.entries]
    return Crosswalk(earlier, later, tuple(entries))


def joined(earlier, later, names):
    entries = []
    for name, question in earlier.questions.items():
        other = later.questions.get(names.get(name, ""))
        same = other is not None and other.kind == question.kind
        known = {option.name for option in other.options} if same else set()
        options = {one.name: one.name if one.name in known else "" for one in question.options} if same else {}
        entries.append(
            Entry(question=name, becomes=other.name if same else "", relation="same", confirmed=True, options=options)
        )
    return Crosswalk(earlier, later, tuple(entries))


def test_one_command_prints_the_table(corpus, tmp_path):
    script = (
        "import sys, itertools, mutate; every = mutate.cases; "
        "mutate.cases = lambda: itertools.islice(every(), 0, None, 60); import run; sys.exit(run.main())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=FOLDER, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].split() == ["kind", "cases", "mapped", "right", "stopped", "as", "proposed", "unnamed", "silent"]
    assert lines[-1].split()[0] == "all" and lines[-1].split()[-2:] == ["0", "0"]
