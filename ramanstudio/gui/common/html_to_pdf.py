"""A page of HTML as PDF: text stays text."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QSizeF
from PySide6.QtGui import QFont, QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from ramanstudio.core.errors import StudioError
from ramanstudio.core.writing import atomic_path

MARGIN_MM: Final = 15.0
FONT_POINTS: Final = 10.0
_DPI: Final = 96  # of the lengths in a page of HTML


def document_of(html: str) -> QTextDocument:
    """Return a page of HTML laid out with one font, whatever font the window has."""
    font = QFont()
    font.setFamilies(["DejaVu Sans", "Arial", "Helvetica"])
    font.setPointSizeF(FONT_POINTS)
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setHtml(html)
    return document


def write_pdf(path: Path, html: str) -> Path:
    """Write HTML as PDF on A4 pages; needs a QGuiApplication. Raises StudioError when it cannot be written."""
    with atomic_path(path) as draft:
        writer = QPdfWriter(str(draft))
        writer.setCreator("RamanStudio")
        writer.setResolution(300)
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM), QPageLayout.Unit.Millimeter)
        document = document_of(html)
        page = writer.pageLayout().paintRect(QPageLayout.Unit.Inch)
        document.setPageSize(QSizeF(page.width() * _DPI, page.height() * _DPI))
        document.print_(writer)
        del writer  # closes the file
        if not draft.is_file() or not draft.stat().st_size:
            raise StudioError(f"Could not write '{path.name}'.", remedy="Choose another folder.")
    return path


def main(arguments: Sequence[str]) -> int:
    """Convert the file of HTML `arguments[0]` to the PDF `arguments[1]`, without a window; returns the exit code."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    source, target = map(Path, arguments)
    application = QGuiApplication.instance() or QGuiApplication([])
    try:
        write_pdf(target, source.read_text(encoding="utf-8"))
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    del application
    return 0
