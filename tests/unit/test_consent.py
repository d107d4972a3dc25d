"""Records without a guardian's consent never enter, and are counted, never named."""

import pandas as pd
import pytest
from pydantic import ValidationError

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.privacy.consent import GuardianConsent, days, with_consent

CONSENT = GuardianConsent(
    agreed="ok", version="text", versions=["v1", "v2"], date="signed", withdrawn="back", yes=["yes", "同意"]
)
ROWS = [
    # key, ok, text, signed, back
    ("C1", "yes", "v1", "2025-05-01", ""),
    ("C2", "同意", "v2", "2025年5月2日", "no"),
    ("C3", "no", "v1", "2025-05-01", ""),
    ("C4", "", "v1", "2025-05-01", ""),
    ("C5", "(跳过)", "v1", "2025-05-01", ""),
    ("C6", "yes", "v0", "2025-05-01", ""),
    ("C7", "yes", "", "2025-05-01", ""),
    ("C8", "yes", "v1", "2025-05-01", "2025-06-01"),
    ("C9", "no", "v0", "2025-05-01", "yes"),
    ("C10", "yes", "v1", "2025/5/9 10:00", ""),
    ("C11", "yes", "v1", "", ""),
]


@pytest.fixture
def export():
    frame = pd.DataFrame(ROWS, columns=["child_id", "ok", "text", "signed", "back"], dtype=str)
    frame["start"] = "2025-05-05T09:00:00.000+08:00"
    words = {"(跳过)": Reason.SKIPPED}
    return Export("child.csv", frame, Form("", "", (), {}, (), ()), words, {"start": "start", "key": "child_id"})


def test_only_those_who_agreed_enter(export):
    kept = with_consent(export, CONSENT)
    assert kept.frame["child_id"].tolist() == ["C1", "C2", "C10", "C11"]
    assert kept.frame.index.tolist() == [0, 1, 2, 3]


def test_the_others_are_counted_by_their_first_reason(export):
    counts = {one.rule: one.count for one in with_consent(export, CONSENT).findings}
    assert counts == {
        "consent_withdrawn": 2,
        "consent_missing": 3,
        "consent_version_unknown": 2,
        "consent_late": 1,
        "consent_undated": 1,
    }


def test_no_finding_names_anybody(export):
    said = " ".join(str(one) for one in with_consent(export, CONSENT).findings)
    assert not [row[0] for row in ROWS if f"{row[0]} " in said or f"'{row[0]}'" in said]


def test_all_agreed_no_finding(export):
    agreed = GuardianConsent(agreed="start", yes=["2025-05-05T09:00:00.000+08:00"])
    kept = with_consent(export, agreed)
    assert len(kept.frame) == len(ROWS)
    assert kept.findings == ()


def test_any_word_about_withdrawal_counts_as_one(export):
    export.frame["back"] = "家长来电"
    assert with_consent(export, CONSENT).frame.empty


def test_a_missing_column_stops_with_the_nearest_name(export):
    with pytest.raises(InputError, match=r"no column 'singed'; did you mean 'signed'.*`date`"):
        with_consent(export, CONSENT.model_copy(update={"date": "singed"}))


def test_the_interview_may_be_known_by_its_submission_only(export):
    later = Export(export.file, export.frame, export.form, export.words, {"submitted": "start"})
    assert "consent_late" in {one.rule for one in with_consent(later, CONSENT).findings}


def test_somebody_must_be_able_to_agree():
    with pytest.raises(ValidationError):
        GuardianConsent(agreed="ok", yes=[])


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-05-10", "2025-05-10"),
        ("2025/5/1 9:30", "2025-05-01"),
        ("2025年5月10日", "2025-05-10"),
        ("2025.05.10", "2025-05-10"),
        ("2025-02-30", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_days(cell, day):
    (found,) = days(pd.Series([cell], dtype=str))
    assert found == pd.Timestamp(day) if day else pd.isna(found)
