"""Documents say what is true: links lead somewhere, formats are those that are read, examples name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ramanstudio.formats.registry import FORMATS
from tools import format_table

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", format_table.DOCUMENTS, ids=lambda document: document.name)
def test_the_table_of_formats_is_made_from_the_registry(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert text == format_table.with_table(text), "run: python tools/format_table.py"
    assert all(f"`{suffix}`" in text for row in FORMATS for suffix in row.suffixes)


def test_examples_of_the_guide_name_files_that_are_in_the_repository() -> None:
    texts = [(ROOT / "README.md"), *(ROOT / "docs" / "guide").glob("*.md")]
    named = {name for text in texts for name in re.findall(r"resources/[\w./-]+", text.read_text(encoding="utf-8"))}
    assert named and [name for name in named if not (ROOT / name).exists()] == []


def test_every_package_stands_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [path.parent for path in (ROOT / "ramanstudio").rglob("__init__.py")][1:]
    assert [str(package) for package in packages if f"`{package.relative_to(ROOT / 'ramanstudio')}" not in text] == []


@pytest.mark.parametrize("document", ["README.md", "docs/guide/python.md"])
def test_the_first_python_example_runs_as_it_stands(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example is not None
    monkeypatch.chdir(ROOT)
    exec(compile(example[1], document, "exec"), {"__name__": "__main__"})
