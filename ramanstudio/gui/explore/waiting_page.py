"""What Explore shows while there is no plane: what stands in the way, and what to do where something failed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from ramanstudio.gui.document.comparable import MIN_SPECTRA
from ramanstudio.gui.document.exploring import Exploring


class WaitingPage(QWidget):
    """One sentence; after a failure, a button."""

    def __init__(self, exploring: Exploring) -> None:
        super().__init__()
        self._exploring = exploring
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = QLabel(self)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.words.setStyleSheet("font-size: 18px;")
        self.again = QPushButton("Try again", self)
        self.again.setToolTip("Compare the spectra once more")
        self.again.clicked.connect(exploring.explore)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(48, 48, 48, 48)
        whole.setSpacing(24)
        whole.addStretch()
        whole.addWidget(self.words)
        whole.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch()

    def refresh(self, readable: int) -> None:
        """Say what stands in the way of comparing so many spectra."""
        self.words.setText(self._exploring.status or "The spectra have not been compared yet.")
        self.again.setVisible(readable >= MIN_SPECTRA and bool(self._exploring.problem) and not self._exploring.busy)
