"""One row of the processing panel: a step with its check box, what it did, and its parameters below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.plot_tools import Tool
from ramanstudio.gui.processing.parameters import PARAMETERS
from ramanstudio.gui.processing.step_editors import OpenFiles, ParameterEditor
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.step import RecipeStep

ROW_PX: Final = 28
DRAG_PX: Final = 6
FROM_HERE: Final = "Explore, Identify and Fine-tune use the spectra from here."


class StepRow(QWidget):
    """Shows a step of a recipe; the panel carries out what its signals ask for."""

    switched = Signal(bool)
    opened = Signal(bool)
    edited = Signal(str, object, object)
    tool_chosen = Signal(str)
    moved = Signal(int)  # by how many rows
    dragged = Signal(QPoint)  # the position in the panel while it is dragged
    dropped = Signal(QPoint)
    removed = Signal()

    def __init__(self, row: RecipeStep, open_files: OpenFiles, extra: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self.kind = type(row.step)
        self._open_files, self._extra = open_files, extra
        self._editor: ParameterEditor | None = None
        self._pressed: QPoint | None = None
        self._is_dragging = False
        title = row.step.title
        self.setAccessibleName(f"Step {title}")
        self._handle = QLabel("⠿", self)
        self._handle.setProperty("role", "quiet")
        self._handle.setCursor(Qt.CursorShape.OpenHandCursor)
        self._handle.setToolTip("Drag to move the step (Alt+Up, Alt+Down)")
        self._handle.installEventFilter(self)
        self.check = QCheckBox(title, self)
        self.check.setToolTip(" ".join((type(row.step).__doc__ or "").split()).split(". ")[0].rstrip("."))
        self.check.clicked.connect(self.switched)
        self.summary = ElidedLabel(self)
        self.summary.setProperty("role", "quiet")
        self.summary.setMinimumWidth(36)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.arrow = QToolButton(self)
        self.arrow.setCheckable(True)
        self.arrow.setAutoRaise(True)
        self.arrow.setAccessibleName(f"Parameters of {title}")
        self.arrow.setToolTip("Show the parameters, and on the plot what the step does")
        self.arrow.clicked.connect(self.opened)
        self.problem = label("", wrap=True)
        self.problem.setContentsMargins(24, 0, 0, 4)
        self.problem.hide()
        self.note = label("quiet", wrap=True)
        self.note.setContentsMargins(24, 0, 0, 4)
        self.note.setText(FROM_HERE)
        if self.kind is not Denoise:  # shown before it has a parent it would be a window for a moment
            self.note.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self._handle)
        line.addWidget(self.check)
        line.addWidget(self.summary, 1)
        line.addWidget(self.arrow)
        self.check.setMinimumHeight(ROW_PX)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(line)
        self._column.addWidget(self.problem)
        self._below = QVBoxLayout()
        self._below.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._below)
        for widget in self._extra:
            self._column.addWidget(widget)
        self._column.addWidget(self.note)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def editor(self) -> ParameterEditor | None:
        """The parameters; None until the row was opened once."""
        return self._editor

    def show_step(self, row: RecipeStep, summary: str, problem: str, is_open: bool, tool: Tool) -> None:
        """Show a step, what it did or why it could not, and its parameters where the row is open."""
        self.check.setChecked(row.enabled)
        self.summary.setText(summary if row.enabled and not problem else "")
        self.summary.setToolTip(summary)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem) and row.enabled)
        self.arrow.setChecked(is_open)
        self.arrow.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        if is_open and self._editor is None and PARAMETERS[self.kind]:
            self._editor = ParameterEditor(self.kind, self._open_files)
            self._editor.edited.connect(self.edited)
            self._editor.tool_chosen.connect(self.tool_chosen)
            self._below.addWidget(self._editor)
        if self._editor is not None:
            self._editor.setVisible(is_open)
            if is_open:
                self._editor.show_step(row.step, tool)

    def set_theme(self, theme: Theme) -> None:
        """Show problems in the colour of errors."""
        self.problem.setStyleSheet(f"color: {theme.error};")

    # Moving

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Alt and an arrow move the step; Delete removes it."""
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if by is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.moved.emit(by)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Move or remove the step."""
        menu = self.menu()
        menu.popup(event.globalPos())

    def menu(self) -> QMenu:
        """The menu of the row."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        entries: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Move up", lambda: self.moved.emit(-1)),
            ("Move down", lambda: self.moved.emit(1)),
            ("Remove step", self.removed.emit),
        )
        for text, do in entries:
            menu.addAction(text, do)
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Drag the row by its handle."""
        if watched is not self._handle or not isinstance(event, QMouseEvent):
            return super().eventFilter(watched, event)
        position = self.mapToParent(self.mapFromGlobal(event.globalPosition().toPoint()))
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._is_dragging = position, False
        elif event.type() == QEvent.Type.MouseMove and self._pressed is not None:
            self._is_dragging = self._is_dragging or abs(position.y() - self._pressed.y()) > DRAG_PX
            if self._is_dragging:
                self.dragged.emit(position)
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            if self._is_dragging:
                self.dropped.emit(position)
            self._pressed, self._is_dragging = None, False
        else:
            return super().eventFilter(watched, event)
        return True
