"""Write the table of formats into README.md and the user guide: python tools/format_table.py

The table is made from `ramanstudio.formats.registry.FORMATS` and stands between two comments; a test asserts that what
is committed is what this writes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ramanstudio.formats.registry import FORMATS  # noqa: E402

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "guide" / "open.md")
BETWEEN = re.compile(r"(<!-- formats: [^>]*-->\n).*?(<!-- end of formats -->)", re.DOTALL)


def table() -> str:
    """The formats as a Markdown table, a row each."""
    rows = ["| format | files | holds | written |", "|---|---|---|---|"]
    for row in FORMATS:
        suffixes = " ".join(f"`{suffix}`" for suffix in row.suffixes)
        rows.append(f"| {row.name} | {suffixes} | {row.holds} | {'yes' if row.write else ''} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """The text of a document with the table of today."""
    return BETWEEN.sub(lambda match: match[1] + table() + match[2], text)


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(with_table(document.read_text(encoding="utf-8")), encoding="utf-8")
