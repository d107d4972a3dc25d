"""The questionnaires of a study's rounds, and the crosswalk that ties them together."""

from __future__ import annotations

from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.rounds import Crosswalk, codebook, read_crosswalks
from xzz_analysis.study import Study


def forms_of(study: Study, unit: str) -> dict[str, Form]:
    """Round → its own questionnaire, rounds of the table in the order of the study."""
    table = study.tables[unit]
    newest = read_form(table.form)
    rounds = [name for name in study.rounds if name in table.raw]
    return {name: read_form(table.forms[name]) if name in table.forms else newest for name in rounds}


def crosswalks_of(study: Study) -> dict[str, dict[str, Crosswalk]]:
    """Unit → earlier round → what its questions are in the newest questionnaire; only units whose forms differ."""
    differing = {unit: forms_of(study, unit) for unit, table in study.tables.items() if table.forms}
    return read_crosswalks(study.settings.crosswalk, differing) if differing else {}


def whole_form(study: Study, unit: str, forms: dict[str, Form]) -> Form:
    """The newest questionnaire, with what only earlier rounds asked."""
    table = study.tables[unit]
    own = [form for name, form in forms.items() if name not in table.forms]
    newest = own[-1] if own else read_form(table.form)
    return codebook(newest, list(forms.values())) if table.forms else newest
