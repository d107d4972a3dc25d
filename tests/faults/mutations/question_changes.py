"""What happens to questions between rounds.

A mutation takes a questionnaire and the place of one question, and returns the later questionnaire, or None where it
does not apply. Only what truly changes meaning gets another ``asks`` or other ``means``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from questionnaires import LOGIC, Asked

from xzz_analysis.intake.answers import Option, Question

Later = list[Asked]
Mutation = Callable[[Later, int], Later | None]


def wide(text: str) -> str:
    """Full-width letters and marks."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def put(asked: Later, place: int, one: Asked) -> Later:
    return [*asked[:place], one, *asked[place + 1 :]]


def relabel(
    asked: Later, place: int, change: Callable[[str], str], languages: tuple[str, ...] = ("zh",)
) -> Later | None:
    label = asked[place].question.label
    new = {code: change(text) if code in languages else text for code, text in label.items()}
    return None if new == label else put(asked, place, asked[place].change(label=new))


def refer(asked: Later, old: str, new: str) -> Later:
    """The same questionnaire where every expression uses a question's other name."""
    changed = []
    for one in asked:
        relevant = tuple(text.replace(f"${{{old}}}", f"${{{new}}}") for text in one.question.relevant)
        changed.append(one.change(relevant=relevant))
    return changed


def rename(asked: Later, place: int) -> Later:
    old = asked[place].name
    return refer(put(asked, place, asked[place].change(name=f"{old}_new")), old, f"{old}_new")


def swap_names(asked: Later, place: int) -> Later | None:
    if place + 1 >= len(asked):
        return None
    first, second = asked[place], asked[place + 1]
    later = put(put(asked, place, first.change(name=second.name)), place + 1, second.change(name=first.name))
    return refer(refer(refer(later, first.name, "swap"), second.name, first.name), "swap", second.name)


def renumber(asked: Later) -> Later:
    """Names by place again, as a platform derives them."""
    return [one.change(name=f"q{place}") for place, one in enumerate(asked, start=1)]


def typography(asked: Later, place: int) -> Later | None:
    changed = relabel(asked, place, lambda text: f" {place + 3}、{wide(text)} \u200b")
    return changed and relabel(changed, place, lambda text: text.replace(" ", "\u00a0 ") + " ", ("en",))


def politeness(asked: Later, place: int) -> Later | None:
    return relabel(asked, place, lambda text: text.replace("您", "你"))


def light(asked: Later, place: int) -> Later | None:
    return relabel(
        asked, place, lambda text: text.replace("哪些", "哪几种").replace("吗", "没有").replace("是", "属于")
    )


def light_english(asked: Later, place: int) -> Later | None:
    return relabel(asked, place, lambda text: text.replace("the child", "your child").replace("Which", "What"), ("en",))


def other_meaning(words: dict[str, str]) -> Mutation:
    """The wording with other words, and so another question."""

    def mutate(asked: Later, place: int) -> Later | None:
        def change(text: str) -> str:
            for old, new in words.items():
                if old in text:
                    return text.replace(old, new)
            return text

        changed = relabel(asked, place, change, ("zh", "en"))
        return changed and put(changed, place, replace(changed[place], asks=f"{asked[place].asks}, otherwise"))

    return mutate


time = other_meaning(
    {"过去一个月": "过去一年", "past month": "past year", "过去两周": "过去两个月", "past two weeks": "past two months"}
)
negation = other_meaning(
    {"看过": "没看过", "see a": "not see a", "满意": "不满意", "satisfied": "dissatisfied", "需要": "不需要"}
)
unit = other_meaning({"元": "万元", "yuan": "10,000 yuan", "分钟": "小时", "minutes": "hours"})
whom = other_meaning({"孩子": "您", "child": "respondent", "您家": "您本人", "Your home": "Your own"})
letter = other_meaning(
    {"好朋友": "坏朋友", "good": "bad", "独自": "不独", "口人": "个房间", "people": "rooms", "户口": "户籍地"}
)
number = other_meaning({"10分": "5分", "to 10": "to 5", "两周": "四周", "two weeks": "four weeks"})


def reorder(asked: Later, place: int) -> Later:
    rest = [*asked[:place], *asked[place + 1 :]]
    return [*rest[: len(rest) // 3], asked[place], *rest[len(rest) // 3 :]]


def reorder_renumber(asked: Later, place: int) -> Later | None:
    return renumber(reorder(asked, place)) if asked[0].name == "q1" else None


NEW = Asked(
    Question("new", "select_one", {"zh": "孩子周末去哪里玩？", "en": "Where does the child play at weekends?"},
             (Option("park", {"zh": "公园", "en": "Park"}), Option("home", {"zh": "家里", "en": "Home"}))),
    "weekend", {"park": frozenset(["park"]), "home": frozenset(["home"])},
)  # fmt: skip


def add(asked: Later, place: int) -> Later:
    return [*asked[:place], NEW, *asked[place:]]


def add_renumber(asked: Later, place: int) -> Later | None:
    return renumber(add(asked, place)) if asked[0].name == "q1" else None


def drop(asked: Later, place: int) -> Later:
    return [*asked[:place], *asked[place + 1 :]]


def drop_renumber(asked: Later, place: int) -> Later | None:
    return renumber(drop(asked, place)) if asked[0].name == "q1" else None


def reuse_name(asked: Later, place: int) -> Later:
    return put(asked, place, NEW.change(name=asked[place].name))


def reuse_name_alike(asked: Later, place: int) -> Later:
    """Another question under the same name with the same options: only the wording tells."""
    label = {"zh": "孩子的奶奶怎么看？", "en": "What does the grandmother think?"}
    return put(asked, place, replace(asked[place].change(label=label), asks="grandmother"))


def swap_wordings(asked: Later, place: int) -> Later | None:
    """Two neighbours change places, the names stay where they were."""
    if place + 1 >= len(asked) or asked[place].question.relevant or asked[place + 1].question.relevant:
        return None
    first, second = asked[place], asked[place + 1]
    later = put(asked, place, second.change(name=first.name))
    return put(later, place + 1, first.change(name=second.name))


def repeat_wording(asked: Later, place: int) -> Later:
    """A second question with the same wording about something else."""
    twin = replace(asked[place].change(name=f"{asked[place].name}_2"), asks=f"{asked[place].asks}, again")
    return [*asked[: place + 1], twin, *asked[place + 1 :]]


def replace_twin(asked: Later, place: int) -> Later:
    """The name goes to a question with nearly the same wording, the question itself gets another name."""
    kept = asked[place].change(name=f"{asked[place].name}_b")
    twin = replace(asked[place], asks=f"{asked[place].asks}, of others")
    twin = twin.change(label={code: f"{text}（含其他人）" for code, text in asked[place].question.label.items()})
    return [*put(asked, place, twin), kept]


def namesake(asked: Later, place: int) -> Later:
    """The question is gone; one of the same wording asks about someone else, in another group of the form."""
    twin = asked[place].change(name=f"{asked[place].name}_m", group=("mother",))
    return [*drop(asked, place), replace(twin, asks=f"{asked[place].asks} of the mother")]


def short_namesakes(asked: Later, place: int) -> Later | None:
    """Only the question before it tells what a short wording asks."""
    if place + 2 >= len(asked) or asked[place].question.relevant:
        return None
    label = {"zh": "为什么？", "en": "Why?"}
    return put(asked, place, replace(asked[place].change(label=label), asks=f"why {asked[place - 1].asks}"))


def note_before(asked: Later, place: int) -> Later:
    """The name belonged to a note or a picture, which has a column too."""
    note = asked[place].change(kind="other", label={"zh": "请拍照", "en": "Take a picture"}, options=(), relevant=())
    return put(asked, place, replace(note, asks="picture", means={}))


def into_repeat(asked: Later, place: int) -> Later:
    changed = asked[place].change(repeat="child")
    return put(asked, place, replace(changed, asks=f"{asked[place].asks} of each child"))


def no_wording(asked: Later, place: int) -> Later:
    return put(asked, place, asked[place].change(label={}))


def one_language(asked: Later, place: int) -> Later:
    return [one.change(label={"zh": one.question.label.get("zh", "")}) for one in asked]


def other_language(asked: Later, place: int) -> Later:
    return put(asked, place, asked[place].change(label={"en": asked[place].question.label.get("en", "")}))


def kind(asked: Later, place: int) -> Later | None:
    other = {"select_one": "select_multiple", "select_multiple": "select_one", "integer": "text", "decimal": "text"}
    if asked[place].question.kind not in other:
        return None
    changed = asked[place].change(kind=other[asked[place].question.kind])
    return put(asked, place, replace(changed, asks=f"{asked[place].asks}, as {changed.question.kind}"))


def whole_numbers(asked: Later, place: int) -> Later | None:
    other = {"integer": "decimal", "decimal": "integer"}.get(asked[place].question.kind)
    return other and put(asked, place, asked[place].change(kind=other))


def bands(asked: Later, place: int) -> Later | None:
    if asked[place].question.kind not in ("integer", "decimal"):
        return None
    options = tuple(Option(str(code), {"zh": text}) for code, text in enumerate(("0–2", "3–5", "6及以上"), start=1))
    changed = asked[place].change(kind="select_one", options=options)
    means = {option.name: frozenset([option.name]) for option in options}
    return put(asked, place, replace(changed, asks=f"{asked[place].asks} in bands", means=means))


def other_base(asked: Later, place: int) -> Later | None:
    first = asked[0]
    if place < 3 or not first.question.options:
        return None
    relevant = (f"${{{first.name}}} = '{first.question.options[0].name}'",)
    return put(asked, place, replace(asked[place].change(relevant=relevant), asks=f"{asked[place].asks} of some"))


def logic_left(asked: Later, place: int) -> Later | None:
    """Options change their codes and the skip logic that names them stays as it was: now it asks others."""
    if (
        asked[place].asks not in [before for before, _ in LOGIC.values()]
        or asked[place].question.options[0].name != "1"
    ):
        return None
    named = [
        replace(option, name=str(rank)) for rank, option in enumerate(asked[place].question.options[::-1], start=1)
    ]
    means = {option.name: asked[place].means[str(len(named) + 1 - int(option.name))] for option in named}
    later = put(asked, place, replace(asked[place].change(options=tuple(named)), means=means))
    dependent = [asks for asks, (before, _) in LOGIC.items() if before == asked[place].asks]
    return [replace(one, asks=f"{one.asks} of others") if one.asks in dependent else one for one in later]


def limits(asked: Later, place: int) -> Later | None:
    if not asked[place].question.constraint:
        return None
    changed = asked[place].change(constraint=". >= 0 and . <= 5")
    return put(asked, place, replace(changed, asks=f"{asked[place].asks} of five"))


QUESTION_CHANGES: dict[str, tuple[Mutation, ...]] = {
    "question renamed": (rename,),
    "names of two questions swapped": (swap_names,),
    "widths, spaces, numbers of wordings": (typography, politeness),
    "re-worded lightly": (light, light_english),
    "time frame changed": (time,),
    "negation changed": (negation,),
    "unit changed": (unit,),
    "whom it asks about changed": (whom,),
    "one word changed": (letter, number),
    "questions reordered": (reorder, reorder_renumber),
    "question added": (add, add_renumber),
    "question dropped": (drop, drop_renumber),
    "dropped question's name reused": (reuse_name, reuse_name_alike, replace_twin, note_before),
    "same wording about someone else": (namesake, short_namesakes),
    "moved into a repeat": (into_repeat,),
    "wordings of two questions swapped": (swap_wordings,),
    "question's wording twice": (repeat_wording,),
    "wording missing": (no_wording, other_language),
    "language missing": (one_language,),
    "kind changed": (kind, bands),
    "whole and decimal numbers": (whole_numbers,),
    "skip rule changed": (other_base, logic_left),
    "limits changed": (limits,),
}
