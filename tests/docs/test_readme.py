"""Commands and names in the documents are the ones that exist."""

import ast
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import xzz_analysis as xzz
from xzz_analysis.cli import app, main

COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)


def blocks(text: str) -> list[str]:
    """Lines of the shell blocks, comments cut off."""
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.S))
    return [line.split("#")[0].strip() for line in code.splitlines() if line.strip()]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_names_every_command(readme, root):
    text = (root / readme).read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"xzz {name}" not in text and name != "version"] == []


def test_both_readmes_show_the_same_commands(root):
    english, chinese = ((root / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    same = [line.replace("编号", "RESULT_ID") for line in blocks(chinese)]
    assert same == blocks(english)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    said = CliRunner().invoke(app, [command, "--help"])
    assert said.exit_code == 0
    assert command == "version" or "Example:" in said.output


def test_readme_commands_run(root, tmp_path, monkeypatch, my_study, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [line for line in blocks((root / "README.md").read_text(encoding="utf-8")) if line.startswith("xzz")]
    assert len(lines) == 21
    for line in lines:
        words = line.split()[1:]
        if words[0] in ("build", "publish", "trace", "lab"):  # shown in tests/reports on a study that is built once
            continue
        if words[0] in (
            "codebook",
            "columns",
            "crosswalk",
            "forget",
            "themes",
        ):  # need files of their own; shown in tests/unit
            continue
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code in (0, None), line
    assert (tmp_path / "tables.csv").is_file()
    assert (tmp_path / "annual.xlsx").is_file()
    assert len(list((tmp_path / "maps").glob("*.pdf"))) == 2


def test_lab_copies_notebooks_with_the_parameters_filled_in(my_study, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["lab", str(my_study), "--no-start", "--folder", "lab"])
    copies = sorted((tmp_path / "lab").glob("*.ipynb"))
    assert [path.name for path in copies] == [
        f"demo-{name}.ipynb"
        for name in (
            "change_report",
            "community_profile-heyan",
            "data_quality",
            "methods",
            "needs_report",
            "resource_map",
        )
    ]
    assert 'round = \\"2025Q4\\"' in copies[0].read_text(encoding="utf-8")


def test_glossary_explains_every_column_of_the_estimates(root):
    from xzz_analysis.survey.estimates import COLUMNS

    words = (root / "GLOSSARY.md").read_text(encoding="utf-8")
    explained = {
        "low",
        "high",
        "se",
        "df",
        "n",
        "n_need",
        "n_eff",
        "weighted_n",
        "deff",
        "level",
        "result_id",
    }
    assert [name for name in explained & set(COLUMNS) if name not in words] == []


def test_papermill_runs_a_notebook_without_us(root, tmp_path):
    import papermill

    out = tmp_path / "methods.ipynb"
    papermill.execute_notebook(
        str(root / "notebooks" / "08_methods.ipynb"),
        str(out),
        cwd=str(root / "notebooks"),
        progress_bar=False,
        kernel_name="python3",
    )
    assert "vnd.xzz.block" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_python_of_the_readme_runs(readme, root):
    (code,) = re.findall(r"```python\n(.*?)```", (root / readme).read_text(encoding="utf-8"), flags=re.S)
    number = np.arange(240)
    columns = {
        "weight": 4.2,
        "stratum": number % 2,
        "grid": number // 20,
        "household": number // 2,
        "grids": 40,
        "households": 60,
        "hukou": np.where(number % 3, "外地", "本地"),
        "sex": np.where(number % 2, "f", "m"),
        "out_of_school": number % 7 == 0,
        "no_insurance": number % 4 == 0,
    }
    frame = pd.DataFrame(columns)
    clusters = {"weight": "weight", "strata": "stratum", "cluster": "grid"}
    before, after = (
        xzz.Sample(part, **clusters).described(labels={"round": name})
        for part, name in ((frame, "1"), (frame.assign(out_of_school=number % 5 == 0), "2"))
    )
    names = {"frame": frame, "before": before, "after": after}
    for statement in ast.parse(code).body:  # line by line, so that the line that fails is the one that is shown
        exec(compile(ast.Module([statement], []), readme, "exec"), names)
    assert len(names["sample"]) == 240


DOCUMENTS = ("README.md", "README.zh-CN.md", "docs/service-report.md", "docs/atlas.md", "docs/data-path.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document, root):
    path = root / document
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_glossary_has_every_word_once(root):
    rows = [line for line in (root / "GLOSSARY.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert [row for row in rows if len(row.split(" | ")) != 3] == []
    words = [row.split(" | ")[0] for row in rows]
    assert len(words) == len(set(words))


def test_readmes_name_every_make_target_of_benchmarks(root):
    targets = re.findall(r"^benchmarks-(\w+):", (root / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    for name in ("README.md", "README.zh-CN.md"):
        text = (root / name).read_text(encoding="utf-8")
        assert [target for target in targets if f"-{target}`" not in text] == []
