"""What is wrong in the ledgers on purpose: redemptions that a person should look at, and rows that are mistakes.

Redemptions to look at are part of the truth's totals. Mistakes are put in afterwards, and none of them in November,
so that the truth of that month holds however they are treated.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from demo_persons import Rng
from demo_vouchers import CITIES

BURST_DAY, SEVERAL_DAYS = "2025-11-18", ("2025-09-16", "2025-11-06")
AVOIDED = "2025-11"

Frame = pd.DataFrame
Ledgers = dict[str, Frame]
Planted = list[dict[str, Any]]


def plant_anomalies(ledgers: Ledgers, joined: Frame, rng: Rng) -> Planted:
    """A burst, round amounts, an owner's family at the owner's shop, one person at several shops within minutes."""
    busy = ledgers["vouchers_redeemed"]["merchant"].value_counts().sort_index()
    food = joined[
        joined["category"].eq("food") & joined["joined"].ne("") & joined["joined"].lt("2025-05") & joined["left"].eq("")
    ]
    order = [str(name) for name in busy.reindex(food["merchant"]).fillna(0).sort_values(kind="stable").index]
    planted = [_round_amounts(ledgers, joined, order[0], rng), _burst(ledgers, joined, order[1], rng)]
    planted.append(_own_shop(ledgers, joined, rng))
    planted.append(_several(ledgers, joined, rng))
    for kind, day in (("vouchers_issued", "issued"), ("vouchers_redeemed", "redeemed")):
        ledgers[kind] = ledgers[kind].sort_values([day, "voucher"], kind="stable").reset_index(drop=True)
    return planted


def _unused(ledgers: Ledgers, joined: Frame, merchant: str, category: str) -> Frame:
    """Vouchers of a category that nobody has used, in the merchant's city."""
    issued = ledgers["vouchers_issued"]
    city = CITIES[joined.set_index("merchant").loc[merchant, "community"]]
    here = issued["category"].eq(category) & issued["community"].map(CITIES).eq(city)
    return issued[here & ~issued["voucher"].isin(ledgers["vouchers_redeemed"]["voucher"])]


def _redeem(ledgers: Ledgers, rows: list[tuple[str, str, str, float]]) -> None:
    added = Frame([(*row, "CNY") for row in rows], columns=["voucher", "redeemed", "merchant", "amount", "currency"])
    ledgers["vouchers_redeemed"] = pd.concat([ledgers["vouchers_redeemed"], added], ignore_index=True)


def _round_amounts(ledgers: Ledgers, joined: Frame, merchant: str, rng: Rng) -> dict[str, Any]:
    redeemed = ledgers["vouchers_redeemed"]
    ledgers["vouchers_redeemed"] = redeemed[redeemed["merchant"].ne(merchant)]
    first = joined.set_index("merchant").loc[merchant, "joined"]
    unused = _unused(ledgers, joined, merchant, "food")
    unused = unused[unused["amount"].eq(50) & unused["issued"].gt(first) & unused["issued"].lt("2025-12-15")]
    rows = []
    for one in unused.iloc[:26].itertuples():
        day = dt.date.fromisoformat(one.issued) + dt.timedelta(days=int(rng.integers(1, 14)))
        rows.append((one.voucher, f"{day} {rng.integers(9, 19):02d}:{rng.integers(60):02d}:10", merchant, 50.0))
    _redeem(ledgers, rows)
    return {"rule": "voucher_round_amounts", "ledger": "vouchers_redeemed", "count": len(rows), "merchant": merchant}


def _burst(ledgers: Ledgers, joined: Frame, merchant: str, rng: Rng) -> dict[str, Any]:
    """Vouchers that nobody had used until then, fourteen in seven minutes of an evening."""
    redeemed = ledgers["vouchers_redeemed"]
    before = redeemed.loc[redeemed["redeemed"].lt(BURST_DAY), "voucher"]
    issued = ledgers["vouchers_issued"]
    city = CITIES[joined.set_index("merchant").loc[merchant, "community"]]
    fit = issued["category"].eq("food") & issued["community"].map(CITIES).eq(city) & ~issued["voucher"].isin(before)
    chosen = issued[fit & issued["issued"].lt(BURST_DAY) & issued["expires"].ge(BURST_DAY)].drop_duplicates("person")
    chosen = chosen.iloc[:14]
    ledgers["vouchers_redeemed"] = redeemed[~redeemed["voucher"].isin(chosen["voucher"])]
    amounts = chosen["amount"] - 0.3 - rng.integers(0, 20, len(chosen)) / 10
    rows = [
        (one.voucher, f"{BURST_DAY} 19:{41 + place // 2:02d}:{5 + 30 * (place % 2):02d}", merchant, round(amount, 1))
        for place, (one, amount) in enumerate(zip(chosen.itertuples(), amounts, strict=True))
    ]
    _redeem(ledgers, rows)
    about = {"rule": "voucher_burst", "ledger": "vouchers_redeemed", "count": len(rows)}
    return about | {"merchant": merchant, "day": BURST_DAY, "minutes": round((len(rows) - 1) / 2, 1)}


def _own_shop(ledgers: Ledgers, joined: Frame, rng: Rng) -> dict[str, Any]:
    """The owner of a snack bar is a carer's husband; some owners of other shops are in the ledger and do nothing."""
    people, merchants = ledgers["people"], ledgers["merchants"]
    fit = (
        joined["category"].eq("meals")
        & joined["joined"].ne("")
        & joined["joined"].lt("2025")
        & joined["resource"].eq("")
    )
    shop = joined[fit].iloc[0]
    issued = ledgers["vouchers_issued"]
    theirs = issued[issued["community"].map(CITIES).eq(CITIES[shop["community"]]) & issued["category"].eq("meals")]
    carer = theirs["person"].value_counts().sort_index().sort_values(ascending=False, kind="stable").index[0]
    others = joined[joined["joined"].ne("") & joined["resource"].eq("") & joined["merchant"].ne(shop["merchant"])]
    family = people.set_index("person").loc[carer, "family"]
    owners = [(shop, family)] + [(one, "") for _, one in others.iloc[:6].iterrows()]
    for place, (one, home) in enumerate(owners):
        key = f"P{len(people) + 1 + place:05d}"
        _add_owner(ledgers, key, one, home, f"19{72 + place}-{4 + place:02d}")
        merchants.loc[merchants["merchant"].eq(one["merchant"]), "owner"] = key
    vouchers = theirs.loc[theirs["person"].eq(carer), "voucher"]
    redeemed = ledgers["vouchers_redeemed"]
    redeemed.loc[redeemed["voucher"].isin(vouchers), "merchant"] = shop["merchant"]
    unused = theirs[theirs["voucher"].isin(vouchers) & ~theirs["voucher"].isin(redeemed["voucher"])]
    rows = []
    for one in unused[unused["issued"].lt("2025-12-10")].itertuples():
        day = dt.date.fromisoformat(one.issued) + dt.timedelta(days=3)
        rows.append((one.voucher, f"{day} 17:{rng.integers(60):02d}:20", shop["merchant"], round(one.amount * 0.98, 1)))
    _redeem(ledgers, rows)
    count = int(ledgers["vouchers_redeemed"]["voucher"].isin(vouchers).sum())
    return {"rule": "voucher_self_dealing", "ledger": "vouchers_redeemed", "count": count, "merchant": shop["merchant"]}


def _add_owner(ledgers: Ledgers, key: str, shop: pd.Series, family: str, born: str) -> None:
    since = dt.date.fromisoformat(shop["joined"])
    people = ledgers["people"]
    hardship = "yes" if family else "no"
    about = {"person": key, "family": family, "community": shop["community"], "sex": "male", "born": born}
    about |= {
        "hardship": hardship,
        "consent": shop["joined"],
        "withdrawn": "",
        "kind": "owner",
        "since": since,
        "gone": "",
    }
    ledgers["people"] = pd.concat([people, Frame([about])], ignore_index=True)
    role = {"person": key, "role": "merchant", "since": shop["joined"], "until": "", "community": shop["community"]}
    ledgers["roles"] = pd.concat([ledgers["roles"], Frame([role])], ignore_index=True)


def _several(ledgers: Ledgers, joined: Frame, rng: Rng) -> dict[str, Any]:
    """Two people, each at three or four merchants within minutes, with vouchers issued for it."""
    issued = ledgers["vouchers_issued"]
    added, rows, number = [], [], len(issued)
    for day, community, shops in zip(SEVERAL_DAYS, ("heyan", "weidu"), (4, 3), strict=True):
        open_then = joined[joined["joined"].ne("") & joined["joined"].lt(day) & joined["left"].eq("")]
        open_then = open_then[open_then["category"].isin(["food", "meals"])]
        open_then = open_then[open_then["community"].map(CITIES).eq(CITIES[community])].iloc[:shops]
        like = issued[
            issued["community"].eq(community) & issued["issued"].str[:7].eq(day[:7]) & issued["issued"].lt(day)
        ]
        for place, (category, merchant) in enumerate(zip(open_then["category"], open_then["merchant"], strict=True)):
            number += 1
            one = like.iloc[3].to_dict() | {"voucher": f"Q{number:06d}", "category": category, "amount": 40.0}
            added.append(one | {"expires": f"{day[:4]}-12-31"})
            moment = f"{day} 12:{3 + 2 * place:02d}:{int(rng.integers(10, 50))}"
            rows.append((one["voucher"], moment, merchant, 40.0 - round(0.7 * (place + 1), 1)))
    ledgers["vouchers_issued"] = pd.concat([issued, Frame(added)], ignore_index=True)
    _redeem(ledgers, rows)
    about = {"rule": "voucher_many_merchants", "ledger": "vouchers_redeemed", "count": len(rows)}
    return about | {"persons": len(SEVERAL_DAYS), "days": list(SEVERAL_DAYS)}


def plant(ledgers: Ledgers, anomalies: Planted, rng: Rng) -> Planted:
    """Mistakes of every kind, a few of each, none at merchants to look at; ledgers are changed in place."""
    planted = _vouchers(ledgers, [one.get("merchant", "") for one in anomalies], rng)
    for step in (_people, _attendance, _activities, _points):
        planted += step(ledgers, rng)
    return planted


def _draw(table: Frame, number: int, rng: Rng) -> Frame:
    """Rows outside November."""
    day = next(name for name in ("date", "redeemed", "issued", "since") if name in table)
    fit = table[~table[day].str.startswith((AVOIDED, "2025-12"))]
    return fit.loc[sorted(rng.choice(fit.index, number, replace=False))]


def _note(rule: str, ledger: str, rows: Frame, **more: Any) -> dict[str, Any]:
    return {"rule": rule, "ledger": ledger, "count": len(rows), **more}


def _money(rows: Frame) -> float:
    return round(float(rows["amount"].sum()), 2)


def _add(ledgers: Ledgers, kind: str, rows: Frame, by: str) -> None:
    together = pd.concat([ledgers[kind], rows], ignore_index=True)
    ledgers[kind] = together.sort_values(by, kind="stable").reset_index(drop=True)


def _vouchers(ledgers: Ledgers, avoided: list[str], rng: Rng) -> Planted:
    """Wrong redemptions and vouchers; each is a row added to its ledger."""
    redeemed = ledgers["vouchers_redeemed"]
    sound = redeemed[~redeemed["merchant"].isin(avoided)]
    wrong = _never_used(ledgers, sound, rng) | _used_already(ledgers, sound, rng)
    for part in wrong.values():
        _add(ledgers, "vouchers_redeemed", part, "redeemed")
    told = [_note(rule, "vouchers_redeemed", part, amount=_money(part)) for rule, part in wrong.items()]
    issued = ledgers["vouchers_issued"]
    numbers = [f"Q{len(issued) + 1 + place:06d}" for place in range(3)]
    abroad = _draw(issued, 2, rng).assign(currency="HKD", voucher=numbers[:2])
    unreadable = _draw(issued, 1, rng).assign(amount="五十", voucher=numbers[2])
    _add(ledgers, "vouchers_issued", pd.concat([abroad, unreadable]), "issued")
    told.append(_note("ledger_currency_mixed", "vouchers_issued", abroad, amount=_money(abroad)))
    return [*told, _note("ledger_row_left_out", "vouchers_issued", unreadable)]


def _never_used(ledgers: Ledgers, sound: Frame, rng: Rng) -> dict[str, Frame]:
    """By rule, wrong redemptions of vouchers that have no other."""
    issued = ledgers["vouchers_issued"]
    unused = issued[~issued["voucher"].isin(ledgers["vouchers_redeemed"]["voucher"])]
    unused = unused[unused["issued"].between("2025-02", "2025-09")]
    rows = []
    for one in unused.loc[rng.permutation(unused.index)[:15]].itertuples():
        days = -5 if len(rows) < 4 else 6
        day = dt.date.fromisoformat(one.issued) + dt.timedelta(days=days)
        shop = sound["merchant"].iloc[int(rng.integers(len(sound)))]
        moment = f"{day} 10:{rng.integers(60):02d}:33"
        rows.append((one.voucher, moment, shop, round(one.amount * 0.5 - 0.2, 1), "CNY"))
    made = Frame(rows, columns=list(sound))
    negative = made.iloc[7:10]
    return {
        "ledger_redeemed_before_issue": made.iloc[:4],
        "ledger_merchant_unknown": made.iloc[4:7].assign(merchant=["M977", "M978", "M977"]),
        "ledger_amount_negative": negative.assign(amount=-negative["amount"]),
        "ledger_currency_mixed": made.iloc[10:13].assign(currency="USD"),
        "ledger_date_future": made.iloc[13:].assign(redeemed="2026-03-09 09:15:00"),
    }


def _used_already(ledgers: Ledgers, sound: Frame, rng: Rng) -> dict[str, Frame]:
    """By rule, second redemptions of vouchers: of the whole amount once more, and lines that are there twice."""
    worth = ledgers["vouchers_issued"].set_index("voucher")["amount"]
    full = sound[~sound["voucher"].duplicated(keep=False) & sound["amount"].ge(25)]
    over = _draw(full, 5, rng)
    later = pd.to_datetime(over["redeemed"]) + pd.Timedelta(hours=1, minutes=7)
    moments = later.dt.strftime("%Y-%m-%d %H:%M:%S")
    return {
        "ledger_redeemed_too_much": over.assign(redeemed=moments, amount=worth[over["voucher"]].to_numpy()),
        "ledger_row_repeated": _draw(sound[~sound["voucher"].isin(over["voucher"])], 4, rng),
    }


def _people(ledgers: Ledgers, rng: Rng) -> Planted:
    """Somebody under a second key, and two roles at once."""
    people, roles = ledgers["people"], ledgers["roles"]
    plain = people[people["kind"].isin(["adult", "child"]) & people["gone"].eq("")]
    again = plain.loc[sorted(rng.choice(plain.index, 4, replace=False))]
    again = again.assign(person=[f"P{len(people) + 1 + place:05d}" for place in range(4)])
    still = roles[roles["role"].eq("recipient") & roles["until"].eq("") & roles["person"].isin(plain["person"])]
    still = still[still["person"].isin(people.loc[people["kind"].eq("adult"), "person"])]
    chosen = still.loc[sorted(rng.choice(still.index, 4, replace=False))]
    _add(ledgers, "people", again, "person")
    _add(ledgers, "roles", chosen.assign(role="staff", since="2025-10-01"), "person")
    return [
        _note(
            "ledger_person_perhaps_twice",
            "people",
            pd.concat([again, again]),
            persons=len(again),
            attendances=len(again),
        ),
        _note("ledger_roles_exclusive", "roles", chosen),
    ]


def _attendance(ledgers: Ledgers, rng: Rng) -> Planted:
    """Attendance without consent, twice, late, and unlike the sheet."""
    people, held, clean = ledgers["people"], ledgers["activities"], ledgers["attendance"]
    keyed = held[held["activity"].isin(clean["activity"]) & ~held["date"].str.startswith((AVOIDED, "2025-12"))]
    blank = keyed[keyed["person_times"].eq("")]
    before, after = [], []
    for one in blank.sample(frac=1, random_state=int(rng.integers(1000))).itertuples():
        near = people[people["community"].eq(one.community) & people["kind"].isin(["adult", "child"])].sort_values(
            "person"
        )
        early, gone = (
            near[near["consent"].gt(one.date)],
            near[near["withdrawn"].ne("") & near["withdrawn"].lt(one.date)],
        )
        if len(early) and len(before) < 6:
            before.append((one.activity, early["person"].iloc[0], "", one.entered))
        elif len(gone) and len(after) < 4:
            after.append((one.activity, gone["person"].iloc[0], "", one.entered))
    frames = [Frame(rows, columns=list(clean)) for rows in (before, after)]
    usual = clean[clean["activity"].isin(keyed["activity"]) & ~clean["activity"].isin(blank["activity"])]
    twice = usual.loc[sorted(rng.choice(usual.index, 7, replace=False))]
    late = rng.choice(usual.index.difference(twice.index), 9, replace=False)
    days = held.set_index("activity")["date"]
    overdue = [dt.date.fromisoformat(days[name]) + dt.timedelta(days=47) for name in clean.loc[late, "activity"]]
    clean.loc[late, "entered"] = [day.isoformat() for day in overdue]
    for rows in (*frames, twice, _second_keys(ledgers, blank, rng)):
        _add(ledgers, "attendance", rows, "activity")
    unlike = _draw(keyed[keyed["person_times"].ne("")], 5, rng)
    held.loc[unlike.index, "person_times"] = [int(number) + 4 for number in unlike["person_times"]]
    return [
        _note("ledger_attendance_before_consent", "attendance", frames[0]),
        _note("ledger_attendance_after_withdrawal", "attendance", frames[1]),
        _note("ledger_attendance_twice", "attendance", twice),
        _note("ledger_late", "attendance", Frame(index=late)),
        _note("ledger_person_times_differ", "activities", unlike, person_times=4 * len(unlike)),
    ]


def _second_keys(ledgers: Ledgers, blank: Frame, rng: Rng) -> Frame:
    """Attendance of those who are there under a second key, a row each."""
    people, clean = ledgers["people"], ledgers["attendance"]
    twins = people[people.duplicated(["family", "born", "sex"], keep="first") & people["family"].ne("")]
    rows = []
    for one in twins.itertuples():
        near = blank[blank["community"].eq(one.community) & blank["date"].gt(one.consent)]
        held = near.iloc[int(rng.integers(len(near)))]
        rows.append((held["activity"], one.person, "", held["entered"]))
    return Frame(rows, columns=list(clean))


def _activities(ledgers: Ledgers, rng: Rng) -> Planted:
    """Activities in the future, twice in the ledger, and written down late."""
    held = ledgers["activities"]
    counted = held[held["activity"].ne("") & ~held["activity"].isin(ledgers["attendance"]["activity"])]
    future = _draw(counted, 3, rng)
    future = future.assign(date="2026-02-14", entered="2025-12-30", activity=[f"A{9001 + place}" for place in range(3)])
    twice = _draw(counted[counted["person_times"].ne("")], 2, rng)
    late = _draw(held[held["activity"].ne("") & ~held.index.isin(twice.index)], 6, rng)
    overdue = [dt.date.fromisoformat(day) + dt.timedelta(days=52) for day in late["date"]]
    held.loc[late.index, "entered"] = [day.isoformat() for day in overdue]
    for rows in (future, twice):
        _add(ledgers, "activities", rows, "date")
    times = int(twice["person_times"].astype(int).sum())
    return [
        _note("ledger_date_future", "activities", future),
        _note("ledger_row_repeated", "activities", twice, person_times=times),
        _note("ledger_late", "activities", late),
    ]


def _points(ledgers: Ledgers, rng: Rng) -> Planted:
    """A day that does not exist."""
    clean = ledgers["points"]
    wrong = _draw(clean[clean["entry"].eq("earned")], 1, rng).assign(date="2025-02-30")
    _add(ledgers, "points", wrong, "date")
    return [_note("ledger_row_left_out", "points", wrong)]
