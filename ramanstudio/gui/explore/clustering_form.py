"""Above the list of groups: how to find them, how many, and in a line what was found."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from ramanstudio.clustering.clusters import METHODS
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.project.groups import Groups

MOST_GROUPS: Final = 200


class ClusteringForm(QWidget):
    """Asks how groups are to be found, and says which were."""

    def __init__(self, session: Session, exploring: Exploring, action: QAction) -> None:
        super().__init__()
        self._session, self._exploring = session, exploring
        self.method = QComboBox(self)
        self.method.setAccessibleName("How groups are found")
        for row in METHODS:
            self.method.addItem(row.name, row.key)
            self.method.setItemData(self.method.count() - 1, row.help, Qt.ItemDataRole.ToolTipRole)
        self.help = label("quiet", wrap=True)
        self.number = QSpinBox(self)
        self.number.setRange(1, MOST_GROUPS)
        self.number.setSpecialValueText("Automatic")
        self.number.setSuffix(" groups")
        self.number.setAccessibleName("Number of groups")
        for box in (self.method, self.number):  # long words must not make the panel wider than it is
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(96)
        line = self.number.lineEdit()
        line.setTextMargins(6, 0, 0, 0)
        self.button = QPushButton("Find groups", self)
        self.button.setProperty("role", "primary")
        self.button.setToolTip(action.toolTip())
        self.summary = label("", wrap=True)
        self._lay_out()
        self.method.currentIndexChanged.connect(self._show_help)
        self.button.clicked.connect(self.find_groups)
        self._show_help()

    def find_groups(self) -> None:
        """Find groups in this way, and as many as is asked for."""
        number = self.number.value() if self.number.isEnabled() else self.number.minimum()
        self._exploring.find_groups(number if number > self.number.minimum() else None, self.method.currentData())

    def refresh(self, groups: Groups | None) -> None:
        """Say what was found, or what stands in the way, and whether something is being found."""
        explored = self._session.project.exploration
        busy = self._exploring.busy
        self.button.setText("Finding…" if busy else "Find groups")
        self.button.setEnabled(not busy and explored is not None)
        if groups is None:
            nothing = "No groups yet." if explored is not None else "Groups are found once the spectra are denoised."
            self.summary.setText(self._exploring.status or nothing)
            self.summary.setToolTip("")
            return
        outliers = f", {count_of(groups.outliers, 'outlier')}" if groups.outliers else ""
        words = f"{count_of(len(groups.groups), 'group')} in {count_of(len(groups.members), 'spectrum', 'spectra')}"
        apart = (
            f" · silhouette\u00a0{groups.silhouette:.2f}".replace("-", "−")
            if len(groups.groups) > 1 and groups.silhouette
            else ""
        )
        self.summary.setText(f"{words}{outliers}{apart}")
        self.summary.setToolTip(_told(groups))

    def _show_help(self) -> None:
        method = next(row for row in METHODS if row.key == self.method.currentData())
        self.help.setText(method.help)
        self.number.setEnabled(not method.chooses)
        self.number.setToolTip(
            "This method finds the number by itself"
            if method.chooses
            else "How many groups to find; Automatic lets the spectra say"
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(8)
        numbers = QHBoxLayout()
        numbers.setSpacing(8)
        numbers.addWidget(self.number, 1)
        numbers.addWidget(self.button)
        column.addWidget(self.method)
        column.addWidget(self.help)
        column.addLayout(numbers)
        column.addWidget(self.summary)


def _told(groups: Groups) -> str:
    method = next((row.name for row in METHODS if row.key == groups.method), "")
    found = f"Found by: {method}.\n" if method else ""
    return (
        f"{found}Silhouette, as found: how much nearer spectra lie to their own group than to the next one.\n"
        "Near 1 the groups lie far apart, about 0.3 they touch, near 0 they run into each other.\n"
        "Outliers belong to no group. Renaming, merging and all else can be undone."
    )
