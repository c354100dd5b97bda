"""The processing panel: the recipe of the selection as rows, and what it is applied to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QAction, QColor, QPalette
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.common.widgets import ThemedWidget, label
from ramanstudio.gui.document.plot_tools import PlotTools
from ramanstudio.gui.document.recipe_editor import BUILT_IN, RecipeEditor
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.processing.step_row import StepRow
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import STEPS
from ramanstudio.processing.stages import length_of_front
from ramanstudio.processing.step import RecipeStep

REFRESH_MS: Final = 15  # many changes in one turn of the event loop are one refresh


class ProcessingPanel(ThemedWidget):
    """Rows in the order in which they are applied; edits go to the selected spectra, or to all."""

    def __init__(
        self,
        session: Session,
        editor: RecipeEditor,
        tools: PlotTools,
        messages: Messages,
        actions: Mapping[str, QAction],
        denoise_options: Callable[[], list[QWidget]] = list,
    ) -> None:
        super().__init__()
        self._session, self._editor, self._tools = session, editor, tools
        self._messages, self._actions = messages, actions
        self._denoise_options = denoise_options
        self._theme = current_theme()
        self._rows: list[StepRow] = []
        self.heading = label("heading")
        self.heading.setText("Processing")
        self.scope = QComboBox(self)
        self.scope.setAccessibleName("Apply to")
        self.scope.setToolTip("What a change of the recipe applies to")
        self.scope.addItem("of selected", "selected")
        self.scope.addItem("of all", "all")
        self.scope.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scope.setMinimumContentsLength(6)
        self.scope.activated.connect(lambda _: editor.set_scope(self.scope.currentData()))
        self.note = label("quiet", wrap=True)
        self._rows_column = QVBoxLayout()
        self._rows_column.setContentsMargins(0, 0, 0, 0)
        self._rows_column.setSpacing(0)
        self.from_last = label("quiet", wrap=True)
        self.from_last.setContentsMargins(24, 0, 0, 4)
        self.from_last.setText("Map, Peaks, figures and exports use the spectra from here.")
        self.from_last.hide()
        self._mark = QFrame(self)  # where a dragged row would go
        self._mark.setFixedHeight(2)
        self._mark.setAutoFillBackground(True)
        self._mark.hide()
        self.add_button = _menu_button("+ Add step", self._add_menu, "Add a correction to the recipe")
        self.recipe_button = _menu_button("Recipe", self._recipe_menu, "Use, save or load a recipe")
        self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        for signal in (editor.changed, editor.opened, tools.changed):
            signal.connect(self._refresh_soon)
        session.selection_changed.connect(self._refresh_soon)
        self.refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.heading, 1)
        top.addWidget(self.scope)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 4, 0, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.add_button, 4)
        buttons.addWidget(self.recipe_button, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addLayout(self._rows_column)
        column.addWidget(self.from_last)
        column.addLayout(buttons)

    @property
    def rows(self) -> list[StepRow]:
        """The rows in order."""
        return list(self._rows)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        palette = QPalette(self._mark.palette())
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.accent))
        self._mark.setPalette(palette)
        for row in self._rows:
            row.set_theme(theme)

    def _refresh_soon(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Show the recipe of the selection, and what each of its steps did."""
        editor, entry = self._editor, self._editor.entry
        if self.parent() is not None or entry is None:  # without a parent it would be a window of its own
            self.setVisible(entry is not None)
        if entry is None:
            return
        steps = editor.recipe.steps
        if [row.kind for row in self._rows] != [type(step.step) for step in steps]:
            self._make_rows(list(steps))
        for index, (row, step) in enumerate(zip(self._rows, steps, strict=True)):
            row.show_step(
                step, self._summary(index, step), editor.problem(index), index == editor.open_index, self._tools.tool
            )
        n_front = length_of_front(editor.recipe)  # without steps behind Denoise all use the same spectra
        self.from_last.setVisible(any(step.enabled for step in steps[n_front:]))
        n_recipes = editor.recipe_count
        self.note.setVisible(n_recipes > 1)
        self.note.setText(
            f"The selected spectra have {n_recipes} recipes; this is that of '{entry.name}'. A change gives it to all."
        )
        count = count_of(len(editor.target_ids), "entry", "entries")
        self.scope.setToolTip(f"A change of the recipe applies to {count}")

    def _summary(self, index: int, step: RecipeStep) -> str:
        if not step.enabled:
            return ""
        result = self._editor.step_result(index)
        return "…" if result is None else result.summary

    def _make_rows(self, steps: list[RecipeStep]) -> None:
        for row in self._rows:
            self._rows_column.removeWidget(row)
            row.deleteLater()
        self._rows = []
        for index, step in enumerate(steps):
            extra = self._denoise_options() if isinstance(step.step, Denoise) else []
            row = StepRow(step, self._open_files, extra)
            row.set_theme(self._theme)
            row.switched.connect(lambda on, index=index: self._try(lambda: self._editor.set_enabled(index, on)))
            row.opened.connect(lambda on, index=index: self._editor.open_row(index if on else None))
            row.edited.connect(lambda *edit, index=index: self._edit(index, *edit))
            row.tool_chosen.connect(self._tools.set_tool)
            row.moved.connect(lambda by, index=index: self._try(lambda: self._editor.move(index, index + by)))
            row.dragged.connect(self._show_mark)
            row.dropped.connect(lambda position, index=index: self._drop(index, position))
            row.removed.connect(lambda index=index: self._editor.remove(index))
            self._rows_column.addWidget(row)
            self._rows.append(row)

    def _edit(self, index: int, field: str, value: object, gesture: object) -> None:
        step = self._editor.recipe.steps[index].step
        try:
            changed = replace(step, **{field: value})  # type: ignore[type-var]
        except TypeError:
            return
        key = None if gesture is None else ("recipe", index, gesture)
        self._try(lambda: self._editor.set_step(index, changed, key))

    def _try(self, edit: Callable[[], object]) -> None:
        try:
            edit()
        except StudioError as error:
            self._messages.show_error(error)
            self.refresh()

    # Moving rows

    def _target(self, position: QPoint) -> int:
        """The gap between rows that is nearest to a position: 0 above the first."""
        return sum(position.y() > row.geometry().center().y() for row in self._rows)

    def _show_mark(self, position: QPoint) -> None:
        gap = self._target(position)
        below = self._rows[gap].geometry().top() if gap < len(self._rows) else self._rows[-1].geometry().bottom()
        self._mark.setGeometry(0, below - 1, self.width(), 2)
        self._mark.raise_()
        self._mark.show()

    def _drop(self, index: int, position: QPoint) -> None:
        self._mark.hide()
        gap = self._target(position)
        self._try(lambda: self._editor.move(index, gap - 1 if gap > index else gap))

    # Menus

    def _open_files(self) -> list[tuple[str, Path]]:
        entries = [entry for entry in self._session.project.entries if entry.source is not None]
        return [(entry.name, entry.path) for entry in entries if entry.path.is_file()][:200]

    def _add_menu(self, menu: QMenu) -> None:
        for kind in STEPS:
            menu.addAction(self._actions[f"add_{kind.key}"])

    def _recipe_menu(self, menu: QMenu) -> None:
        for index in range(len(BUILT_IN)):
            menu.addAction(self._actions[f"use_recipe_{index + 1}"])
        menu.addSeparator()
        for name in ("apply_recipe_to_all", "save_recipe", "load_recipe"):
            menu.addAction(self._actions[name])


def _menu_button(text: str, fill: Callable[[QMenu], None], tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)

    def refill() -> None:
        menu.clear()
        fill(menu)

    menu.aboutToShow.connect(refill)
    button.setMenu(menu)
    return button
