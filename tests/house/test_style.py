"""House style that no linter knows: thin notebooks, small rooms, a public face that cannot rot."""

import ast
import json

import pytest

import xzz_analysis

DRAWERS = {"utils", "helpers", "common", "shared", "core", "misc"}


def sources(root):
    return sorted((root / "xzz_analysis").rglob("*.py"))


def notebooks(root):
    found = sorted((root / "notebooks").glob("*.ipynb"))
    assert found
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", xzz_analysis.__all__)
def test_public_name_exists_and_is_documented(name):
    assert (getattr(xzz_analysis, name).__doc__ or "").strip()


def test_public_face_is_what_is_listed():
    assert dir(xzz_analysis) == sorted([*xzz_analysis.__all__, "__version__"])
    with pytest.raises(AttributeError, match="no public name 'shares'"):
        _ = xzz_analysis.shares


def test_no_drawer_rooms(root):
    assert not [path for path in sources(root) if path.stem in DRAWERS or set(path.parts) & DRAWERS - set(root.parts)]


def test_modules_stay_small(root):
    lines = {str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(root)}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_no_swallowed_exceptions(root):
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                assert not all(isinstance(line, ast.Pass) for line in node.body), path


def test_no_eval_or_exec(root):
    for path in sources(root):
        calls = [
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        assert not [call for call in calls if isinstance(call, ast.Name) and call.id in ("eval", "exec")], path


def test_notebooks_keep_no_outputs(root):
    for notebook in notebooks(root):
        assert not [cell for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"]]


def test_notebooks_define_nothing_and_loop_nowhere(root):
    banned = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.For, ast.While, ast.comprehension)
    for notebook in notebooks(root):
        for cell in code_cells(notebook):
            tree = ast.parse("".join(cell["source"]))
            assert not [node for node in ast.walk(tree) if isinstance(node, banned)]


def test_notebook_cells_are_short(root):
    for notebook in notebooks(root):
        assert max(len(cell["source"]) for cell in code_cells(notebook)) <= 12


def test_notebooks_import_only_the_library(root):
    for notebook in notebooks(root):
        for cell in code_cells(notebook):
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert [alias.name for alias in node.names] == ["xzz_analysis"]


def test_notebook_parameters_are_annotated_and_explained(root):
    for notebook in notebooks(root):
        (cell,) = [cell for cell in code_cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
        for line, node in zip(cell["source"], ast.parse("".join(cell["source"])).body, strict=True):
            assert isinstance(node, ast.AnnAssign)
            assert "  # " in line


def test_notebooks_have_prose_before_their_figures(root):
    for notebook in notebooks(root):
        assert notebook["cells"][0]["cell_type"] == "markdown"
        assert sum(cell["cell_type"] == "markdown" for cell in notebook["cells"]) >= 4
