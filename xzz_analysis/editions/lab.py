"""Working copies of the notebooks, with a study's parameters filled in, for JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
from papermill.parameterize import parameterize_notebook

from xzz_analysis.editions.plan import GIVEN, plan
from xzz_analysis.editions.run import relative_to
from xzz_analysis.errors import ReportError
from xzz_analysis.study import Study


def prepare(study: Study, folder: Path) -> list[Path]:
    """Copy every report's notebook into a folder, its parameters cell followed by the study's values.

    Existing copies are kept: what a person wrote there is never overwritten.
    """
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for job in plan(study):
            path = folder / f"{study.id}-{job.spec.report}.ipynb"
            if not path.exists():
                given = relative_to(study.folder, folder.resolve())
                notebook = nbformat.read(job.notebook, as_version=4)
                notebook.metadata.setdefault("papermill", nbformat.from_dict({}))
                for cell in notebook.cells:  # papermill looks for tags in every cell
                    cell.metadata.setdefault("tags", [])
                filled = parameterize_notebook(notebook, {**job.spec.parameters, GIVEN: given})
                nbformat.write(filled, path)
            made.append(path)
    except OSError as error:
        raise ReportError(f"{folder} cannot be written ({error.strerror}); choose another --folder") from None
    return made
