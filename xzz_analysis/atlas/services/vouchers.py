"""Vouchers as they may be shown: never of so few people, or so few merchants, that one could be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

import pandas as pd

from xzz_analysis.atlas.services.periods import Reports, linked, people_behind, year_of
from xzz_analysis.disclosure.dominance import PARTS, Turnover, protect_turnover, turnover_behind, withhold_with
from xzz_analysis.disclosure.periods import Elsewhere
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.language import Label
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.results import results
from xzz_analysis.services.vouchers.anomalies import anomalies
from xzz_analysis.services.vouchers.book import Book, voucher_book
from xzz_analysis.services.vouchers.concentration import by_category, class_of, concentration
from xzz_analysis.services.vouchers.counting import MEASURES, SHARES, different_people, parts_of_amount, shares, totals
from xzz_analysis.services.vouchers.timing import Waiting, expiry, first_use, redeemed_by_week, waiting

TURNOVER = "voucher_amount_redeemed"
"""The measure that tells what merchants take in."""

UNSTATED = "not_stated"
"""What ``by`` says of rows with an empty cell: it would be taken for the whole otherwise."""

TOTALS: tuple[tuple[str, ...], ...] = ((), ("category",), ("community",))
"""What vouchers, money and people are split by."""

_SPLITS = ["category", "community"]

GROUPS: tuple[tuple[str, ...], ...] = (*TOTALS, ("sex",), ("hardship",))
"""What shares are split by."""

DEFINITIONS: dict[str, Label] = {
    "vouchers_issued": {"zh": "本期发放的券（张）。", "en": "Vouchers issued in the period."},
    "voucher_amount_issued": {"zh": "本期发放的面额合计。", "en": "Worth of the vouchers issued in the period."},
    "voucher_receivers": {
        "zh": "本期领到券的不同的人；领取人不详的券各算一人，是上限。",
        "en": "Different persons who received one; a voucher whose person is not known counts as one more, the most "
        "there can be.",
    },
    "voucher_redemptions": {"zh": "本期核销次数。", "en": "Redemptions in the period."},
    "voucher_amount_redeemed": {"zh": "本期核销金额。", "en": "Amount redeemed in the period."},
    "vouchers_redeemed": {"zh": "本期至少核销过一次的券。", "en": "Vouchers redeemed at least once in the period."},
    "voucher_redeemers": {
        "zh": "本期用过券的不同的人；领取人不详的券各算一人，是上限。",
        "en": "Different persons whose voucher was redeemed in the period, counted as those who received one.",
    },
    "voucher_uptake": {
        "zh": "本期发放的券中，到期末至少核销过一次的比例。",
        "en": "Of the vouchers issued in the period, the part redeemed at least once by its end.",
    },
    "voucher_open": {
        "zh": "本期发放的券中，到期末没有用过、仍可使用的比例。",
        "en": "Of the vouchers issued in the period, the part that was not redeemed by its end and could still be.",
    },
    "voucher_amount_share": {
        "zh": "本期发放的面额中，到期末已核销的比例。",
        "en": "Of the money issued in the period, the part redeemed by its end.",
    },
    "voucher_first_use": {
        "zh": "从发放到首次核销的天数（卡普兰–迈耶法），按截至期末十二个月内发放的券；过期未用的券算作一直没有核销。",
        "en": "Days from issue to the first redemption (Kaplan and Meier), of vouchers issued in the twelve months up "
        "to the end of the period; one that expired unused counts as never redeemed.",
    },
    "voucher_redeemed_by_week": {
        "zh": "发放后若干周内至少核销过一次的比例（卡普兰–迈耶法）。",
        "en": "The part redeemed at least once within so many weeks of issue (Kaplan and Meier).",
    },
    "voucher_expiry": {
        "zh": "过期未用、即将到期、用了一部分的券。",
        "en": "Vouchers expired unused, soon to expire, used in part.",
    },
    "voucher_expiry_amount": {"zh": "这些券上没有用掉的金额。", "en": "What was not used of those vouchers."},
    "voucher_merchants": {"zh": "本期核销过券的商户。", "en": "Merchants who redeemed vouchers in the period."},
    "voucher_herfindahl": {
        "zh": "赫芬达尔指数：各商户核销额占比的平方和。",
        "en": "Herfindahl index: the sum of the squared shares of merchants in the amount redeemed.",
    },
    "voucher_largest": {"zh": "最大一家商户的占比。", "en": "Share of the largest merchant."},
    "voucher_two_largest": {"zh": "最大两家商户的占比。", "en": "Share of the two largest merchants."},
    "voucher_anomalies": {
        "zh": "值得有人看一看的核销；不是指控。",
        "en": "Redemptions that a person should look at; no accusation.",
    },
}
"""What each indicator of this room counts."""


@lru_cache(maxsize=32)
def book_of(ledgers: Ledgers) -> Book:
    """The vouchers of the period, read once."""
    return voucher_book(ledgers)


def _nobody(people: pd.Series) -> pd.Series:
    """People behind figures; NaN where there are none, as a count of nothing rests on nobody and is shown."""
    return people.astype(float).where(people > 0)


def _stated(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].replace("", UNSTATED) for name in by})


def _ordered(ledgers: Ledgers, frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows with communities and categories in the study's order, what is not stated last."""
    orders = {"community": list(ledgers.communities), "category": list(ledgers.declared.categories)}
    for name in (name for name in by if name in orders):
        known = [level for level in orders[name] if level in set(frame[name])]
        rest = sorted(set(frame[name]) - {*known, UNSTATED})
        place = frame[name].map({level: place for place, level in enumerate([*known, *rest, UNSTATED])})
        frame = frame.iloc[place.argsort(kind="stable")].reset_index(drop=True)
    return frame


@lru_cache(maxsize=32)
def all_totals(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Results of vouchers, money and people.

    Returns
    -------
    dict of str to DataFrame
        Measure → its results by every split of :data:`TOTALS` below each other, with the columns ``split``,
        ``category`` and ``community``.
    """
    parts = []
    for by in TOTALS:
        table = totals(book_of(ledgers), by)
        parts.append(_ordered(ledgers, _stated(table, by), by).assign(split=";".join(by)))
    table = pd.concat(parts, ignore_index=True).reindex(columns=["measure", "split", *_SPLITS, "estimate", "n"])
    table = table.assign(n=_nobody(table["n"]), **{name: table[name].fillna("").astype("str") for name in _SPLITS})
    return {
        measure: results(
            ledgers, measure, "total", table[table["measure"] == measure].drop(columns="measure"), _SPLITS, "counted"
        )
        for measure in MEASURES
    }


def total_results(ledgers: Ledgers, measure: str, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Results of one of :data:`~xzz_analysis.services.vouchers.counting.MEASURES` by one split."""
    table = all_totals(ledgers)[measure]
    chosen = table[table["split"] == ";".join(by)].reset_index(drop=True)
    return chosen.drop(columns=["split", *(name for name in _SPLITS if name not in by)])


@lru_cache(maxsize=256)
def share_results(ledgers: Ledgers, measure: str, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Results of one of :data:`~xzz_analysis.services.vouchers.counting.SHARES`."""
    table = shares(book_of(ledgers), by)
    chosen = _ordered(ledgers, _stated(table[table["measure"] == measure].drop(columns="measure"), by), by)
    return results(ledgers, measure, "share", chosen, by, "vouchers issued in the period, by its end")


def protected_total(ledgers: Ledgers, measure: str, by: tuple[str, ...] = ()) -> Protected:
    """A total of vouchers, money or people, protected beside other periods too; amounts redeemed obey the rule of
    dominance."""
    if measure == TURNOVER:
        safe = year_of(ledgers, "turnover", _turnover).table(ledgers.period.name)
    else:
        safe = year_of(ledgers, "vouchers", _vouchers).table(ledgers.period.name)
    chosen = safe.rows((safe.frame["indicator"] == measure) & (safe.frame["split"] == ";".join(by)))
    return chosen.without(["split", *(name for name in _SPLITS if name not in by)])


def _vouchers(ledgers: Ledgers) -> Reports[float]:
    measures = [measure for measure in MEASURES if measure != TURNOVER]
    follows = {measure: MEASURES[0] if measure in MEASURES[:3] else MEASURES[3] for measure in measures}
    sums = people_behind(ledgers, follows, frozenset([*MEASURES[:2], MEASURES[3]]))

    def made(one: Ledgers) -> pd.DataFrame:
        return pd.concat([all_totals(one)[measure] for measure in measures], ignore_index=True)

    return Reports(made, linked(ledgers), sums)


def _turnover(ledgers: Ledgers) -> Reports[Turnover]:
    policy = Policy.of(ledgers.study)

    def made(one: Ledgers) -> pd.DataFrame:
        return _with_parts(all_totals(one)[TURNOVER], book_of(one).redeemed_during())

    def safe(frame: pd.DataFrame, elsewhere: Elsewhere) -> Protected:
        return protect_turnover(frame, policy, elsewhere=elsewhere)

    return Reports(made, safe, turnover_behind({TURNOVER: TURNOVER}, policy))


def _with_parts(frame: pd.DataFrame, redemptions: pd.DataFrame) -> pd.DataFrame:
    """The rows with what each merchant adds to them."""
    found = {split: parts_of_amount(redemptions, tuple(split.split(";")) if split else ()) for split in frame["split"]}
    names = [row[row["split"]] if row["split"] else "" for row in frame.to_dict("records")]
    told = [
        found[split].get("" if name == UNSTATED else name, {})
        for split, name in zip(frame["split"], names, strict=True)
    ]
    return frame.assign(**{PARTS: pd.Series(told, dtype=object, index=frame.index)})


def protected_share(ledgers: Ledgers, measure: str, by: tuple[str, ...] = ()) -> Protected:
    """A share of vouchers; the share of money is hidden where it would tell what a merchant takes in."""
    if measure != SHARES[2]:
        return protect(share_results(ledgers, measure, by), Policy.of(ledgers.study))
    book = book_of(ledgers)
    redemptions = book.redeemed[book.redeemed["issued"] >= pd.Timestamp(book.period.first)]
    frames = [share_results(ledgers, measure, one).assign(split=";".join(one)) for one in dict.fromkeys([(), by])]
    table = pd.concat(frames, ignore_index=True)
    table = table.assign(**{name: table[name].fillna("").astype("str") for name in by})
    shown = protect_turnover(_with_parts(table, redemptions), Policy.of(ledgers.study))
    safe = shown.rows((shown.frame["split"] == ";".join(by)).to_numpy()).without(["split"])
    return withhold_with(safe, protected_total(ledgers, TURNOVER, by)) if by in TOTALS else safe


@lru_cache(maxsize=64)
def first_use_results(ledgers: Ledgers, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Results of the days until a quarter, half and three quarters of the vouchers are redeemed."""
    table = _ordered(ledgers, _stated(first_use(book_of(ledgers), by), by), by)
    return results(ledgers, "voucher_first_use", "quantile", table, by, "Kaplan-Meier")


def protected_first_use(ledgers: Ledgers, by: tuple[str, ...] = ()) -> Protected:
    """Days until the first redemption as they may be shown."""
    return protect(first_use_results(ledgers, by), Policy.of(ledgers.study))


@lru_cache(maxsize=64)
def week_results(ledgers: Ledgers) -> pd.DataFrame:
    """Results of the part redeemed by the end of each week since issue.

    The share is one of vouchers: ``n_need`` are the people with one redeemed by then, and ``n`` is that and the people
    with one that was not, as in :func:`share_results`.
    """
    book = book_of(ledgers)
    found = redeemed_by_week(book)
    kept = _steps(waiting(book), found["option"].astype(int).tolist(), Policy.of(ledgers.study).threshold)
    table = found[found["option"].isin([f"{week:02d}" for week in kept])]
    table = table.assign(n=[sum(kept[int(week)]) for week in table["option"]])
    table = table.assign(n_need=[kept[int(week)][0] for week in table["option"]])
    return results(ledgers, "voucher_redeemed_by_week", "share", table, (), "Kaplan-Meier")


def _steps(waited: Waiting, weeks: Sequence[int], threshold: int) -> dict[int, tuple[int, int]]:
    """Weeks since which nobody, or enough people, had another voucher redeemed: others would tell when a few did.

    With each stand the people with a voucher redeemed by then, and those with one that was not.
    """
    kept: dict[int, tuple[int, int]] = {}
    before = pd.Series(False, index=waited.rows.index)
    for week in weeks:
        by_then = pd.Series(waited.redeemed & (waited.days <= 7 * week), index=waited.rows.index)
        more = different_people(waited.rows[by_then & ~before])
        if more >= threshold or (kept and not more):
            kept[week] = different_people(waited.rows[by_then]), different_people(waited.rows[~by_then])
            before = by_then
    return kept


def protected_weeks(ledgers: Ledgers) -> Protected:
    """The part redeemed by week as it may be shown."""
    return protect(week_results(ledgers), Policy.of(ledgers.study))


@lru_cache(maxsize=64)
def expiry_results(ledgers: Ledgers, what: str) -> pd.DataFrame:
    """Results of vouchers that expired, expire soon or are used in part: their number (``vouchers``) or ``amount``."""
    table = expiry(book_of(ledgers)).rename(columns={what: "estimate"})[["option", "estimate", "n"]]
    table = table.assign(n=_nobody(table["n"]))
    indicator = "voucher_expiry" if what == "vouchers" else "voucher_expiry_amount"
    return results(ledgers, indicator, "total", table, (), "counted")


def protected_expiry(ledgers: Ledgers, what: str) -> Protected:
    """Expired vouchers as they may be shown."""
    return protect(expiry_results(ledgers, what), Policy.of(ledgers.study))


CONCENTRATIONS = ("voucher_merchants", "voucher_herfindahl", "voucher_largest", "voucher_two_largest")
"""Merchants, and how much of the money the largest of them redeem."""


@lru_cache(maxsize=64)
def concentration_results(ledgers: Ledgers, measure: str) -> pd.DataFrame:
    """Results of one of :data:`CONCENTRATIONS`, for all vouchers and by category; exact, so for the house alone."""
    rows = []
    found_in = by_category(ledgers, book_of(ledgers))
    order = [*ledgers.declared.categories]
    for category in sorted(found_in, key=lambda name: order.index(name) if name in order else len(order)):
        amounts = found_in[category]
        found = concentration(amounts)
        values = (found.merchants, found.herfindahl, found.largest, found.two_largest)
        rows.append({"category": category, "estimate": dict(zip(CONCENTRATIONS, values, strict=True))[measure]})
    statistic = {"voucher_merchants": "total", "voucher_herfindahl": "concentration_index"}.get(measure, "share")
    return results(ledgers, measure, statistic, pd.DataFrame(rows), ["category"], "amounts redeemed in the period")


def protected_concentration(ledgers: Ledgers, measure: str) -> Protected:
    """Concentration in full: no person is behind it, but merchants are, so it is for the house alone."""
    return protect(concentration_results(ledgers, measure), Policy.of(ledgers.study))


def concentration_classes(ledgers: Ledgers) -> Protected:
    """How concentrated each category is, in words: the class of its index where its amount may be shown.

    Returns
    -------
    Protected
        The number of merchants, with a column ``found``: a word of
        :data:`~xzz_analysis.services.vouchers.concentration.CLASSES`, empty where it may not be said.
    """
    safe = protected_concentration(ledgers, "voucher_merchants")
    index = concentration_results(ledgers, "voucher_herfindahl").set_index("by")["estimate"]
    amounts = [protected_total(ledgers, TURNOVER, by).frame for by in ((), ("category",))]
    shown = {name for frame in amounts for name in frame.loc[frame["estimate"].notna(), "by"]}
    words = [class_of(index[name]) if name in shown else "" for name in safe.frame["by"]]
    return safe.with_column("found", words)


@lru_cache(maxsize=64)
def anomaly_results(ledgers: Ledgers) -> pd.DataFrame:
    """What a person should look at: a row for each rule, merchant and day; ``estimate`` redemptions."""
    found = anomalies(ledgers, book_of(ledgers))
    table = found.assign(
        day=found["day"].dt.strftime("%Y-%m-%d"), estimate=found["count"].astype(float), option=found["rule"]
    )
    usual = ["" if value != value else f"{value:.3f}" for value in found["expected"]]
    table = table.assign(usual=pd.Series(usual, dtype="str"))[
        ["rule", "merchant", "day", "usual", "option", "estimate"]
    ]
    made = results(ledgers, "voucher_anomalies", "total", table, ["merchant", "day"], "rules of services.anomalies")
    return _told_apart(made)


def _told_apart(made: pd.DataFrame) -> pd.DataFrame:
    """Cases of one rule, merchant and day together: two persons at many merchants on one day are one row."""
    first = {name: "first" for name in made if name not in ("estimate", "result_id")}
    joined = made.groupby("result_id", sort=False).agg({**first, "estimate": "sum"}).reset_index()
    return joined[list(made)].astype(made.dtypes.to_dict())


def protected_anomalies(ledgers: Ledgers) -> Protected:
    """What a person should look at; for the house alone."""
    return protect(anomaly_results(ledgers), Policy.of(ledgers.study))


def figures(ledgers: Ledgers) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Every results frame of vouchers with what may be shown of it.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    pair of DataFrame and function
    """
    if not ledgers.has("vouchers_issued") and not ledgers.has("vouchers_redeemed"):
        return
    for by in TOTALS:
        for measure in MEASURES:
            yield total_results(ledgers, measure, by), partial(protected_total, ledgers, measure, by)
    for by in GROUPS:
        for measure in SHARES:
            yield share_results(ledgers, measure, by), partial(protected_share, ledgers, measure, by)
    for by in ((), ("category",)):
        yield first_use_results(ledgers, by), partial(protected_first_use, ledgers, by)
    yield week_results(ledgers), partial(protected_weeks, ledgers)
    for what in ("vouchers", "amount"):
        yield expiry_results(ledgers, what), partial(protected_expiry, ledgers, what)
    for measure in CONCENTRATIONS:
        yield concentration_results(ledgers, measure), partial(protected_concentration, ledgers, measure)
    yield anomaly_results(ledgers), partial(protected_anomalies, ledgers)
