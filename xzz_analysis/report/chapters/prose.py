"""What a notebook writes between the figures: headings, prose and remarks in both languages."""

from __future__ import annotations

from xzz_analysis.report.blocks import Block, Heading, Note, Paragraph


def heading(*, zh: str, en: str, level: int = 2) -> Heading:
    """A heading; level 2 is a chapter, 3 a section."""
    return Heading({"zh": zh, "en": en}, level)


def prose(*, zh: str, en: str) -> Paragraph:
    """A paragraph without figures of its own."""
    return Paragraph({"zh": zh, "en": en})


def remark(*, zh: str, en: str) -> Note:
    """A remark set apart from the prose."""
    return Note({"zh": zh, "en": en})


def show(*blocks: Block | list[Block] | None) -> None:
    """Emit blocks, or lists of blocks, in order; JupyterLab shows a preview, the report takes the data."""
    from IPython.display import display

    for block in blocks:
        for one in block if isinstance(block, list) else [block]:
            if one is not None:
                display(one)  # type: ignore[no-untyped-call]
