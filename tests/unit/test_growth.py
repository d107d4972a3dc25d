"""Growth of children: values that WHO printed, WHO's own results, flags, units, national cut-offs."""

import gzip
import json
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs.growth import (
    FLAGS,
    STANDARDS,
    growth_class,
    growth_findings,
    growth_z,
    national_class,
    read_cutoffs,
    within,
)
from xzz_analysis.needs.growth.reference import box_cox, median

PACKAGE = files("pygrowup").joinpath("test_datasets")
EXAMPLES = files("xzz_analysis.needs.growth")


def z(measure, value, age, sex, reference="who2007"):
    return growth_z(measure, [value], [age], [sex], reference)["z"][0]


# ---------------------------------------------------------------- printed by WHO


@pytest.mark.parametrize(
    ("sex", "bmi", "expected"),
    [("m", 25.4, 1), ("f", 25.0, 1), ("m", 29.7, 2), ("f", 29.7, 2)],
)
def test_bmi_at_nineteen_years_as_de_onis_2007_prints_it(sex, bmi, expected):
    assert z("bmi", bmi, 228, sex) == pytest.approx(expected, abs=0.02)  # printed to 0.1 kg/m², 0.02 SD here


def test_z_worked_by_hand_from_the_printed_table():
    # girls, 61 months: L −0.8886, M 15.2441, S 0.09692 (WHO 2007)
    assert z("bmi", 15.2441, 61, "f") == pytest.approx(0, abs=1e-12)
    assert z("bmi", 17.0, 61, "f") == pytest.approx(((17.0 / 15.2441) ** -0.8886 - 1) / (-0.8886 * 0.09692), abs=1e-12)
    three, two = (15.2441 * (1 - 0.8886 * 0.09692 * sd) ** (1 / -0.8886) for sd in (3, 2))
    assert z("bmi", 25.0, 61, "f") == pytest.approx(3 + (25.0 - three) / (three - two), abs=1e-12)
    low, near = (15.2441 * (1 + 0.8886 * 0.09692 * sd) ** (1 / -0.8886) for sd in (3, 2))
    assert z("bmi", 11.0, 61, "f") == pytest.approx(-3 + (11.0 - low) / (near - low), abs=1e-12)


def test_between_months_the_parameters_are_linear():
    # boys, 60.5 is outside; 63.25 lies a quarter of the way from 63 (M 15.2604) to 64
    quarter, at, following = (box_cox("bmi", np.array([age]), np.array([1.0]), "who2007")[0] for age in (63.25, 63, 64))
    assert at.tolist() == [-0.7856, 15.2604, 0.08439]
    np.testing.assert_allclose(quarter, at + (following - at) / 4, rtol=0, atol=1e-14)


def test_young_children_are_looked_up_by_the_nearest_day():
    ages = np.array([0, 0.49, 0.51]) / 30.4375
    medians = median("height", ages, np.ones(3), "who2006")
    assert medians[0] == medians[1] == 49.8842 and medians[2] > 49.8842
    assert z("height", 49.8842, 0, "m", "who2006") == 0


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [("height", "height", "_zhfa"), ("bmi", "_cbmi", "_zbfa"), ("weight", "weight", "_zwfa")],
)
def test_who2007_gives_what_the_stata_macro_of_who_gave(measure, value, expected):
    survey = pd.read_csv(PACKAGE / "test_dataset.csv").query("_agemons >= 61")
    found = growth_z(measure, survey[value], survey["_agemons"], survey["sex"])
    there = survey[expected].notna() & (found["flag"] != "age_outside")  # the macro scores weight up to 120.9 months
    assert there.sum() > 770
    np.testing.assert_allclose(found["z"][there], survey[expected][there], rtol=0, atol=0.005001)  # two decimals
    assert (found["flag"][there] == "").all()
    assert set(found["flag"][survey[expected].isna()]) <= {"implausible", "value_missing", "age_outside"}


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [("height", "clenhei", "zlen"), ("bmi", "cbmi", "zbmi"), ("weight", "WEIGHT", "zwei")],
)
def test_who2006_gives_what_who_anthro_gave(measure, value, expected):
    survey = pd.read_csv(PACKAGE / "MySurvey_z_st.csv")
    found = growth_z(measure, survey[value], survey["age.days"] / 30.4375, survey["GENDER"], "who2006")
    there = survey[expected].notna()
    assert there.sum() > 460
    np.testing.assert_allclose(found["z"][there], survey[expected][there], rtol=0, atol=0.005001)  # two decimals


@pytest.mark.real
@pytest.mark.parametrize(("measure", "file"), [("height", "hfa"), ("bmi", "bfa"), ("weight", "wfa")])
def test_the_tables_by_month_are_whos(real_data, measure, file):
    table = pd.read_csv(real_data / f"who_growth/{file}who2007.txt", sep="\t").query("61 <= age <= 228")
    table = table[table["age"] <= (120 if measure == "weight" else 228)]
    mine = box_cox(measure, table["age"].to_numpy(float), (table["sex"] == 1).to_numpy(float), "who2007")
    np.testing.assert_array_equal(mine, table[["l", "m", "s"]])


@pytest.mark.real
@pytest.mark.parametrize(("measure", "file"), [("height", "lhfa"), ("bmi", "bmi"), ("weight", "wfa")])
def test_the_tables_by_day_are_whos(real_data, measure, file):
    tables = json.loads(gzip.decompress((real_data / f"who_growth/who2006_day_{file}.json.gz").read_bytes()))
    for code, male in (("M", 1.0), ("F", 0.0)):
        table = pd.DataFrame(tables[code])
        table = table.drop_duplicates("i", keep="last")
        mine = box_cox(measure, table["i"].to_numpy(float) / 30.4375, np.full(len(table), male), "who2006")
        np.testing.assert_array_equal(mine, table[["l", "m", "s"]].to_numpy(float))


# ---------------------------------------------------------------- flags and errors


def test_every_way_of_having_no_score_has_its_reason():
    value = [120.0, np.nan, 0.0, -3.0, 120.0, 120.0, 120.0, 120.0, 250.0]
    age = [100.0, 100, 100, 100, np.nan, 60.9, 228.1, 100, 100]
    sex = ["m", "m", "f", "f", "m", "m", "f", None, "f"]
    found = growth_z("height", value, age, sex)
    assert found["flag"].tolist() == [
        "", "value_missing", "value_not_positive", "value_not_positive", "age_missing", "age_outside", "age_outside",
        "sex_missing", "implausible",
    ]  # fmt: skip
    assert found["z"].notna().tolist() == [True, *[False] * 7, True]
    assert set(found["flag"]) <= set(FLAGS)


def test_limits_of_the_implausible_are_whos_and_at_two_decimals():
    row = box_cox("height", np.array([100.0]), np.array([1.0]), "who2007")[0]
    m, s = row[1], row[2]
    flags = growth_z("height", [m * (1 + 6.004 * s), m * (1 + 6.006 * s), m * (1 - 6.006 * s)], [100.0] * 3, ["m"] * 3)
    assert flags["flag"].tolist() == ["", "implausible", "implausible"]
    L, m, s = box_cox("weight", np.array([100.0]), np.array([1.0]), "who2007")[0]
    near, edge = (m * (1 + L * s * sd) ** (1 / L) for sd in (2, 3))
    low, high = (edge + (sd - 3) * (edge - near) for sd in (4.99, 5.01))
    heavy = growth_z("weight", [low, high, 5.0], [100.0] * 3, ["m"] * 3)
    np.testing.assert_allclose(heavy["z"][:2], [4.99, 5.01], rtol=0, atol=1e-9)
    assert heavy["z"][2] < -6
    assert heavy["flag"].tolist() == ["", "implausible", "implausible"]


@pytest.mark.parametrize(("reference", "last"), [("who2006", 60.99), ("who2007", 228.0), ("who", 228.0)])
def test_ends_of_the_references(reference, last):
    found = growth_z("height", [130.0] * 2, [last, last + 0.02], ["f"] * 2, reference)
    assert found["flag"].tolist() == ["", "age_outside"]


def test_weight_for_age_ends_at_ten_years():
    assert growth_z("weight", [30.0] * 2, [120.0, 120.1], ["f"] * 2)["flag"].tolist() == ["", "age_outside"]


def test_both_references_join_at_61_months():
    ages = [59.0, 60.99, 61.0, 100.0]
    both = growth_z("bmi", [15.0] * 4, ages, ["m"] * 4, "who")
    young, old = (growth_z("bmi", [15.0] * 4, ages, ["m"] * 4, name) for name in ("who2006", "who2007"))
    assert both["z"].tolist() == [*young["z"][:2], *old["z"][2:]]
    assert abs(both["z"][1] - both["z"][2]) < 0.12  # WHO built the second to continue the first


def test_length_measured_lying_is_shortened_from_24_months_on():
    ages = [23.9, 24.1]
    lying, usual = (growth_z(name, [85.0] * 2, ages, ["m"] * 2, "who2006")["z"] for name in ("length", "height"))
    assert lying[0] == usual[0]
    assert lying[1] == pytest.approx(z("height", 84.3, 24.1, "m", "who2006"), abs=1e-12)


def test_the_index_of_the_table_is_kept():
    table = pd.DataFrame({"h": [120.0, 125], "a": [90.0, 91], "s": ["m", "f"]}, index=["u", "v"])
    assert growth_z("height", table["h"], table["a"], table["s"]).index.tolist() == ["u", "v"]
    with pytest.raises(InputError, match="different indexes"):
        growth_z("height", table["h"], table["a"][::-1], table["s"])


@pytest.mark.parametrize("codes", [["男", "女"], ["M", "F"], [1, 2], [1.0, 2.0], ["1", "2"], ["boy", "Girl "]])
def test_sex_may_be_written_in_several_ways(codes):
    expected = growth_z("height", [120.0] * 2, [90.0] * 2, ["m", "f"])["z"]
    assert growth_z("height", [120.0] * 2, [90.0] * 2, codes)["z"].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hight", [1.0], [90.0], ["m"]), "did you mean 'height'"),
        (("height", [1.0], [90.0], ["m"], "who207"), "did you mean 'who2007'"),
        (("height", [1.0] * 3, [90.0] * 3, ["m", 0, "x"]), r"2 unknown code\(s\) \('0', 'x'\) in 2 places"),
        (("height", ["tall", 1.0], [90.0] * 2, ["m"] * 2), "height holds 1 entries that are no numbers"),
        (("height", [1.0] * 2, [90.0], ["m"]), "of the same children"),
        (("height", 120.0, [90.0], ["m"]), r"write one child as \[value\]"),
    ],
)
def test_what_cannot_be_scored_is_a_named_error(arguments, said):
    with pytest.raises(InputError, match=said):
        growth_z(*arguments)


def test_an_error_shows_no_words_of_a_person():
    with pytest.raises(InputError) as caught:
        growth_z("height", [1.0], [90.0], ["王小明 13800138000"])
    assert "王" not in str(caught.value) and "138" not in str(caught.value)


def test_nobody_measured_is_an_empty_table():
    assert growth_z("height", [], [], []).empty


# ---------------------------------------------------------------- classes


@pytest.mark.parametrize(
    ("measure", "reference", "scores", "expected"),
    [
        ("height", "who2007", [-3.01, -3, -2.01, -2, 4], "severely_stunted stunted stunted not_stunted not_stunted"),
        (
            "bmi",
            "who2007",
            [-3.01, -2.01, -2, 1, 1.01, 2, 2.01],
            "severely_thin thin neither neither overweight overweight obese",
        ),
        ("bmi", "who2006", [-2.01, 2, 2.01, 3, 3.01], "thin neither overweight overweight obese"),
        ("weight", "who2007", [-3.01, -2.01, -2], "severely_underweight underweight not_underweight"),
    ],
)
def test_cut_offs_of_the_classes(measure, reference, scores, expected):
    age = 59.0 if reference == "who2006" else 100.0
    L, M, S = box_cox(measure, np.array([age]), np.array([1.0]), reference)[0]
    power = np.array(scores)
    values = M * (1 + L * S * power) ** (1 / L)
    if measure != "height":  # beyond ±3 the scale is linear
        three, two = M * (1 + L * S * 3) ** (1 / L), M * (1 + L * S * 2) ** (1 / L)
        low, near = M * (1 - L * S * 3) ** (1 / L), M * (1 - L * S * 2) ** (1 / L)
        values = np.where(power > 3, three + (power - 3) * (three - two), values)
        values = np.where(power < -3, low + (power + 3) * (near - low), values)
    found = growth_class(measure, values, [age] * len(scores), ["m"] * len(scores), reference)
    assert found["class"].tolist() == expected.split()


def test_joined_references_use_the_cut_offs_of_each():
    young, old = (median("bmi", np.array([age]), np.array([1.0]), "who")[0] * 1.14 for age in (50.0, 70.0))
    assert growth_class("bmi", [young, old], [50.0, 70.0], ["m"] * 2, "who")["class"].tolist() == [
        "neither",
        "overweight",
    ]


def test_a_prevalence_counts_the_severer_class_and_never_the_unmeasured():
    found = growth_class("height", [95.0, 105.0, 125.0, np.nan, 30.0], [100.0] * 5, ["m"] * 5)
    assert found["class"].tolist()[:3] == ["severely_stunted", "severely_stunted", "not_stunted"]
    np.testing.assert_array_equal(within(found["class"], "stunted"), [1, 1, 0, np.nan, np.nan])
    assert found["flag"].tolist()[3:] == ["value_missing", "implausible"]
    with pytest.raises(InputError, match="did you mean 'stunted'"):
        within(found["class"], "stuntd")


# ---------------------------------------------------------------- units


def children(n=40, seed=1):
    random = np.random.default_rng(seed)
    age = random.uniform(72, 120, n)
    male = random.integers(0, 2, n).astype(float)
    return age, np.where(male == 1, "m", "f"), male


def found(measure, value, age, sex, reference="who2007"):
    return [(one.severity, one.rule, one.count) for one in growth_findings(measure, value, age, sex, reference)]


@pytest.mark.parametrize(
    ("measure", "factor"),
    [("height", 0.01), ("height", 10), ("height", 1 / 2.54), ("height", 1 / 30.48), ("weight", 2), ("weight", 2.2046),
     ("weight", 1000), ("bmi", 1e-4), ("bmi", 2)],
)  # fmt: skip
def test_a_column_in_another_unit_is_an_error(measure, factor):
    age, sex, male = children()
    value = median(measure, age, male, "who2007")
    assert found(measure, value * factor, age, sex) == [("error", "growth_units", 40)]
    assert found(measure, value, age, sex) == []


def test_some_heights_in_metres_are_counted():
    age, sex, male = children()
    value = median("height", age, male, "who2007")
    value[:3] /= 100
    assert found("height", value, age, sex) == [("error", "growth_units_mixed", 3)]


def test_some_weights_in_jin_are_suspected():
    age, sex, male = children()
    value = median("weight", age, male, "who2007")
    value[:8] *= 2
    assert found("weight", value, age, sex) == [("warning", "growth_units_mixed", 8)]
    value[:39] = median("weight", age, male, "who2007")[:39]
    value[39] *= 2
    assert found("weight", value, age, sex) == []


def test_ages_in_years_are_an_error():
    age, sex, male = children()
    assert found("height", median("height", age, male, "who2007"), age / 12, sex) == [("error", "growth_age_years", 40)]


def test_ages_outside_unknown_sex_and_implausible_values_are_counted():
    age, sex, male = children()
    value = median("height", age, male, "who2007")
    age[:2], sex[2], value[3], value[4] = 30, "", 200, 0
    assert found("height", value, age, sex) == [
        ("warning", "growth_implausible", 1),
        ("warning", "growth_implausible", 1),
        ("note", "growth_age_outside", 2),
        ("note", "growth_sex_missing", 1),
    ]


# ---------------------------------------------------------------- national cut-offs


@pytest.fixture
def example(tmp_path):
    """A copy of an invented table, to be damaged."""

    def copy(standard, change=lambda text: text):
        path = tmp_path / f"{standard}.csv"
        path.write_text(change((EXAMPLES / f"example_{standard}.csv").read_text(encoding="utf-8")), encoding="utf-8")
        return path

    return copy


def test_without_a_table_the_answer_is_not_supplied():
    answer = national_class(None, "bmi", [18.0, np.nan], [100.0] * 2, ["m"] * 2)
    assert answer["class"].isna().all() and answer["flag"].tolist() == ["not_supplied"] * 2


@pytest.mark.parametrize("standard", STANDARDS)
def test_the_worked_example_is_invented_and_says_so(standard, example):
    cutoffs = read_cutoffs(example(standard), standard)
    assert [one.rule for one in cutoffs.findings] == ["cutoffs_invented"]
    assert cutoffs.findings[0].severity == "error"


def test_classes_of_the_invented_table(example):
    overweight = read_cutoffs(example("wst586"), "wst586")  # boys of 6.0: overweight from 20.0, obese from 24.0
    answer = national_class(overweight, "bmi", [19.9, 20.0, 24.0, 20.1], [72, 77.9, 72, 78], ["m"] * 4)
    assert answer["class"].tolist() == ["not_overweight", "overweight", "obese", "not_overweight"]
    np.testing.assert_array_equal(within(answer["class"], "overweight"), [0, 1, 1, 0])
    thin = read_cutoffs(example("wst456"), "wst456")  # girls of 6.5: stunted to 103.0, thin to 13.1, severely to 12.1
    assert national_class(thin, "height", [103.0, 103.1], [78] * 2, ["f"] * 2)["class"].tolist() == [
        "stunted",
        "not_stunted",
    ]
    answer = national_class(thin, "bmi", [12.1, 13.1, 13.2], [78] * 3, ["f"] * 3)
    assert answer["class"].tolist() == ["severely_thin", "thin", "not_thin"]


def test_children_the_table_lacks_have_a_reason(example):
    cutoffs = read_cutoffs(example("wst586"), "wst586")
    answer = national_class(
        cutoffs, "bmi", [18.0, 18, np.nan, 18, 0], [60, 300, 80, 80, 80], ["m", "m", "m", None, "f"]
    )
    assert answer["flag"].tolist() == [
        "age_outside",
        "age_outside",
        "value_missing",
        "sex_missing",
        "value_not_positive",
    ]
    assert answer["class"].isna().all()
    with pytest.raises(InputError, match="no cut-offs for 'height'"):
        national_class(cutoffs, "height", [120.0], [80], ["m"])


@pytest.mark.parametrize(
    ("standard", "change", "said"),
    [
        ("wst586", lambda text: text.replace("\nm,6.5,", "\nm,6.6,", 1), "not whole half-years"),
        ("wst586", lambda text: text.replace("\nm,7.0,24.4,20.4", "\nm,7.0,24.4,2.04", 1), "overweight_bmi: 1 value"),
        ("wst586", lambda text: text.replace("\nm,7.0,24.4,20.4", "\nm,7.0,24.4,24.9", 1), "is not below obese_bmi"),
        ("wst586", lambda text: text.replace("\nf,6.0", "\nx,6.0", 1), "another sex"),
        ("wst586", lambda text: text.replace("\nf,6.0", "\nm,6.0", 1), "repeated"),
        ("wst456", lambda text: text.replace("100.0", "", 1), "stunted_height: 1 value"),
        ("wst456", lambda text: text.replace(",example,", ",,", 1), "without source, page or who typed them"),
        ("wst456", lambda text: text.replace("somebody else", "example", 1), "checked by who typed them"),
    ],
)
def test_a_slip_of_the_keyboard_is_found(standard, change, said, example):
    with pytest.raises(StudyError, match=said):
        read_cutoffs(example(standard, change), standard)


def test_an_unchecked_table_cannot_be_published(example):
    real = example("wst586", lambda text: text.replace("invented", "typed").replace("somebody else", ""))
    assert [one.rule for one in read_cutoffs(real, "wst586").findings] == ["cutoffs_unchecked"]


def test_files_that_are_no_tables(example, tmp_path):
    with pytest.raises(InputError, match="did you mean 'wst586'"):
        read_cutoffs(example("wst586"), "wst568")
    with pytest.raises(InputError, match=r"lacks the column\(s\) thin_severe_bmi"):
        read_cutoffs(example("wst456", lambda text: text.replace("thin_severe_bmi", "thin", 1)), "wst456")
    with pytest.raises(InputError, match="does not exist"):
        read_cutoffs(tmp_path / "none.csv", "wst456")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="no CSV table"):
        read_cutoffs(tmp_path / "empty.csv", "wst456")
