"""What happens to the options of a question between rounds: mutations as in ``question_changes``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from question_changes import Later, Mutation, put, wide
from questionnaires import Asked

from xzz_analysis.intake.answers import Option


def relist(asked: Later, place: int, options: list[tuple[Option, frozenset[str]]], by_place: bool) -> Later:
    """Another list of options; ``by_place`` names and codes them again by their place."""
    letter = "o" if asked[place].question.options[0].name.startswith("o") else ""
    named = [
        (replace(option, name=f"{letter}{rank}", code=str(rank)) if by_place else option, means)
        for rank, (option, means) in enumerate(options, start=1)
    ]
    changed = asked[place].change(options=tuple(option for option, _ in named))
    later = put(asked, place, replace(changed, means={option.name: means for option, means in named}))
    return _follow(asked[place], later[place], later)


def _follow(old: Asked, new: Asked, asked: Later) -> Later:
    """Skip logic that follows an option to its new name."""
    renamed = {}
    for name, means in old.means.items():
        renamed[name] = next((other for other, meant in new.means.items() if means <= meant), name)
    followed = []
    for one in asked:
        texts = []
        for text in one.question.relevant:
            written = text.partition(" = ")
            literal = written[2].strip("'")
            if written[0] == f"${{{new.name}}}" and literal in renamed:
                text = f"{written[0]} = '{renamed[literal]}'"
            texts.append(text)
        followed.append(one.change(relevant=tuple(texts)))
    return followed


def listed(one: Asked) -> list[tuple[Option, frozenset[str]]]:
    return [(option, one.means[option.name]) for option in one.question.options]


def of_options(change: Callable[[list], list | None], least: int = 2) -> tuple[Mutation, Mutation]:
    """Two mutations of a list of options: names kept, and names by place."""

    def mutation(by_place: bool) -> Mutation:
        def mutate(asked: Later, place: int) -> Later | None:
            options = listed(asked[place])
            changed = change(options) if len(options) >= least else None
            if not changed or (by_place and options[0][0].name not in ("o1", "1")):
                return None
            return relist(asked, place, changed, by_place)

        return mutate

    return mutation(False), mutation(True)


ADDED = (Option("charity", {"zh": "慈善机构", "en": "A charity"}, "9"), frozenset(["charity"]))


def merged(options: list) -> list:
    (first, one), (second, two) = options[:2]
    words = {"zh": "或", "en": " or "}
    label = {code: first.label[code] + words[code] + second.label[code] for code in first.label if code in second.label}
    return [(replace(first, label=label), one | two), *options[2:]]


def merged_under_another_name(options: list) -> list:
    (option, means), *rest = merged(options)
    return [(replace(option, name="joined"), means), *rest]


def merged_in_silence(options: list) -> list:
    """The second option is gone and the first keeps its wording: what the second said now falls under it."""
    (first, one), (_, two) = options[:2]
    return [(first, one | two), *options[2:]]


def swapped_texts(options: list) -> list:
    (first, one), (second, two) = options[:2]
    return [(replace(first, label=second.label), two), (replace(second, label=first.label), one), *options[2:]]


def reused_name(options: list) -> list:
    return [*options[:-1], (replace(options[-1][0], label={"zh": "网上", "en": "Online"}), frozenset(["online"]))]


def narrower(options: list) -> list:
    option, means = options[0]
    label = {code: f"{text}（仅限今年）" for code, text in option.label.items()}
    return [(replace(option, label=label), frozenset(f"{one} this year" for one in means)), *options[1:]]


def negated(options: list) -> list:
    option = options[0][0]
    label = {"zh": f"没有{option.label.get('zh', '')}", "en": f"Not: {option.label.get('en', '')}"}
    return [(replace(option, label=label), frozenset(["not that"])), *options[1:]]


def light_option(options: list) -> list:
    option, means = options[0]
    return [(replace(option, label={**option.label, "zh": f"{option.label.get('zh', '')}的"}), means), *options[1:]]


def wide_options(options: list) -> list:
    return [
        (replace(one, label={code: f" {wide(text)}　" for code, text in one.label.items()}), means)
        for one, means in options
    ]


def specify(options: list) -> list | None:
    if options[-1][0].label.get("zh") != "其他":
        return None
    label = {"zh": "其他（请注明）____", "en": "Other (please specify)"}
    return [*options[:-1], (replace(options[-1][0], name="96", label=label), options[-1][1])]


def twice_the_same(options: list) -> list:
    extra = replace(options[0][0], name="copy", code="8")
    return [*options, (extra, frozenset(["another"]))]


def exclusive(options: list) -> list:
    option, means = options[-1]
    return [*options[:-1], (replace(option, exclusive=not option.exclusive), means)]


def unworded(options: list) -> list:
    """Wordings that are only numbers, turned round: the anchors stood in the question."""
    size = len(options)
    return [(replace(one, label={"zh": str(size - place)}), means) for place, (one, means) in enumerate(options)]


OPTION_CHANGES = {
    "options reordered": of_options(lambda options: options[1:] + options[:1]),
    "scale reversed": of_options(lambda options: options[::-1]),
    "option added at the end": of_options(lambda options: [*options, ADDED]),
    "option added in front": of_options(lambda options: [ADDED, *options]),
    "last option removed": of_options(lambda options: options[:-1], 3),
    "first option removed": of_options(lambda options: options[1:], 3),
    "options merged": of_options(merged, 3),
    "option dropped into another": of_options(merged_in_silence, 3),
    "options merged under another name": of_options(merged_under_another_name, 3),
    "option texts swapped": of_options(swapped_texts),
    "option name reused": of_options(reused_name),
    "option narrowed": of_options(narrower),
    "option negated": of_options(negated),
    "option re-worded lightly": of_options(light_option),
    "option widths and spaces": of_options(wide_options),
    "other option renamed": of_options(specify),
    "option wording twice": of_options(twice_the_same),
    "exclusive changed": of_options(exclusive),
    "option wordings only numbers": of_options(unworded, 3),
}
