"""The documents a newcomer reads first say what is true: links lead somewhere, and the formats are those we read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ramanstudio.formats import registry

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_the_readme_names_every_format_and_every_suffix() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## Files it reads") : readme.index("## How good it is")]
    assert [one.name for one in registry.FORMATS if f"| {one.name} |" not in table] == []
    assert [suffix for one in registry.FORMATS for suffix in one.suffixes if f"`{suffix}`" not in table] == []


def test_every_room_stands_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (ROOT / "ramanstudio").iterdir() if not path.name.startswith(("__", "."))]
    assert [room for room in rooms if f"`{room}`" not in text and f"  {room} " not in text] == []
