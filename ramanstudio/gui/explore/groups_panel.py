"""The side panel of Explore: find groups, inspect and edit them, export them."""

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

EDIT_BUTTONS: Final = (
    ("rename_group", "Rename"),
    ("recolour_group", "Colour"),
    ("merge_groups", "Merge"),
    ("split_group", "Split"),
    ("delete_group", "Delete"),
)
MENU_ACTIONS: Final = (
    *(name for name, _ in EDIT_BUTTONS),
    "label_selected",
    "select_uncertain",
    "export_groups",
)  # of the list
PROBABILITY_HELP: Final = (
    "The probability that a spectrum belongs to its group: 1 is certain, below 0.5 another group is as likely."
)
METHOD_HELP: Final = {
    "k-means": "The share of repeated clusterings, of four fifths of the spectra each, that put it into this group.",
    "mixture": "The density of the group at the spectrum, relative to all groups together.",
    "density": "The density around the spectrum, relative to the densest part of the group.",
    "tree": "The share of its nearest spectra that are in the same group.",
}


class GroupsPanel(SidePanel):
    """Shows the groups; its commands act on the groups that are chosen in the list."""

    chosen_changed = Signal()  # other groups or other spectra are selected
    refused = Signal(object)  # StudioError: for example a name that cannot be given

    def __init__(self, session: Session, exploring: Exploring, actions: Mapping[str, QAction]) -> None:
        super().__init__(panel_heading("Groups"))
        self._session, self._exploring, self._actions = session, exploring, actions
        self.model = GroupModel(session, exploring, self)
        content = QWidget(self)
        content.setProperty("panel", "true")
        self.form = ClusteringForm(session, exploring, self.model, actions["find_groups"])
        self.list = GroupList(session, self.model, content)
        self._edit_buttons = [tool(actions[name], text, content) for name, text in EDIT_BUTTONS]
        self._probability = label("quiet", wrap=True)
        self._probability.setFont(with_tabular_figures(self._probability.font()))
        self._uncertain_button = button(actions["select_uncertain"], "Select uncertain")
        self._make_name_field(content, actions["label_selected"])
        self._export_button = button(actions["export_groups"])
        for name in MENU_ACTIONS:
            self.list.addAction(actions[name])
        self._lay_out(content)
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self.list.set_theme(theme)

    @property
    def groups(self) -> Groups | None:
        """The groups that are shown; None where there are none."""
        return self.model.groups

    @property
    def chosen(self) -> tuple[int, ...]:
        """The groups that are chosen in the list, without the outliers."""
        return tuple(row for row in self.list.chosen if self.model.label_of(row) != OUTLIER)

    # Commands

    def find_groups(self) -> None:
        """Group the spectra by the method and number set above the list."""
        self.form.find_groups()

    def rename(self) -> None:
        """Edit the name of the chosen group."""
        self.list.edit_chosen()

    def merge(self) -> None:
        """Merge the chosen groups into one."""
        chosen = self.chosen
        if len(chosen) > 1:
            self._edit(lambda groups: groups.merged(chosen), f"Merge {len(chosen)} groups")

    def split(self) -> None:
        """Split the chosen group; the number of parts is chosen from the data."""
        if len(self.chosen) == 1:
            self._exploring.split(self.chosen[0])

    def choose_colour(self) -> None:
        """Open the colour picker for the chosen groups."""
        groups, chosen = self.groups, self.chosen
        if groups is None or not chosen:
            return
        used = {group.colour: group.name for group in reversed(groups.groups)}
        menu = ColourPicker(current_theme(), used, groups.groups[chosen[0]].colour, self)
        menu.picked.connect(self.recolour)
        menu.popup(self._edit_buttons[1].mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def recolour(self, colour: int) -> None:
        """Give the chosen groups a colour of the theme."""
        groups, chosen = self.groups, self.chosen
        if groups is None or all(groups.groups[index].colour == colour for index in chosen):
            return

        def recoloured(edited: Groups) -> Groups:
            for index in chosen:
                edited = edited.recoloured(index, colour)
            return edited

        self._edit(recoloured, f"Colour {self._describe(groups, chosen)}")

    def delete(self) -> None:
        """Delete the chosen groups; their spectra become outliers."""
        groups, chosen = self.groups, self.chosen
        if groups is not None and chosen:
            self._edit(
                lambda current: current.moved(np.isin(current.labels, chosen), OUTLIER),
                f"Delete {self._describe(groups, chosen)}",
            )

    def ask_name(self) -> None:
        """Put the keyboard focus into the name field for the selected spectra."""
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
            sentence = "None of the selected spectra has been compared."
            self.refused.emit(StudioError(sentence, remedy="Select spectra in the plot, the map or the list."))
            return
        title = f"Name {count_of(int(mask.sum()), 'spectrum', 'spectra')} '{name}'"
        if self._edit(lambda now: now.moved(mask, name), title):
            self.name.clearEditText()
            self.list.setFocus()

    def _edit(self, edit: Callable[[Groups], Groups], title: str) -> bool:
        try:
            self._session.edit_groups(edit, title)
        except StudioError as error:
            self.refused.emit(error)
            return False
        return True

    def _describe(self, groups: Groups, chosen: tuple[int, ...]) -> str:
        return f"'{groups.groups[chosen[0]].name}'" if len(chosen) == 1 else f"{len(chosen)} groups"

    # What it shows

    def refresh(self) -> None:
        """Show the present groups."""
        groups = self.groups
        for widget in (self.list, self._edit_row, self._lower):
            widget.setVisible(groups is not None)
        self._spacer.setVisible(groups is None)
        self.form.refresh()
        self._show_probability(groups)
        self._fill_names(groups)

    def _show_probability(self, groups: Groups | None) -> None:
        """Say how many grouped spectra are selected, and how certain their groups are."""
        if groups is None:
            return
        method_help = METHOD_HELP.get(groups.method, "")
        manual_help = "Spectra that you put into a group yourself have probability 1."
        self._probability.setToolTip("\n".join(filter(None, (PROBABILITY_HELP, method_help, manual_help))))
        selected = self._session.selected_mask(groups.members)
        probabilities = groups.probabilities[selected & (groups.labels != OUTLIER)]
        n_uncertain = int((selected & groups.uncertain).sum())
        n_selected = count_of(int(selected.sum()), "spectrum", "spectra")
        text = f"{n_selected} selected" if selected.any() else "No grouped spectrum is selected."
        if len(probabilities):
            uncertain = f"{format_number(n_uncertain)} uncertain (< {UNCERTAIN})".replace(" ", "\u00a0")
            text += f"\nmedian probability {np.median(probabilities):.2f} · {uncertain}"
        self._probability.setText(text)
        self._uncertain_button.setVisible(n_uncertain > 0)
        self._uncertain_button.setText(f"Select {format_number(n_uncertain)} uncertain")
        self._name_button.setEnabled(bool(selected.any()))

    def _fill_names(self, groups: Groups | None) -> None:
        names = [group.name for group in groups.groups] if groups is not None else []
        if names != [self.name.itemText(index) for index in range(self.name.count())]:
            typed = self.name.currentText()
            self.name.clear()
            self.name.addItems(names)
            self.name.setCurrentIndex(-1)
            self.name.setEditText(typed if self.name.hasFocus() else "")

    def _follow(self, before: Project, now: Project) -> None:
        regrouped = now.groups is not before.groups or now.exploration is not before.exploration
        if regrouped or now.entries is not before.entries:
            self.refresh()

    def _follow_selection(self) -> None:
        self._show_probability(self.groups)
        self.chosen_changed.emit()

    # How it is laid out

    def _make_name_field(self, content: QWidget, action: QAction) -> None:
        self.name = QComboBox(content)
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName("Name for the selected spectra")
        self.name.setToolTip(action.toolTip())
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line = self.name.lineEdit()
        if line is not None:
            line.setPlaceholderText("Name…")
            line.returnPressed.connect(lambda: self.name_selected(self.name.currentText()))
        self._name_button = QPushButton("Name", content)
        self._name_button.setToolTip(action.toolTip())
        self._name_button.clicked.connect(lambda: self.name_selected(self.name.currentText()))

    def _connect(self) -> None:
        self.list.chosen_changed.connect(self._follow_selection)
        self.list.deletion_requested.connect(self.delete)
        self.model.refused.connect(self.refused)
        self._session.changed.connect(self._follow)
        self._session.selection_changed.connect(self._follow_selection)
        self._exploring.changed.connect(self.refresh)

    def _lay_out(self, content: QWidget) -> None:
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 12)
        whole.setSpacing(8)
        self._edit_row = padded_column(button_row(self._edit_buttons))
        naming = QHBoxLayout()
        naming.setSpacing(8)
        naming.addWidget(self.name, 1)
        naming.addWidget(self._name_button)
        self._lower = padded_column(self._probability, self._uncertain_button, naming, self._export_button)
        self._spacer = QWidget(content)
        whole.addWidget(self.form)
        whole.addWidget(self.list, 1)
        whole.addWidget(self._spacer, 1)
        whole.addWidget(self._edit_row)
        whole.addWidget(self._lower)
        self.setWidget(content)
        form, buttons = self.form, (self._uncertain_button, self.name, self._name_button, self._export_button)
        for before, after in pairwise(
            (form.method, form.number, form.button, self.list, *self._edit_buttons, *buttons)
        ):
            QWidget.setTabOrder(before, after)
