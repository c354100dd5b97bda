"""Menus, toolbar and shortcuts, made from the rows of `actions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QMenuBar, QSizePolicy, QToolBar, QToolButton, QWidget

from ramanstudio.gui.common import icons
from ramanstudio.gui.common.action import ActionContext
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.shell.actions import ACTIONS, MENUS

Handler = Callable[..., object]


def make_actions(parent: QObject) -> dict[str, QAction]:
    """A QAction for each row, by id; `connect` connects them later."""
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for row in ACTIONS:
        action = QAction(row.text, parent)
        action.setObjectName(row.id)
        action.setToolTip(row.tooltip_with_shortcut)
        if row.toolbar:
            action.setIconText(row.toolbar)
        if row.shortcut:
            action.setShortcut(QKeySequence(row.shortcut))
        if row.icon:
            action.setIcon(icons.blank())
        action.setCheckable(row.checkable or bool(row.choice))
        if row.choice:
            groups.setdefault(row.choice, QActionGroup(parent)).addAction(action)
        actions[row.id] = action
    return actions


def handlers_of(*commands: object) -> dict[str, Handler]:
    """The method that carries out each action, by the action's id: of that name, on one of `commands`."""
    owners = [(row.id, owner) for row in ACTIONS for owner in commands if callable(getattr(owner, row.id, None))]
    handlers = {name: getattr(owner, name) for name, owner in owners}
    assert len(handlers) == len(owners), "an action is carried out by one object"
    return handlers


def connect(actions: Mapping[str, QAction], handlers: Mapping[str, Handler]) -> None:
    """Let each action call its handler; a checkable one with whether it is checked."""
    for row in ACTIONS:
        handler = handlers[row.id]
        if row.checkable or row.choice:
            actions[row.id].toggled.connect(handler)
        else:
            actions[row.id].triggered.connect(lambda _=False, handler=handler: handler())


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction], recent: QMenu) -> None:
    """Fill the menu bar; the submenu `recent` goes below the actions that open files."""
    menus = {name: bar.addMenu(name) for name in MENUS}
    submenus: dict[tuple[str, str], QMenu] = {}
    for row in ACTIONS:
        menu = menus[row.menu]
        menu.setToolTipsVisible(True)
        if row.separator and menu.actions():
            menu.addSeparator()
        if row.submenu:
            menu = submenus.setdefault((row.menu, row.submenu), menu)
            if menu is menus[row.menu]:
                submenus[row.menu, row.submenu] = menu = menu.addMenu(row.submenu)
            menu.setToolTipsVisible(True)
        menu.addAction(actions[row.id])
        if row.id == "open_folder":
            menu.addMenu(recent)


class MainToolbar(QToolBar):
    """The toolbar: the most used actions, the command palette, and the device of the model (`device`)."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__("Toolbar", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for row in ACTIONS:
            if row.toolbar:
                if row.id == "denoise":
                    self.addSeparator()
                self._add_button(actions[row.id]).setAccessibleName(row.text)
        spacer = QWidget(self)
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        shortcut = actions["search"].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        actions["search"].setIconText(f"Search actions…  {shortcut}")
        self._search = self._add_button(actions["search"])
        self.addSeparator()
        self.device = QLabel(self)
        self.device.setProperty("role", "quiet")
        self.device.setContentsMargins(8, 0, 8, 0)
        self.device.setAccessibleName("Device")
        self.addWidget(self.device)

    def set_compact(self, on: bool) -> None:
        """Show the command palette's button as an icon only, where the window is narrow."""
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if on else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self._search.setToolButtonStyle(style)

    def _add_button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)
        return button


def draw_icons(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Give every action its icon in the colours of `theme`."""
    for row in ACTIONS:
        if row.icon:
            actions[row.id].setIcon(icons.icon(row.icon, theme))


def enable(actions: Mapping[str, QAction], context: ActionContext) -> None:
    """Enable the actions that make sense in `context`, and name what undo and redo would do."""
    for row in ACTIONS:
        actions[row.id].setEnabled(row.enabled(context))
    for name, verb, title in (("undo", "Undo", context.undo_title), ("redo", "Redo", context.redo_title)):
        actions[name].setText(f"{verb}: {title[0].lower() + title[1:]}" if title else verb)
