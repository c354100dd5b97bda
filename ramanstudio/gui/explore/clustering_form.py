"""The form above the list of groups: method, number of groups, and a summary of the result."""

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
from ramanstudio.gui.explore.group_model import GroupModel
from ramanstudio.project.groups import Groups

MAX_GROUPS: Final = 200


class ClusteringForm(QWidget):
    """Asks how spectra are to be grouped, and says which groups there are."""

    def __init__(self, session: Session, exploring: Exploring, model: GroupModel, action: QAction) -> None:
        super().__init__()
        self._session, self._exploring, self._model = session, exploring, model
        self.method = QComboBox(self)
        self.method.setAccessibleName("Clustering method")
        for method in METHODS:
            self.method.addItem(method.name, method.key)
            self.method.setItemData(self.method.count() - 1, method.help, Qt.ItemDataRole.ToolTipRole)
        self.help = label("quiet", wrap=True)
        self.number = QSpinBox(self)
        self.number.setRange(1, MAX_GROUPS)
        self.number.setSpecialValueText("Automatic")
        self.number.setSuffix(" groups")
        self.number.setAccessibleName("Number of groups")
        for field in (self.method, self.number):  # a long text must not widen the panel
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            field.setMinimumWidth(96)
        self.number.lineEdit().setTextMargins(6, 0, 0, 0)
        self.button = QPushButton("Find groups", self)
        self.button.setProperty("role", "primary")
        self.button.setToolTip(action.toolTip())
        self.summary = label("", wrap=True)
        self._lay_out()
        self.method.currentIndexChanged.connect(self._show_help)
        self.button.clicked.connect(self.find_groups)
        self._show_help()

    def find_groups(self) -> None:
        """Group the spectra by the method and number that are set."""
        number = self.number.value() if self.number.isEnabled() else self.number.minimum()
        self._exploring.find_groups(number if number > self.number.minimum() else None, self.method.currentData())

    def refresh(self) -> None:
        """Show the groups, or what is being waited for."""
        exploration, groups, busy = self._session.project.exploration, self._model.groups, self._exploring.busy
        self.button.setText("Finding…" if busy else "Find groups")
        self.button.setEnabled(not busy and exploration is not None)
        if groups is None:
            reason = "No groups yet." if exploration is not None else "Groups are found once the spectra are denoised."
            self.summary.setText(self._exploring.status or reason)
            self.summary.setToolTip("")
            return
        self.summary.setText(self._summary_text(groups))
        self.summary.setToolTip(_summary_tooltip(groups))

    def _summary_text(self, groups: Groups) -> str:
        """`14 groups in 400 spectra, 3 outliers · silhouette 0.42`; spectra that were closed do not count."""
        model = self._model
        text = f"{count_of(model.n_groups, 'group')} in {count_of(model.n_spectra, 'spectrum', 'spectra')}"
        if model.n_outliers:
            text += f", {count_of(model.n_outliers, 'outlier')}"
        if len(groups.groups) > 1 and groups.silhouette:
            text += f" · silhouette\u00a0{groups.silhouette:.2f}".replace("-", "−")
        return text

    def _show_help(self) -> None:
        method = next(row for row in METHODS if row.key == self.method.currentData())
        self.help.setText(method.help)
        self.number.setEnabled(not method.chooses)
        self.number.setToolTip(
            "This method determines the number of groups"
            if method.chooses
            else "How many groups to find; Automatic chooses the number from the data"
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.number, 1)
        row.addWidget(self.button)
        column.addWidget(self.method)
        column.addWidget(self.help)
        column.addLayout(row)
        column.addWidget(self.summary)


def _summary_tooltip(groups: Groups) -> str:
    method = next((row.name for row in METHODS if row.key == groups.method), "")
    found_by = f"Found by {method}.\n" if method else ""
    return (
        f"{found_by}Silhouette, as found: how much closer spectra are to their own group than to the next one.\n"
        "Near 1 the groups are well separated, near 0.3 they touch, near 0 they overlap.\n"
        "Outliers belong to no group. Every change to groups can be undone."
    )
