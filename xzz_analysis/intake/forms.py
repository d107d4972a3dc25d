"""The questionnaires of a study's rounds, and the crosswalk that ties them together."""

from __future__ import annotations

from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.kobo.versions import with_versions
from xzz_analysis.intake.rounds import Crosswalk, codebook, read_crosswalks
from xzz_analysis.study import Study


def forms_of(study: Study, unit: str) -> dict[str, Form]:
    """Round → its own questionnaire, rounds of the table in the order of the study; versions of one round merged."""
    table = study.tables[unit]
    newest = read_form(table.form)
    forms = {}
    for name in (name for name in study.rounds if name in table.raw):
        form = read_form(table.forms[name]) if name in table.forms else newest
        named = {version: read_form(path) for version, path in table.versions.get(name, {}).items()}
        forms[name] = with_versions(form, named)
    return forms


def crosswalks_of(study: Study) -> dict[str, dict[str, Crosswalk]]:
    """Unit → earlier round → what its questions are in the newest questionnaire; only units whose forms differ."""
    differing = {unit: forms_of(study, unit) for unit, table in study.tables.items() if table.forms}
    return read_crosswalks(study.settings.crosswalk, differing) if differing else {}


def whole_form(study: Study, unit: str, forms: dict[str, Form]) -> Form:
    """The newest questionnaire, with what only earlier rounds asked."""
    table = study.tables[unit]
    own = [form for name, form in forms.items() if name not in table.forms]
    newest = own[-1] if own else read_form(table.form)
    return codebook(newest, list(forms.values())) if table.forms or table.versions else newest
