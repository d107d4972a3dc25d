"""Write the list of checks in docs/quality.md from their declarations: ``make quality-page``."""

from __future__ import annotations

from pathlib import Path

from xzz_analysis.intake.quality import CHECKS, QualityRules, Score, quality_score, rule_table
from xzz_analysis.intake.quality.check import made_findings

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
MARK = "<!-- generated below this line by `make quality-page` -->\n"


def generated() -> str:
    """The part of the page that the declarations say."""
    score: Score = quality_score(made_findings([], []), 1, weights=QualityRules().weights)
    lines = [score.definition(), "", score.definition("zh"), "", "## Every check", ""]
    chinese, rules = rule_table("zh").set_index("rule"), QualityRules()
    limits = {check.rule: [f"`{name}` ({rules.meaning(name, 'en')})" for name in check.limits] for check in CHECKS}
    for row in rule_table("en").to_dict("records"):
        zh = chinese.loc[row["rule"]]
        lines += [f"### {row['rule']} · {zh['label']}", "", f"{row['label'].capitalize()} ({row['severity']}).", ""]
        lines += [f"- For example: {row['example']}. 例如：{zh['example']}。"]
        lines += [f"- Limits: {'; '.join(limits[row['rule']])}."] if limits[row["rule"]] else []
        lines += [f"- Cannot run when: {row['unless']}."] if row["unless"] else []
        lines += [f"- What to do: {row['remedy']}. 处理：{zh['remedy']}。"]
        lines += [f"- Source: {row['reference']}."] if row["reference"] else []
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    written = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{written}{MARK}\n{generated()}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
