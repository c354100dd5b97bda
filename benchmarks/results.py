"""RESULTS.md, section by section: each benchmark writes its own and leaves the others as they were measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# What was measured\n\nEvery figure here was written by a program in this folder; each section says which.\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def machine() -> str:
    """The computer and the day, in a line."""
    return (
        f"{date.today().isoformat()}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    )


def write_section(title: str, text: str) -> None:
    """Put a section into RESULTS.md in place of the one of the same title, or at the end."""
    whole = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else TITLE
    lead, *sections = whole.split("\n## ")
    known = {section.split("\n", 1)[0]: section for section in sections}
    known[title] = f"{title}\n\n{text.strip()}\n"
    RESULTS.write_text("\n## ".join([lead.rstrip() + "\n", *known.values()]), encoding="utf-8")
    print(f"## {title}\n\n{text}")
