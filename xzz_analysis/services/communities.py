"""What the communities of a study are called."""

from __future__ import annotations

import pyogrio

from xzz_analysis.errors import InputError
from xzz_analysis.language import Label
from xzz_analysis.study import Study


def community_names(study: Study) -> dict[str, Label]:
    """Keys of communities and their names, in the layer's order; empty where the study names no communities.

    Raises
    ------
    InputError
        The layer cannot be read, or lacks its key.
    """
    declared = study.settings.communities
    if declared is None:
        return {}
    try:
        table = pyogrio.read_dataframe(declared.file, layer=declared.layer or None, read_geometry=False)
        return {
            str(row[declared.key]): {
                "zh": str(row.get(declared.zh) or row[declared.key]),
                "en": str(row.get(declared.en) or row.get(declared.zh) or row[declared.key]),
            }
            for row in table.to_dict("records")
        }
    except (pyogrio.errors.DataSourceError, KeyError) as error:
        kind = type(error).__name__
        raise InputError(f"{declared.file.name} cannot be read as a layer of communities ({kind})") from None
