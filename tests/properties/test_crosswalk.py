"""Whatever happens to a questionnaire: nothing is mapped wrong in silence, and no decision is lost."""

import importlib
import string
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzz_analysis.intake.expression import evaluate, text_vector
from xzz_analysis.intake.rounds import draft, read_crosswalks, write_crosswalks
from xzz_analysis.intake.rounds.logic import normal, translate
from xzz_analysis.intake.rounds.wording import compare, likeness, plain

FOLDER = Path(__file__).parents[1] / "faults" / "mutations"
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def corpus():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield importlib.import_module("mutate"), importlib.import_module("judge")


@given(data=st.data())
@settings(max_examples=100)
def test_three_mutations_in_a_row_never_pass_in_silence(corpus, data):
    mutate, judge = corpus
    some = [
        one
        for mutations in (mutate.QUESTION_CHANGES, mutate.OPTION_CHANGES)
        for both in mutations.values()
        for one in both
    ]
    asked = later = mutate.questionnaire(data.draw(st.sampled_from(mutate.SCHEMES)))
    for mutation in data.draw(st.lists(st.sampled_from(some), min_size=1, max_size=3, unique=True)):
        later = mutation(later, data.draw(st.integers(0, len(later) - 1))) or later
    case = judge.Case("drawn", tuple(asked), tuple(later))
    if len({one.name for one in later}) == len(later) and mutate.tellable(case):
        for one in (case, case.reversed()):
            found = judge.judge(one)
            assert found.verdict in ("mapped right", "stopped"), found.message


@given(data=st.data())
@settings(max_examples=30)
def test_new_names_and_orders_of_everything_are_mapped_without_a_person(corpus, data):
    """Wordings that stay identify every question and option, when no name speaks and no question leans on another."""
    mutate, judge = corpus
    asked = [one for one in mutate.questionnaire("placed") if one.asks not in ("why", "rating")]
    order = data.draw(st.permutations(asked))
    later = []
    for place, one in enumerate(order, start=1):
        options = data.draw(st.permutations(one.question.options))
        named = [replace(option, name=f"o{rank}", code=str(rank)) for rank, option in enumerate(options, start=1)]
        means = {new.name: one.means[old.name] for old, new in zip(options, named, strict=True)}
        later.append(replace(one.change(name=f"q{place}", options=tuple(named)), means=means))
    found = judge.judge(judge.Case("drawn", tuple(asked), tuple(later)))
    assert found.verdict == "mapped right", found.message


@given(LABELS, LABELS)
def test_likeness_is_symmetric_and_bounded(first, second):
    assert 0 <= likeness(first, second) <= 1
    assert likeness(first, second) == pytest.approx(likeness(second, first), abs=0.1)  # the ratio breaks ties by side
    assert likeness(first, first) == 1


@given(LABELS)
def test_plain_wordings_stay_plain(text):
    once = plain(plain(text))
    assert plain(once) == once or len(plain(once)) < len(once)
    assert compare({"zh": text}, {"zh": f" {text}\u3000"}).change != "some" or not text.strip()


@given(
    st.lists(st.sampled_from(string.ascii_lowercase[:4]), min_size=1, max_size=12),
    st.permutations(list(string.ascii_lowercase[:4])),
    st.sampled_from(["${q} = 'a'", "${q} != 'b' and selected(${q}, 'c')", "selected(${q}, 'd') or ${q}='a'"]),
)
def test_translated_logic_says_the_same_of_recoded_answers(answers, renamed, text):
    mapping = dict(zip(string.ascii_lowercase, renamed, strict=False))
    written = translate(text, {"q": "r"}, {"q": mapping})
    before = truth(text, "q", answers)
    assert before == truth(written, "r", [mapping[one] for one in answers])
    back = translate(written, {"r": "q"}, {"r": {new: old for old, new in mapping.items()}})
    assert normal([back]) == normal([text])


def truth(text, name, answers):
    return evaluate(text, {name: text_vector(answers)}.__getitem__, len(answers)).truth().tolist()


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_decision_is_lost_by_drafting_again(corpus, tmp_path, data):
    mutate, _ = corpus
    form = importlib.import_module("questionnaires").form
    some = [one for both in mutate.OPTION_CHANGES.values() for one in both]
    asked = mutate.questionnaire("named")
    later, newest = asked, asked
    for place in range(len(asked)):
        changed = data.draw(st.sampled_from(some))(later, place)
        later = changed or later
    newest = mutate.QUESTION_CHANGES["question added"][0](later, data.draw(st.integers(0, len(later) - 1)))
    path = tmp_path / "crosswalk.yml"
    path.unlink(missing_ok=True)
    forms = {"child": {"a": form(asked), "b": form(later)}}
    write_crosswalks(path, forms)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n      confirmed: no", "\n      confirmed: yes\n      note: 定了"), encoding="utf-8")
    decided = sections(path)
    assert not read_crosswalks(path, forms)["child"]["a"].undecided
    write_crosswalks(path, {"child": {**forms["child"], "c": form(newest)}})
    assert sections(path).get("a to b") == decided.get("a to b")


def sections(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["child"]


@given(st.data())
@settings(max_examples=20)
def test_drafting_is_a_function_of_the_two_forms(corpus, data):
    mutate, _ = corpus
    form = importlib.import_module("questionnaires").form
    case = data.draw(st.sampled_from(list(mutate.paired_cases())[:40]))
    first, second = (draft(form(case.earlier), form(case.later)) for _ in range(2))
    assert first.entries == second.entries and first.added == second.added
