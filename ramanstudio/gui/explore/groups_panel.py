"""The panel on the right of Explore: find groups, see what each is, edit them, and take them away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme, current_theme, with_tabular_figures
from ramanstudio.gui.common.widgets import SidePanel, button, button_row, label, padded_column, panel_heading, tool
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.explore.clustering_form import ClusteringForm
from ramanstudio.gui.explore.colour_picker import ColourPicker
from ramanstudio.gui.explore.group_list import GroupList
from ramanstudio.gui.explore.group_model import GroupModel
from ramanstudio.project.groups import UNCERTAIN, Groups
from ramanstudio.project.project import Project

EDITS: Final = (
    ("rename_group", "Rename"),
    ("recolour_group", "Colour"),
    ("merge_groups", "Merge"),
    ("split_group", "Split"),
    ("delete_group", "Delete"),
)
MENU: Final = (*(name for name, _ in EDITS), "label_selected", "select_uncertain", "export_groups")  # of the list
CHANCE: Final = (
    "The chance that a spectrum belongs to its group: 1 is certain, below 0.5 it could as well be in another."
)
TOLD_BY: Final = {
    "k-means": "Told by how often it falls into it when the groups are found again from four fifths of the spectra.",
    "mixture": "Told by how dense the group is at its place, beside all the groups together.",
    "density": "Told by how dense its place is, beside the densest of the group.",
    "tree": "Told by how many of the spectra nearest to it are in the same group.",
}


class GroupsPanel(SidePanel):
    """Speaks of the groups; what is chosen in its list is what its verbs act on."""

    chosen_changed = Signal()  # other groups, or other spectra
    refused = Signal(object)  # StudioError: a name that cannot be given, say

    def __init__(self, session: Session, exploring: Exploring, actions: Mapping[str, QAction]) -> None:
        super().__init__(panel_heading("Groups"))
        self._session, self._exploring, self._actions = session, exploring, actions
        self.model = GroupModel(session, exploring, self)
        inside = QWidget(self)
        inside.setProperty("panel", "true")
        self.finding = ClusteringForm(session, exploring, actions["find_groups"])
        self.list = GroupList(session, self.model, inside)
        self._edits = [tool(actions[name], words, inside) for name, words in EDITS]
        self._chance = label("quiet", wrap=True)
        self._chance.setFont(with_tabular_figures(self._chance.font()))
        self._uncertain = button(actions["select_uncertain"], "Select these")
        self._make_naming(inside, actions["label_selected"])
        self._export = button(actions["export_groups"])
        for name in MENU:
            self.list.addAction(actions[name])
        self._lay_out(inside)
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.list.set_theme(theme)

    @property
    def groups(self) -> Groups | None:
        """The groups that are shown; None where none were found."""
        return self.model.groups

    @property
    def chosen(self) -> tuple[int, ...]:
        """The groups that are chosen in the list, without the outliers."""
        return tuple(row for row in self.list.chosen if self.model.label_of(row) != OUTLIER)

    # What it does: the actions call these

    def find_groups(self) -> None:
        """Find groups by the method, and as many, as is chosen above the list."""
        self.finding.find_groups()

    def rename(self) -> None:
        """Let the name of the chosen group be typed."""
        self.list.edit_chosen()

    def merge(self) -> None:
        """Make one group of the chosen ones."""
        chosen = self.chosen
        if len(chosen) > 1:
            self._edit(lambda groups: groups.merged(chosen), f"Merge {len(chosen)} groups")

    def split(self) -> None:
        """Part the chosen group as the data part it."""
        if len(self.chosen) == 1:
            self._exploring.split(self.chosen[0])

    def choose_colour(self) -> None:
        """Show the colours that the chosen groups may have."""
        groups, chosen = self.groups, self.chosen
        if groups is None or not chosen:
            return
        used = {group.colour: group.name for group in reversed(groups.groups)}
        menu = ColourPicker(current_theme(), used, groups.groups[chosen[0]].colour, self)
        menu.picked.connect(self.recolour)
        menu.popup(self._edits[1].mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def recolour(self, colour: int) -> None:
        """Give the chosen groups a colour of the theme."""
        groups, chosen = self.groups, self.chosen
        if groups is None or all(groups.groups[index].colour == colour for index in chosen):
            return

        def painted(now: Groups) -> Groups:
            for index in chosen:
                now = now.recoloured(index, colour)
            return now

        self._edit(painted, f"Colour {self._named(groups, chosen)}")

    def delete(self) -> None:
        """Delete the chosen groups: their spectra belong to none."""
        groups, chosen = self.groups, self.chosen
        if groups is not None and chosen:
            self._edit(
                lambda now: now.moved(np.isin(now.labels, chosen), OUTLIER), f"Delete {self._named(groups, chosen)}"
            )

    def ask_name(self) -> None:
        """Put the keyboard where the selected spectra are given a name."""
        self.ensureWidgetVisible(self.name)
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        line = self.name.lineEdit()
        if line is not None:
            line.selectAll()

    def name_selected(self, name: str) -> None:
        """Put the selected spectra into the group of that name, a new one if there is none."""
        groups, name = self.groups, name.strip()
        if groups is None:
            return
        mask = self._session.selected_mask(groups.members)
        if not mask.any():
            sentence = "None of the selected spectra is among those that were compared."
            self.refused.emit(StudioError(sentence, remedy="Select some in the plane, the map or the list."))
            return
        what = f"Name {count_of(int(mask.sum()), 'spectrum', 'spectra')} '{name}'"
        if self._edit(lambda now: now.moved(mask, name), what):
            self.name.clearEditText()
            self.list.setFocus()

    def _edit(self, edit: Callable[[Groups], Groups], what: str) -> bool:
        try:
            self._session.edit_groups(edit, what)
        except StudioError as error:
            self.refused.emit(error)
            return False
        return True

    def _named(self, groups: Groups, chosen: tuple[int, ...]) -> str:
        return f"'{groups.groups[chosen[0]].name}'" if len(chosen) == 1 else f"{len(chosen)} groups"

    # What it says

    def refresh(self) -> None:
        """Say what is true now."""
        groups = self.groups
        for widget in (self.list, self._tools, self._below):
            widget.setVisible(groups is not None)
        self._filler.setVisible(groups is None)
        self.finding.refresh(groups)
        self._show_chance(groups)
        self._fill_names(groups)

    def _show_chance(self, groups: Groups | None) -> None:
        if groups is None:
            return
        told_by = TOLD_BY.get(groups.method, "")
        self._chance.setToolTip("\n".join((CHANCE, told_by, "What you put into a group yourself is certain.")))
        mine = self._session.selected_mask(groups.members)
        chances = groups.probabilities[mine & (groups.labels != OUTLIER)]
        uncertain = int((mine & groups.uncertain).sum())
        selected = count_of(int(mine.sum()), "spectrum", "spectra")
        words = f"{selected} selected" if mine.any() else "Nothing of these is selected."
        if len(chances):
            words += (
                f"\nmedian chance {np.median(chances):.2f} · "
                + f"{format_number(uncertain)} uncertain (< {UNCERTAIN})".replace(" ", "\u00a0")
            )
        self._chance.setText(words)
        self._uncertain.setVisible(uncertain > 0)
        self._uncertain.setText(
            f"Select the {format_number(uncertain)} uncertain" if uncertain > 1 else "Select the uncertain one"
        )
        self._name_button.setEnabled(bool(mine.any()))

    def _fill_names(self, groups: Groups | None) -> None:
        names = [group.name for group in groups.groups] if groups is not None else []
        if names != [self.name.itemText(index) for index in range(self.name.count())]:
            typed = self.name.currentText()
            self.name.clear()
            self.name.addItems(names)
            self.name.setCurrentIndex(-1)
            self.name.setEditText(typed if self.name.hasFocus() else "")

    def _follow(self, before: Project, now: Project) -> None:
        if now.groups is not before.groups or now.exploration is not before.exploration:
            self.refresh()

    def _follow_selection(self) -> None:
        self._show_chance(self.groups)
        self.chosen_changed.emit()

    # How it is laid out

    def _make_naming(self, inside: QWidget, action: QAction) -> None:
        self.name = QComboBox(inside)
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName("Name for the selected spectra")
        self.name.setToolTip(action.toolTip())
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line = self.name.lineEdit()
        if line is not None:
            line.setPlaceholderText("Name these…")
            line.returnPressed.connect(lambda: self.name_selected(self.name.currentText()))
        self._name_button = QPushButton("Name", inside)
        self._name_button.setToolTip(action.toolTip())
        self._name_button.clicked.connect(lambda: self.name_selected(self.name.currentText()))

    def _connect(self) -> None:
        self.list.chosen_changed.connect(self._follow_selection)
        self.list.deletion_asked.connect(self.delete)
        self.model.refused.connect(self.refused)
        self._session.changed.connect(self._follow)
        self._session.selection_changed.connect(self._follow_selection)
        self._exploring.changed.connect(self.refresh)

    def _lay_out(self, inside: QWidget) -> None:
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, 0, 12)
        whole.setSpacing(8)
        self._tools = padded_column(button_row(self._edits))
        naming = QHBoxLayout()
        naming.setSpacing(8)
        naming.addWidget(self.name, 1)
        naming.addWidget(self._name_button)
        self._below = padded_column(self._chance, self._uncertain, naming, self._export)
        self._filler = QWidget(inside)
        whole.addWidget(self.finding)
        whole.addWidget(self.list, 1)
        whole.addWidget(self._filler, 1)
        whole.addWidget(self._tools)
        whole.addWidget(self._below)
        self.setWidget(inside)
        asked = (self.finding.method, self.finding.number, self.finding.button)
        reading = (*asked, self.list, *self._edits, self._uncertain, self.name, self._name_button, self._export)
        for one, following in pairwise(reading):
            QWidget.setTabOrder(one, following)
