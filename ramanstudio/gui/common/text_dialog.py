"""A dialog that shows a page of rich text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget


class TextDialog(QDialog):
    """Shows a page of HTML with a Close button; deleted when closed."""

    def __init__(self, title: str, page: str, parent: QWidget, width: int = 560, height: int = 520) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        text = QTextBrowser(self, openExternalLinks=True)
        text.setAccessibleName(title)
        text.setHtml(page)
        text.document().setDocumentMargin(12)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        whole.addWidget(text)
        whole.addWidget(buttons)
        self.resize(min(width, parent.width() - 48), min(height, parent.height() - 48))
