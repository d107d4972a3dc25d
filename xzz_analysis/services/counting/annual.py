"""The figures of a period as national reporting forms ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from xzz_analysis.language import Label
from xzz_analysis.services.counting.rows import Counted, counted_in
from xzz_analysis.services.counting.totals import count
from xzz_analysis.services.ledgers import ledger_columns
from xzz_analysis.services.merchants import outreach_rounds
from xzz_analysis.services.opening import Ledgers

UNITS: dict[str, Label] = {
    "times": {"zh": "场", "en": "activities"},
    "pieces": {"zh": "个", "en": "number"},
    "person_times": {"zh": "人次", "en": "person-times"},
    "persons": {"zh": "人", "en": "persons"},
    "organisations": {"zh": "家", "en": "organisations"},
    "merchants": {"zh": "家", "en": "merchants"},
    "vouchers": {"zh": "张", "en": "vouchers"},
    "money": {"zh": "元", "en": "yuan"},
}
"""What figures are counted in."""

TYPES: dict[str, tuple[str, str, str, str]] = {
    "case": ("cases", "pieces", "个案", "Cases"),
    "group": ("groups", "pieces", "小组", "Groups"),
    "community_activity": ("community_activities", "times", "社区活动", "Community activities"),
    "home_visit": ("home_visits", "times", "家访", "Home visits"),
    "phone_visit": ("phone_visits", "times", "电话探访", "Phone visits"),
    "training": ("trainings", "times", "培训", "Trainings"),
    "advice": ("advice", "times", "咨询", "Advice sessions"),
    "other": ("other_activities", "times", "其他或未分类活动", "Other or unclassified activities"),
}
"""Type of activity → code of its figure, its unit, and what it is called."""

ROLES: dict[str, tuple[str, str, str]] = {
    "volunteer": ("volunteers", "志愿者（期内任职）", "Volunteers (in the role on any day)"),
    "social_worker": ("social_workers", "社工（期内任职）", "Social workers (in post on any day)"),
    "local_worker": ("local_workers", "本地工作者（期内任职）", "Local workers (in post on any day)"),
}
"""Role → code of its figure, and what it is called."""

PUBLIC = ("social_worker", "local_worker")
"""Roles of the organisation's own workers, whose number is public."""


class Figure(NamedTuple):
    """One figure.

    Attributes
    ----------
    code : str
    zh, en : str
    value : float
        NaN where the ledgers do not tell.
    unit : str
        Word of :data:`UNITS`.
    n : float
        Different persons behind it, at most; NaN where it rests on none.
    indicator, by : str
        Of the same figure among the counts of :func:`~xzz_analysis.services.counting.count`; empty elsewhere.
    """

    code: str
    zh: str
    en: str
    value: float
    unit: str
    n: float = np.nan
    indicator: str = ""
    by: str = ""


def annual_figures(ledgers: Ledgers) -> pd.DataFrame:
    """Work out the figures that reporting forms ask for, of the ledgers' period.

    Parameters
    ----------
    ledgers : Ledgers

    Returns
    -------
    DataFrame
        One row per figure: ``code``, ``zh``, ``en``, ``value`` (NaN where not known), ``unit`` (in Chinese),
        ``unit_en``, ``known``; and for protection ``n``, ``indicator`` and ``by`` (see :class:`Figure`). A study that
        does not keep a ledger has its figures not known, never 0.
    """
    sources = (_counts, _roles, _organisations, _projects, _merchants, _vouchers)
    table = pd.DataFrame([one for source in sources for one in source(ledgers)])
    units = [UNITS[word] for word in table["unit"]]
    table["unit"] = [unit["zh"] for unit in units]
    table.insert(5, "unit_en", [unit["en"] for unit in units])
    table.insert(6, "known", table["value"].notna())
    return table


def _counts(ledgers: Ledgers) -> Iterator[Figure]:
    """Activities, person-times and persons."""
    chosen = counted_in(ledgers)
    whole = count(chosen).iloc[0]
    if not ledgers.has("activities"):
        whole = whole.where(whole.index == "at_least")
    yield Figure("activities", "活动", "Activities", whole["activities"], "times", indicator="activities")
    yield from _by_type(ledgers, chosen)
    said = _said("服务人次", "Person-times", bool(whole["at_least"]) and whole["person_times"] == whole["person_times"])
    yield Figure("person_times", *said, whole["person_times"], "person_times", indicator="person_times")
    yield from _times(ledgers, chosen, "type")
    yield from _times(ledgers, chosen, "domain")
    exact, low, high = (whole[name] for name in ("persons", "persons_low", "persons_high"))
    vague, people = low != high and low <= 1, whole["people"]
    yield Figure("persons", "服务人数", "Persons", exact, "persons", indicator="persons")
    yield Figure("persons_least", "服务人数（至少）", "Persons, at least", np.nan if vague else low, "persons", people)
    yield Figure("persons_most", "服务人数（至多）", "Persons, at most", high, "persons", people)


def _by_type(ledgers: Ledgers, chosen: Counted) -> Iterator[Figure]:
    found = count(chosen, ["type"]).set_index("type")["activities"]
    absent = _absent(ledgers, chosen, "type", "other")
    for word, (code, unit, zh, en) in TYPES.items():
        yield Figure(code, zh, en, found.get(word, absent), unit, indicator="activities", by=f"type={word}")


def _times(ledgers: Ledgers, chosen: Counted, column: str) -> Iterator[Figure]:
    """Person-times by type or by domain."""
    found = count(chosen, [column]).set_index(column)
    times, partly = found["person_times"], found["at_least"]
    absent = _absent(ledgers, chosen, column, "other" if column == "type" else "")
    choices = next(one.choices for one in ledger_columns("activities") if one.id == column)
    for word, label in choices.items():
        value, by = times.get(word, absent), f"{column}={word}"
        least = bool(partly.get(word, False)) and value == value
        said = _said(f"服务人次：{label['zh']}", f"Person-times: {label['en'].lower()}", least)
        yield Figure(f"person_times_{word}", *said, value, "person_times", indicator="person_times", by=by)


def _said(zh: str, en: str, at_least: bool) -> tuple[str, str]:
    """What a figure is called, and that it is a lower end where some activities state none."""
    return (f"{zh}（至少）", f"{en}, at least") if at_least else (zh, en)


def _absent(ledgers: Ledgers, chosen: Counted, column: str, rest: str) -> float:
    """What is known of a type or domain without a row: nothing, where totals of all kinds may hold some of it."""
    mixed = chosen.rows["activities"].gt(1) & chosen.rows[column].isin([rest, ""])
    rows = ledgers.table("activities")
    only_totals = bool(((rows["until"] > rows["date"]) | (rows["count"].fillna(1) != 1)).all())
    return np.nan if mixed.any() or only_totals or not ledgers.has("activities") else 0.0


def _told(rows: pd.DataFrame, chosen: pd.DataFrame, key: str) -> float:
    """How many there are; not known where the ledger holds totals alone, and none of this sort."""
    if not len(chosen) and len(rows) and (rows[key] == "").all():
        return np.nan
    return _heads(chosen, key)


def _in_force(ledgers: Ledgers, kind: str) -> pd.DataFrame:
    """Rows of a ledger of spells that touch the period."""
    table = ledgers.up_to(kind)
    return table[table["until"].isna() | (table["until"] >= pd.Timestamp(ledgers.period.first))]


def _heads(rows: pd.DataFrame, key: str) -> float:
    """Different keys, and those that totals stand for."""
    total = rows[key] == ""
    return float(rows.loc[~total, key].nunique() + rows.loc[total, "count"].fillna(1).sum())


def _roles(ledgers: Ledgers) -> Iterator[Figure]:
    """People by role, in it on any day of the period."""
    rows = _in_force(ledgers, "roles")
    for role, (code, zh, en) in ROLES.items():
        value = _told(rows, rows[rows["role"] == role], "person") if ledgers.has("roles") else np.nan
        yield Figure(code, zh, en, value, "persons", np.nan if role in PUBLIC else value)


def _organisations(ledgers: Ledgers) -> Iterator[Figure]:
    """Organisations incubated since the period began, and partners and stations of any day of it."""
    rows = _in_force(ledgers, "organisations")
    begun = rows[rows["since"] >= pd.Timestamp(ledgers.period.first)]
    partners, incubated = rows[rows["standing"] == "partner"], begun[begun["standing"] == "incubated"]
    stations = rows[rows["standing"] == "station"]
    for code, zh, en, chosen in (
        ("organisations", "孵化组织", "Organisations incubated", incubated),
        ("partners", "合作伙伴", "Partners", partners),
        ("stations", "村居与站点", "Villages, communities and stations", stations),
    ):
        value = _told(rows, chosen, "organisation") if ledgers.has("organisations") else np.nan
        yield Figure(code, zh, en, value, "organisations")


def _projects(ledgers: Ledgers) -> Iterator[Figure]:
    value = float(_in_force(ledgers, "projects")["project"].nunique()) if ledgers.has("projects") else np.nan
    yield Figure("projects", "项目", "Projects", value, "pieces")


def _merchants(ledgers: Ledgers) -> Iterator[Figure]:
    """Merchants approached in the period, and those that joined; totals come from rounds of outreach."""
    rows, rounds = ledgers.during("merchant_visits"), outreach_rounds(ledgers)
    keyed = rows[rows["merchant"] != ""]
    for code, zh, en, chosen, column in (
        ("merchants_visited", "走访商户", "Merchants visited", keyed, "visited"),
        ("merchants_joined", "加入的商户", "Merchants joined", keyed[keyed["outcome"] == "joined"], "joined"),
    ):
        value = chosen["merchant"].nunique() + rounds[column].astype(float).sum(skipna=False)
        yield Figure(code, zh, en, float(value) if ledgers.has("merchant_visits") else np.nan, "merchants")


def _vouchers(ledgers: Ledgers) -> Iterator[Figure]:
    """Vouchers issued and redeemed in the period: how many, and what amount in the study's currency."""
    owners = ledgers.table("vouchers_issued").drop_duplicates("voucher").set_index("voucher")["person"]
    for kind, zh, en in (
        ("vouchers_issued", "发放关爱券", "Vouchers issued"),
        ("vouchers_redeemed", "核销关爱券", "Vouchers redeemed"),
    ):
        rows = ledgers.during(kind)
        rows = rows[rows["currency"].isin(["", ledgers.declared.currency])]
        person = rows["person"] if "person" in rows else rows["voucher"].map(owners)
        people = float(person.replace("", pd.NA).fillna(rows["voucher"]).nunique())
        number, amount = float(rows["voucher"].nunique()), float(rows["amount"].sum())
        if not ledgers.has(kind):
            people = number = amount = np.nan
        yield Figure(kind, zh, en, number, "vouchers", people)
        yield Figure(f"{kind}_amount", f"{zh}金额", f"{en}: amount", amount, "money", people)
