"""The user guide in a window: the pages of docs/guide, which come with the program, so that no network is needed."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QListWidget, QTextBrowser, QVBoxLayout, QWidget

from ramanstudio.core.paths import bundled_path

PAGES: Final = (  # the names of the files, in the order of the list
    "open",
    "daily-jobs",
    "denoise",
    "processing",
    "peaks",
    "explore",
    "map",
    "identify",
    "libraries",
    "finetune",
    "calibration",
    "export",
    "projects",
    "batch",
    "cluster",
    "command-line",
    "python",
    "install",
    "troubleshooting",
)
MARGIN_PX: Final = 16
_IMAGE: Final = re.compile(r"^```\{image\} (\S+)\n(?::alt: ([^\n]*)\n)?(?::[^\n]*\n)*```$", re.MULTILINE)


@cache
def guide_path(page: str) -> Path:
    """The file of a page of the guide."""
    return bundled_path("docs", "guide", f"{page}.md")


def page_markdown(page: str) -> str:
    """A page as plain Markdown: MyST image directives become Markdown images."""
    text = guide_path(page).read_text(encoding="utf-8")
    return _IMAGE.sub(lambda match: f"![{match[2] or ''}]({match[1]})", text)


def page_title(page: str) -> str:
    """The first heading of a page."""
    text = guide_path(page).read_text(encoding="utf-8")
    return text.partition("\n")[0].lstrip("# ").strip()


class GuideBrowser(QTextBrowser):
    """Shows one page; scales its images to the width, opens web links outside."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setAccessibleName("User guide")
        self.document().setDocumentMargin(MARGIN_PX)
        self._page = ""

    def show_page(self, page: str) -> None:
        """Show a page of the guide from its top."""
        self._page = page
        self.document().setBaseUrl(QUrl.fromLocalFile(str(guide_path(page))))
        self.document().setMarkdown(page_markdown(page), QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
        self.verticalScrollBar().setValue(0)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's name
        """Load an image, scaled down to the width of the window."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, name)
        image = QImage(self.document().baseUrl().resolved(QUrl(name)).toLocalFile())
        width = max(120, self.viewport().width() - 2 * MARGIN_PX)
        if image.width() <= width:
            return image
        ratio = self.devicePixelRatioF()
        scaled = image.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
        scaled.setDevicePixelRatio(ratio)
        return scaled

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Scale the images anew where the width has changed."""
        super().resizeEvent(event)
        if self._page and event.size().width() != event.oldSize().width():
            share = self.verticalScrollBar().value() / max(1, self.verticalScrollBar().maximum())
            self.show_page(self._page)
            self.verticalScrollBar().setValue(round(share * self.verticalScrollBar().maximum()))


class GuideDialog(QDialog):
    """The user guide: the list of its pages beside the one that is read."""

    def __init__(self, page: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("User guide")
        self.pages = QListWidget(self)
        self.pages.setAccessibleName("Pages of the guide")
        self.pages.addItems([page_title(name) for name in PAGES])
        self.pages.setFixedWidth(216)
        self.pages.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.browser = GuideBrowser(self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.pages)
        row.addWidget(self.browser, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(row, 1)
        column.addWidget(buttons)
        self.pages.currentRowChanged.connect(lambda index: self.browser.show_page(PAGES[index]))
        self.browser.anchorClicked.connect(self._follow_link)
        self.resize(min(940, parent.width() - 48), min(680, parent.height() - 48))
        self.show_page(page)

    def show_page(self, page: str) -> None:
        """Show a page of the guide."""
        with QSignalBlocker(self.pages):
            self.pages.setCurrentRow(PAGES.index(page))
        self.browser.show_page(page)

    def _follow_link(self, url: QUrl) -> None:
        """Show a page of the guide here, anything on the web in the web browser."""
        name = Path(url.path()).stem
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        elif name in PAGES:
            self.show_page(name)
