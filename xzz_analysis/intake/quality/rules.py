"""What findings about the data say, in words (``rules.yml``)."""

from __future__ import annotations

from importlib.resources import files

import yaml

from xzz_analysis.language import Label

_WRITTEN = yaml.safe_load(files("xzz_analysis.intake.quality").joinpath("rules.yml").read_text(encoding="utf-8"))

CHECK_RULES: dict[str, Label] = _WRITTEN.pop("checks")
"""Rules that have a declaration among the checks of records."""

RULES: dict[str, Label] = _WRITTEN | CHECK_RULES
"""Every rule of a finding about the data, in words."""
