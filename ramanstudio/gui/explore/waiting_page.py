"""What Explore shows while there is no plot: what it waits for; after a failure, what can be compared instead."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from ramanstudio.gui.document.comparison_set import MIN_SPECTRA
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.explore.comparison_bar import ComparisonButtons


class WaitingPage(QWidget):
    """A sentence; after a failure, buttons."""

    def __init__(self, exploring: Exploring) -> None:
        super().__init__()
        self._exploring = exploring
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sentence = QLabel(self)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setWordWrap(True)
        self.sentence.setStyleSheet("font-size: 18px;")
        self.options = ComparisonButtons(self, centred=True)
        self.options.chosen.connect(exploring.choose_comparison)
        self.retry = QPushButton("Try again", self)
        self.retry.setToolTip("Compare the same spectra once more")
        self.retry.clicked.connect(exploring.explore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addStretch()
        layout.addWidget(self.sentence)
        layout.addWidget(self.options)
        layout.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()

    def refresh(self, n_readable: int) -> None:
        """Say what stands in the way of comparing `n_readable` spectra."""
        self.sentence.setText(self._exploring.status or "The spectra have not been compared yet.")
        failed = n_readable >= MIN_SPECTRA and bool(self._exploring.problem) and not self._exploring.busy
        self.options.show_options(self._exploring.options if failed else ())
        self.retry.setVisible(failed)
