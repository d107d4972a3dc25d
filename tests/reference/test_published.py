"""Figures as they are printed in books, manuals and reports, to the last printed digit.

A line quotes one figure: the call that has to give it, the row of its answer (the group, or the option of the
question), the estimate and its standard error as printed. Tables of books are small and stand here; the files of
schools and health surveys are read where ``XZZ_REAL_DATA`` says.
"""

import io

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

# --- books ---------------------------------------------------------------------------------------
# 280 municipalities of Sweden: Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling,
# example 4.3.2. 5 of 50 clusters were drawn, and 3 municipalities in each; n2 is a cluster's number of municipalities.
MUNICIPALITIES = """
id1 n1 id2 y1 n2:
19 50 1 41 5, 45 50 1 49 8, 47 50 1 31 5, 50 50 1 39 9, 31 50 1 49 7, 19 50 2 49 5, 45 50 2 49 8,
47 50 2 31 5, 50 50 2 41 9, 31 50 2 51 7, 19 50 3 49 5, 45 50 3 45 8, 47 50 3 35 5, 50 50 3 61 9,
31 50 3 33 7
"""

# Births in hospitals, a stratified sample: Levy, P. S. and Lemeshow, S. (1999). Sampling of Populations, 3rd edition.
HOSPITALS = """
oblevel weight tothosp births:
1 10.5 42 480, 1 10.5 42 426, 1 10.5 42 342, 1 10.5 42 174, 2 19.8 99 2022, 2 19.8 99 576, 2 19.8 99 1999,
2 19.8 99 482, 2 19.8 99 836, 3 2.8333333333 17 3108, 3 2.8333333333 17 4674, 3 2.8333333333 17 2539,
3 2.8333333333 17 1610, 3 2.8333333333 17 4618, 3 2.8333333333 17 1781
"""

# Unemployed people (ue91) and the labour force (lab91) of a Finnish province's 32 municipalities: Lehtonen, R. and
# Pahkinen, E. (1995). Practical Methods for Design and Analysis of Complex Surveys. A stratified sample (page 74), one
# with probability proportional to size in which the town is certain (page 60), clusters (page 29), post-strata.
PAGE_74 = """
str clu wt ue91 lab91 fpc:
1 1 1.75 4123 33786 7, 1 2 1.75 666 6016 7, 1 4 1.75 760 5919 7, 1 6 1.75 457 3022 7, 2 21 6.25 61 573 25,
2 25 6.25 262 1737 25, 2 26 6.25 331 2543 25, 2 27 6.25 98 545 25
"""
PAGE_60 = """
str clu wt ue91 fpc:
2 1 1 4123 1, 1 10 1.004 1623 31, 1 4 1.893 760 31, 1 7 2.173 767 31, 1 32 2.971 568 31, 1 26 4.762 331 31,
1 18 6.335 187 31, 1 13 13.730 129 31
"""
PAGE_29 = """
clu wt ue91 lab91 fpc:
2 4 666 6016 32, 2 4 528 3818 32, 2 4 760 5919 32, 2 4 187 1448 32, 8 4 129 927 32, 8 4 128 819 32,
8 4 331 2543 32, 8 4 568 4011 32
"""
POST_STRATA = """
wt ue91 poststr fpc:
4 4123 1 32, 4 760 1 32, 4 721 1 32, 4 142 2 32, 4 187 2 32, 4 331 2 32, 4 127 2 32, 4 219 2 32
"""

# Marks of students, 5 suites of 4 out of 100: Lohr, S. L. (1999, 2021). Sampling: Design and Analysis, example 5.2.
MARKS = """
suite gpa:
1 3.08, 1 2.60, 1 3.44, 1 3.04, 2 2.36, 2 3.04, 2 3.28, 2 2.68, 3 2.00, 3 2.56, 3 2.52, 3 1.88, 4 3.00,
4 2.88, 4 3.44, 4 3.64, 5 2.68, 5 1.92, 5 3.28, 5 3.20
"""

# StataCorp's example of population sizes, the data set "fpc" of R's survey package and its help page.
STATA = """
stratid psuid weight Nh x:
1 1 3 15 2.8, 1 2 3 15 4.1, 1 3 3 15 6.8, 1 4 3 15 6.8, 1 5 3 15 9.2, 2 1 4 12 3.7, 2 2 4 12 6.6,
2 3 4 12 4.2
"""

# Ten firms drawn with probability proportional to size: T. Tsuchiya's example in tests/deff.R of the survey package.
FIRMS = """
uriage srs pps:
15 100 20, 143 100 200, 21 100 11, 51 100 25, 337 100 550, 50 100 30, 274 100 250, 145 100 100, 15 100 10,
86 100 55
"""

BOOKS = {
    # Särndal, Swensson and Wretman, example 4.3.2; Lumley, T. (2005). Examples of two-stage surveys, page 2.
    "total(municipalities, 'y1')": [("", "15080", "2274.3")],
    # Lumley, T. (2005). Survey examples from UCLA ATS, pages 1-2: the results of SUDAAN and WesVar.
    "mean(hospitals, 'births')": [("", "1164.4", "215.28")],
    "total(hospitals, 'births')": [("", "183983", "34014")],
    "mean(hospitals, 'births', by='oblevel')": [
        ("oblevel=1", "355.5", "63.56802"),
        ("oblevel=2", "1183.0", "334.01701"),
        ("oblevel=3", "3055.0", "441.67075"),
    ],
    "total(hospitals, 'births', by='oblevel')": [
        ("oblevel=1", "14931", "2669.857"),
        ("oblevel=2", "117117", "33067.684"),
        ("oblevel=3", "51935", "7508.403"),
    ],
    # The same, page 3: Lehtonen and Pahkinen, page 74, and SUDAAN.
    "mean(page_74, 'ue91')": [("", "475.33", "133.73")],
    "ratio(page_74, 'ue91', 'lab91')": [("", "0.1277788", "0.003173564")],
    # The same, pages 4-5: Lehtonen and Pahkinen, page 60; without population sizes by a rule for lonely units.
    "mean(page_60, 'ue91')": [("", "445.18", "132.39")],
    "total(page_60, 'ue91')": [("", "15077", "458.53")],
    "mean(page_60_certainty, 'ue91')": [("", "445.18", "150.47")],
    "total(page_60_certainty, 'ue91')": [("", "15077", "521.12")],
    # The same, page 6: Lehtonen and Pahkinen, page 29, and SUDAAN.
    "total(page_29, ['ue91', 'lab91'])": [("ue91", "13188", "3814.9"), ("lab91", "102004", "34473.4")],
    "ratio(page_29, 'ue91', 'lab91')": [("", "0.1292890", "0.006295318")],
    # The same, page 9: a post-stratified sample of Lehtonen and Pahkinen, and SUDAAN.
    "mean(post_strata, 'ue91')": [("", "565.81", "187.93")],
    "total(post_strata, 'ue91')": [("", "18106", "6013.6")],
    "mean(post_strata, 'ue91', by='poststr')": [
        ("poststr=1", "1868.0", "852.35238"),
        ("poststr=2", "201.2", "30.07237"),
    ],
    "total(post_strata, 'ue91', by='poststr')": [
        ("poststr=1", "13076", "5966.4666"),
        ("poststr=2", "5030", "751.8092"),
    ],
    # Lohr, example 5.2, as it is worked in R in a public course on the third edition, and without population sizes by
    # T. Verbeke in the vignette of the package SDaA, which quotes Stata: "1130.4 67.16666 corresponds perfectly".
    "mean(marks, 'gpa')": [("", "2.826", "0.1637")],
    "total(marks_no_fpc, 'gpa')": [("", "1130.4", "67.16666")],
    # tests/check.Rout.save of the survey package, 2007.
    "mean(stata, 'x')": [("", "5.4481", "0.616")],
    "mean(stata_no_fpc, 'x')": [("", "5.4481", "0.7413")],
    "mean(stata_elements, 'x')": [("", "5.4481", "0.7413")],
    "mean(stata_unweighted, 'x')": [("", "5.525", "0.7796")],
    "mean(stata_unstratified, 'x')": [("", "5.4481", "0.7938")],
    "mean(stata_unstratified_fpc, 'x')": [("", "5.4481", "0.7165")],
    # tests/deff.Rout.save of the survey package, 2007.
    "mean(firms, 'uriage')": [("", "113.700", "35.626")],
    "mean(firms_by_size, 'uriage')": [("", "243.914", "48.752")],
    "total(firms_by_size, 'uriage')": [("", "305136", "184965")],
}

# --- public files --------------------------------------------------------------------------------

SCHOOLS = {
    # tests/api.Rout.save of the survey package (2007), and the help page "api".
    "mean(strat, 'api00')": [("", "662.29", "9.4089")],
    "total(strat, 'enroll')": [("", "3687178", "114642")],
    "mean(clus1, 'api00')": [("", "644.17", "23.542")],
    "total(clus1, 'enroll')": [("", "3404940", "932235")],
    "mean(clus2, 'api00')": [("", "670.81", "30.099")],
    "total(clus2, 'enroll')": [("", "2639273", "799638")],
    "mean(clus2_no_fpc, 'api00')": [("", "670.81", "30.712")],
    "total(clus2_no_fpc, 'enroll')": [("", "2639273", "820261")],
    "mean(post, 'api00')": [("", "642.31", "23.921")],
    "total(post, 'enroll')": [("", "3680893", "406293")],
    # tests/rakecheck.Rout.save (2006); the total of its calibrate(): its rake() had stopped 20 pupils away.
    "mean(raked, 'api00')": [("", "641.23", "23.704")],
    "total(raked, 'enroll')": [("", "3647280", "400603")],
    # tests/lonely.psu.Rout.save (2007): districts as strata, one of which has a single school.
    "mean(lonely_remove, 'api00')": [("", "644.17", "5.8058")],
    "mean(lonely_certainty, 'api00')": [("", "644.17", "5.8058")],
    "mean(lonely_adjust, 'api00')": [("", "644.17", "5.8281")],
    "mean(lonely_average, 'api00')": [("", "644.17", "6.0096")],
    "mean(all_of_one, 'api00')": [("", "644.17", "5.7344")],
    # Lumley, T. (2021). A survey analysis example. Vignette of the survey package 4.1-1, pages 2-6.
    "total(clus1, ['stypeE', 'stypeH', 'stypeM'])": [
        ("stypeE", "4873.97", "1333.32"),
        ("stypeH", "473.86", "158.70"),
        ("stypeM", "846.17", "167.55"),
    ],
    "ratio(clus1, 'api.stu', 'enroll')": [("", "0.8497087", "0.008386297")],
    "ratio(clus1, 'api.stu', 'enroll', by='stype')": [("stype=H", "0.8300683", "0.01472607")],
    "mean(clus1, ['ell', 'meals'], by='stype')": [
        ("ell;stype=E", "29.69444", "1.411617"),
        ("ell;stype=H", "15.00000", "5.347065"),
        ("ell;stype=M", "22.68000", "2.952862"),
        ("meals;stype=E", "53.09028", "7.070399"),
        ("meals;stype=H", "37.57143", "5.912262"),
        ("meals;stype=M", "43.08000", "6.017110"),
    ],
    "mean(complete, ['api00', 'api99', 'meals', 'ell', 'mobility', 'pct.resp', 'not.hsg', 'hsg'])": [
        ("api00", "643.203822", "25.4936"),
        ("api99", "605.490446", "25.4987"),
        ("meals", "50.636943", "6.6588"),
        ("ell", "26.891720", "2.1567"),
        ("mobility", "17.719745", "1.4555"),
        ("pct.resp", "67.171975", "9.6553"),
        ("not.hsg", "23.082803", "3.1976"),
        ("hsg", "24.847134", "1.1167"),
    ],
    "mean(complete, ['some.col', 'col.grad', 'grad.sch', 'avg.ed', 'full', 'emer', 'enroll', 'api.stu'])": [
        ("some.col", "25.210191", "1.4709"),
        ("col.grad", "20.611465", "1.7305"),
        ("grad.sch", "6.229299", "1.5361"),
        ("avg.ed", "2.621529", "0.1054"),
        ("full", "87.127389", "2.1624"),
        ("emer", "10.968153", "1.7612"),
        ("enroll", "573.713376", "46.5959"),
        ("api.stu", "487.318471", "41.4182"),
    ],
    "share(complete, ['sch.wide', 'comp.imp', 'awards', 'yr.rnd'])": [
        ("sch.wide=No", "0.127389", "0.0247"),
        ("sch.wide=Yes", "0.872611", "0.0247"),
        ("comp.imp=No", "0.273885", "0.0365"),
        ("awards=Yes", "0.707006", "0.0397"),
        ("yr.rnd=Yes", "0.057325", "0.0358"),
    ],
    "mean(calibrated, 'api00')": [("", "666.72", "3.2959")],
    "total(calibrated, ['stypeE', 'stypeH', 'stypeM'])": [
        ("stypeE", "4881.77", "302.15"),
        ("stypeH", "463.35", "183.03"),
        ("stypeM", "848.88", "194.76"),
    ],
    "total(calibrated, 'enroll')": [("", "3357372", "243227")],
    "ratio(calibrated, 'api.stu', 'enroll')": [("", "0.8506941", "0.008674888")],
    # Help page "svyby" of the survey package 4.1-1.
    "mean(clus1, 'api99', by='stype')": [
        ("stype=E", "607.7917", "22.81660"),
        ("stype=H", "595.7143", "41.76400"),
        ("stype=M", "608.6000", "32.56064"),
    ],
    "ratio(clus1, 'api.stu', 'enroll', 'stype')": [
        ("stype=E", "0.8532672", "0.01253361"),
        ("stype=M", "0.8536738", "0.01114203"),
    ],
    "mean(clus1, 'api00', by=['comp.imp', 'sch.wide'])": [
        ("comp.imp=No;sch.wide=No", "608.0435", "28.98769"),
        ("comp.imp=No;sch.wide=Yes", "654.0741", "32.66871"),
        ("comp.imp=Yes;sch.wide=Yes", "648.4060", "22.47502"),
    ],
    # tests/caleg.Rout.save (2007): a total by the ratio to a known total (3811472) is `expanded` below.
    "total(strat, 'api.stu')": [("", "3086009", "99477")],
}

# Quantile, lower and upper limit, standard error: the vignette's pages 2 and 5, and the help page "svyby". Of its high
# schools the page prints a lower limit of 443, the second lowest score, for the lowest 2.6 %: `test_the_lowest_score`.
QUANTILES = {
    "quantile(clus1, 'api00')": [
        ("p25", "552", "492", "627", "31.47166"),
        ("p50", "652", "561", "714", "35.66788"),
        ("p75", "719", "696", "777", "18.88300"),
    ],
    "quantile(calibrated, 'api00')": [
        ("p25", "595", "561", "627", "15.386145"),
        ("p50", "684", "664", "698", "7.926196"),
        ("p75", "737", "722", "759", "8.625566"),
    ],
    "quantile(clus1, 'api99', by='stype', probs=[0.5])": [
        ("p50;stype=E", "615", "520", "684", "38.23224"),
        ("p50;stype=M", "615", "575", "700", "28.39638"),
    ],
}

# Share, lower and upper limit: the help page "svyciprop" of the survey package 4.1-1; "logit" is what Stata gives.
NO_LEARNERS = {
    "logit": ("0.0219", "0.0023", "0.18"),
    "wald": ("0.0219", "-0.0267", "0.07"),
    "korn-graubard": ("0.021858", "0.000216", "0.14"),
}

# Statistic, degrees of freedom, p-value: the help page "svychisq" of the survey package 4.1-1.
TESTS = {
    "rao-scott-f": ("5.1934", "1.4946", "20.9250", "0.02175"),
    "adjusted-wald": ("2.2296", "2", "13", "0.1471"),
}

# New weight ÷ old weight of 12 cells: Kalton, G. and Flores-Cervantes, I. (2003). Weighting methods. Journal of
# Official Statistics 19, 81-97, tables A (cells), B (raking), C (linear), D (regression on scores), G (bounded, logit),
# as tests/kalton.Rout.save of the survey package prints them: rows are the levels of a, columns those of b.
KALTON_SAMPLE = [[20, 40, 40], [50, 140, 310], [100, 50, 50], [30, 100, 70]]
KALTON_PEOPLE = [[80, 40, 55], [60, 150, 340], [170, 60, 200], [55, 165, 125]]
KALTON = {
    "cells": "4.00 1.00 1.38  1.20 1.07 1.10  1.70 1.20 4.00  1.83 1.65 1.79",
    "raking": "1.81 1.45 2.02  1.08 0.87 1.21  2.20 1.76 2.45  1.83 1.47 2.04",
    "linear": "1.82 1.50 1.97  1.09 0.78 1.24  2.19 1.88 2.34  1.83 1.52 1.98",
    "scores": "1.21 1.17 1.14  1.43 1.40 1.36  1.66 1.62 1.59  1.88 1.85 1.81",
    "logit": "1.87 1.46 1.98  1.08 0.74 1.27  2.17 2.09 2.18  1.89 1.49 1.99",
    "bounded": "1.81 1.48 1.99  1.08 0.75 1.26  2.20 2.00 2.20  1.83 1.50 2.00",
}

# --- the samples ---------------------------------------------------------------------------------


@pytest.fixture
def samples(request):
    """Samples by the names of the calls: of the books, or of the files where a test asks for them."""
    return request.getfixturevalue("schools" if "real" in request.keywords else "books")


@pytest.fixture(scope="module")
def books():
    strata = {"weight": "wt", "strata": "str", "cluster": "clu"}
    stata = {"weight": "weight", "strata": "stratid", "cluster": "psuid"}
    one_stage = {"weight": "weight", "cluster": "psuid"}
    marks = table(MARKS).assign(weight=100 / 5, suites=100)
    municipalities = table(MUNICIPALITIES).assign(weight=lambda one: one["n1"] / 5 * one["n2"] / 3)
    two_stage = {"weight": "weight", "cluster": ["id1", "id2"], "fpc": ["n1", "n2"]}
    clustered = xzz.Sample(table(POST_STRATA), weight="wt", fpc="fpc")
    page_60 = table(PAGE_60)
    return {
        "municipalities": xzz.Sample(municipalities, **two_stage),
        "hospitals": xzz.Sample(table(HOSPITALS), weight="weight", strata="oblevel", fpc="tothosp"),
        "page_74": xzz.Sample(table(PAGE_74), **strata, fpc="fpc"),
        "page_60": xzz.Sample(page_60, **strata, fpc="fpc"),
        "page_60_certainty": xzz.Sample(page_60, **strata, lonely="certainty"),
        "page_29": xzz.Sample(table(PAGE_29), weight="wt", cluster="clu", fpc="fpc"),
        "post_strata": xzz.weighting.post_stratify(clustered, "poststr", {1: 7, 2: 25}),
        "marks": xzz.Sample(marks, weight="weight", cluster="suite", fpc="suites"),
        "marks_no_fpc": xzz.Sample(marks, weight="weight", cluster="suite"),
        "stata": xzz.Sample(table(STATA), **stata, fpc="Nh"),
        "stata_no_fpc": xzz.Sample(table(STATA), **stata),
        "stata_elements": xzz.Sample(table(STATA), weight="weight", strata="stratid"),
        "stata_unweighted": xzz.Sample(table(STATA), strata="stratid"),
        "stata_unstratified": xzz.Sample(table(STATA), **one_stage),
        "stata_unstratified_fpc": xzz.Sample(table(STATA).assign(psus=27), **one_stage, fpc="psus"),
        "firms": xzz.Sample(table(FIRMS), weight="srs"),
        "firms_by_size": xzz.Sample(table(FIRMS), weight="pps"),
    }


def table(text):
    """A printed table: the names of its columns, a colon, and rows with commas between."""
    head, rows = text.split(":")
    return pd.read_csv(io.StringIO(rows.replace("\n", " ").replace(",", "\n")), sep=r"\s+", names=head.split())


@pytest.fixture(scope="module")
def folder(real_data):
    found = real_data / "us_complex_surveys"
    if not found.is_dir():
        pytest.skip("no public survey data: XZZ_REAL_DATA holds no us_complex_surveys")
    return found


@pytest.fixture(scope="module")
def population(folder):
    """Every school of California with at least 100 pupils."""
    return pd.read_csv(folder / "apipop.csv.gz")


@pytest.fixture(scope="module")
def schools(folder, population):
    districts = with_types(pd.read_csv(folder / "apiclus1.csv.gz"))
    districts["no_learners"] = (districts["ell"] == 0).astype(int)
    districts["certain"] = np.where(districts["dnum"] == 413, 1, 1000)
    two_stage = pd.read_csv(folder / "apiclus2.csv.gz")
    clus1 = xzz.Sample(districts, weight="pw", cluster="dnum", fpc="fpc")
    answered = districts[LISTWISE].notna().all(axis=1)
    counted = {column: dict(population[column].value_counts()) for column in ("stype", "sch.wide")}
    one_each = {"weight": "pw", "strata": "dnum"}
    rules = ("remove", "certainty", "adjust", "average")
    return {
        "srs": xzz.Sample(pd.read_csv(folder / "apisrs.csv.gz"), weight="pw", fpc="fpc"),
        "strat": xzz.Sample(pd.read_csv(folder / "apistrat.csv.gz"), weight="pw", strata="stype", fpc="fpc"),
        "clus1": clus1,
        "clus2": xzz.Sample(two_stage, weight="pw", cluster=["dnum", "snum"], fpc=["fpc1", "fpc2"]),
        "clus2_no_fpc": xzz.Sample(two_stage, weight="pw", cluster="dnum"),
        "complete": clus1.subpopulation(answered),
        "post": xzz.weighting.post_stratify(clus1, "stype", counted["stype"]),
        "raked": xzz.weighting.rake(clus1, counted, errors="r"),
        "calibrated": xzz.weighting.calibrate(clus1, {"api99": 3914069}, population=6194),
        "enrolled": xzz.weighting.calibrate(clus1, {"enroll": 3811472}, population=6194),
        "enrolled_bounded": xzz.weighting.calibrate(clus1, {"enroll": 3811472}, population=6194, bounds=(0.6, 1.5)),
        **{f"lonely_{rule}": xzz.Sample(districts, **one_each, lonely=rule) for rule in rules},
        "all_of_one": xzz.Sample(districts, **one_each, fpc="certain"),
    }


LISTWISE = [
    "api00",
    "api99",
    "sch.wide",
    "comp.imp",
    "both",
    "awards",
    "meals",
    "ell",
    "yr.rnd",
    "mobility",
    "pct.resp",
    "not.hsg",
    "hsg",
    "some.col",
    "col.grad",
    "grad.sch",
    "avg.ed",
    "full",
    "emer",
    "enroll",
    "api.stu",
]
"""Columns 12, 13, 16 to 23 and 27 to 37, of which the vignette leaves out schools without an answer."""


def with_types(frame):
    return frame.assign(**{f"stype{level}": (frame["stype"] == level).astype(int) for level in "EHM"})


# --- the figures ---------------------------------------------------------------------------------


def lines(quoted):
    return [pytest.param(call, *line, id=f"{call} {line[0]}") for call, many in quoted.items() for line in many]


@pytest.mark.parametrize(("call", "row", "estimate", "se"), lines(BOOKS))
def test_books(call, row, estimate, se, run):
    assert_printed(named(run({"call": call}), row), estimate=estimate, se=se)


@pytest.mark.real
@pytest.mark.parametrize(("call", "row", "estimate", "se"), lines(SCHOOLS))
def test_schools(call, row, estimate, se, run):
    assert_printed(named(run({"call": call}), row), estimate=estimate, se=se)


@pytest.mark.real
@pytest.mark.parametrize(("call", "row", "estimate", "low", "high", "se"), lines(QUANTILES))
def test_quantiles(call, row, estimate, low, high, se, run):
    assert_printed(named(run({"call": call}), row), estimate=estimate, low=low, high=high, se=se)


ROUNDED = 0.55
"""Of the last printed digit: R prints some figures rounded twice, 23.92049 as 23.921 by way of 23.9205."""


def assert_printed(row, **figures):
    """Each figure is what was printed, as far as it was."""
    for name, text in figures.items():
        assert row[name] == printed(text), name


def printed(text):
    return pytest.approx(float(text), rel=0, abs=ROUNDED * 10.0 ** -len(text.partition(".")[2]))


def named(found, row):
    """The one row of a frame that is of this statistic, question, option and group, as far as they are named."""
    wanted = {part for part in row.split(";") if part}
    texts = zip(found["statistic"], found["indicator"], found["option"], found["by"], strict=True)
    names = [{statistic, asked, f"{asked}={option}", *by.split(";")} for statistic, asked, option, by in texts]
    (position,) = [place for place, parts in enumerate(names) if wanted <= parts]
    return found.iloc[position]


@pytest.mark.real
def test_the_lowest_score(schools):
    """14 high schools, of which the lowest alone makes 7 %: the lower limit is its score, 414 (see quantile.R)."""
    found = xzz.quantile(schools["clus1"], "api99", by="stype", probs=[0.5])
    assert_printed(named(found, "stype=H"), estimate="593", low="414", high="715")


def test_design_effects_of_firms(books):
    """tests/deff.Rout.save: 1.9741 of the mean and 18.157 of the total, with replacement."""
    assert_printed(xzz.mean(books["firms_by_size"], "uriage").iloc[0], deff="1.9741")
    assert_printed(xzz.total(books["firms_by_size"], "uriage").iloc[0], deff="18.157")


def test_the_variance_of_saerndals_total(books):
    """Särndal, Swensson and Wretman, example 4.3.2: 5172234, of two stages."""
    assert xzz.total(books["municipalities"], "y1").covariance().item() == printed("5172234")


@pytest.mark.real
@pytest.mark.parametrize("method", NO_LEARNERS)
def test_schools_without_english_learners(method, schools):
    """Four of 183 schools in two of 15 districts: the methods differ most where a share is near zero."""
    estimate, low, high = NO_LEARNERS[method]
    found = xzz.share(schools["clus1"], "no_learners", method=method).iloc[0]
    assert_printed(found, estimate=estimate, low=low, high=high)


@pytest.mark.real
@pytest.mark.parametrize("method", TESTS)
def test_types_of_schools_and_their_targets(method, schools):
    statistic, df1, df2, p = TESTS[method]
    found = xzz.test(schools["clus1"], "sch.wide", "stype", method=method).iloc[0]
    assert_printed(found, statistic=statistic, df1=df1, df2=df2, p=p)


@pytest.mark.real
def test_the_first_order_test_of_the_same(schools):
    """The help page "svychisq" prints X² before its correction, 11.941, and the p-value after it."""
    assert_printed(xzz.test(schools["clus1"], "sch.wide", "stype", method="rao-scott-chisq").iloc[0], p="0.005553")


@pytest.mark.real
def test_a_ratio_times_a_known_total(schools):
    """tests/caleg.Rout.save: 3190038 pupils tested, standard error 29565.98, from 3811472 enrolled."""
    found = xzz.ratio(schools["strat"], "api.stu", "enroll").iloc[0] * 3811472
    assert_printed(found, estimate="3190038", se="29565.98")


@pytest.mark.real
@pytest.mark.parametrize(
    ("sample", "least", "most"),
    [("enrolled", "0.7906782", "1.7891164"), ("enrolled_bounded", "0.7198751", "1.5000000")],
)
def test_how_far_calibration_moves_the_weights(sample, least, most, schools):
    """tests/caleg.Rout.save: the range of new weight ÷ old weight, linear and linear between bounds."""
    factors = schools[sample].design.weight / schools["clus1"].design.weight
    assert factors.min() == printed(least)
    assert factors.max() == printed(most)


# --- Kalton and Flores-Cervantes -----------------------------------------------------------------


@pytest.fixture(scope="module")
def kalton():
    """A sample of 1,000 from 1,500 people, and the numbers of people by a, by b and by cell."""
    cells = pd.DataFrame([(a, b) for a in range(1, 5) for b in range(1, 4)], columns=["a", "b"])
    people = cells.assign(total=np.ravel(KALTON_PEOPLE))
    margins = {name: dict(people.groupby(name)["total"].sum()) for name in ("a", "b")}
    sample = xzz.Sample(cells.loc[cells.index.repeat(np.ravel(KALTON_SAMPLE))].reset_index(drop=True))
    return sample, people, margins


@pytest.mark.parametrize("table", KALTON)
def test_weighting_methods_of_kalton_and_flores_cervantes(table, kalton):
    sample, people, margins = kalton
    w = xzz.weighting
    scores = {name: (people[name] * people["total"]).sum() for name in ("a", "b")}
    weighted = {
        "cells": lambda: w.post_stratify(sample, ["a", "b"], people),
        "raking": lambda: w.rake(sample, margins),
        "linear": lambda: w.calibrate(sample, margins),
        "scores": lambda: w.calibrate(sample, scores, population=1500),
        "logit": lambda: w.calibrate(sample, margins, distance="logit", bounds=(0.5, 2.2)),
        "bounded": lambda: w.calibrate(sample, margins, bounds=(0.5, 2.2)),
    }[table]()
    factors = pd.Series(weighted.design.weight).groupby([sample.frame["a"], sample.frame["b"]]).mean()
    assert [f"{factor:.2f}" for factor in factors] == KALTON[table].split()


# --- a national report ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def adults(folder):
    examined = pd.read_csv(folder / "nhanes_hichol_2009_10.csv.gz")
    whole = xzz.Sample(examined, weight="WTMEC2YR", strata="SDMVSTRA", cluster="SDMVPSU")
    return whole.subpopulation(examined["agecat"] != "(0,19]")


@pytest.mark.real
def test_high_cholesterol_in_the_united_states(adults):
    """Carroll, M. D., Kit, B. K. and Lacher, D. A. (2012). NCHS Data Brief 92: "An estimated 13.4% of adults aged 20
    and over had high total cholesterol in 2009-2010", adjusted to the ages of the census of 2000 (in thousands, from
    the help page "svystandardize")."""
    ages = {"(0,19]": 0, "(19,39]": 77670, "(39,59]": 72816, "(59,Inf]": 45364}
    found = xzz.standardised(adults, "HI_CHOL", "agecat", ages).iloc[0]
    assert 100 * found["estimate"] == printed("13.4")


@pytest.mark.real
def test_the_objective_was_not_achieved_by_women_aged_40_and_over(adults):
    """The same brief: 17% or less was achieved by men of every age, and by younger women."""
    found = xzz.share(adults, "HI_CHOL", by=["RIAGENDR", "agecat"]).set_index("by")["estimate"]
    assert {by for by, share in found.items() if share > 0.17} == {
        "RIAGENDR=2;agecat=(39,59]",
        "RIAGENDR=2;agecat=(59,Inf]",
    }


# --- what is true --------------------------------------------------------------------------------

TRUTH = {
    "mean(SAMPLE, 'api00')": lambda every: every["api00"].mean(),
    "mean(SAMPLE, 'meals')": lambda every: every["meals"].mean(),
    "total(SAMPLE, 'enroll')": lambda every: every["enroll"].sum(),
    "ratio(SAMPLE, 'api.stu', 'enroll')": lambda every: share_tested(every.dropna(subset=["enroll"])),
    "share(SAMPLE, 'awards')": lambda every: (every["awards"] == "No").mean(),
    "share(SAMPLE, 'sch.wide', method='logit')": lambda every: (every["sch.wide"] == "No").mean(),
    "share(SAMPLE, 'comp.imp', method='korn-graubard')": lambda every: (every["comp.imp"] == "No").mean(),
    "quantile(SAMPLE, 'api00', probs=[0.5])": lambda every: every["api00"].median(),
}


def share_tested(schools):
    return schools["api.stu"].sum() / schools["enroll"].sum()


@pytest.mark.real
def test_intervals_contain_the_truth(run, population):
    """The whole population is known: nine in ten intervals at least, of 95 % each, that its samples give contain it."""
    contained = {}
    for call, truth in TRUTH.items():
        for sample in ("srs", "strat", "clus1", "clus2", "post", "raked", "calibrated"):
            found = run({"call": call.replace("SAMPLE", sample)}).iloc[0]
            contained[sample, call] = found["low"] <= truth(population) <= found["high"]
    missed = [asked for asked, inside in contained.items() if not inside]
    assert len(missed) <= 0.1 * len(contained), missed
