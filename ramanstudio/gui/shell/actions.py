"""All actions of the window, as rows: menus, toolbar, shortcuts, help and command palette are made from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext
from ramanstudio.gui.finetuning.actions import FINETUNING_ACTIONS
from ramanstudio.gui.shell.tabs import TABS, Tab, shortcut_of


def _any(context: ActionContext) -> bool:
    return context.entries > 0


def _shown(context: ActionContext) -> bool:
    return context.readable > 0


def _is_denoised(context: ActionContext) -> bool:
    return context.denoised > 0


def _of(menu: str, actions: Iterable[Action]) -> tuple[Action, ...]:
    """Those of `actions` that belong to `menu`."""
    return tuple(action for action in actions if action.menu == menu)


def _of_tabs(menu: str) -> tuple[Action, ...]:
    """The actions of all tabs that belong to `menu`."""
    return tuple(action for tab in TABS for action in _of(menu, tab.actions))


def _show_tab(tab: Tab) -> Action:
    """The action that shows a tab."""
    return Action(
        f"tab_{tab.key}",
        tab.title,
        "View",
        shortcut_of(tab),
        tab.tooltip,
        enabled=lambda context: tab.key in context.tabs,
        choice="page",
    )


_PAGES: Final = tuple(_show_tab(tab) for tab in TABS)

MENUS: Final = ("File", "Edit", "View", "Analyse", "Model", "Help")

ACTIONS: Final = (
    Action("open_files", "Open files…", "File", "Ctrl+O", "Open spectra from files", "ph.folder-open", toolbar="Open"),
    Action("open_folder", "Open a folder…", "File", "Ctrl+Shift+O", "Open every spectrum in a folder", "ph.folders"),
    Action("try_demo", "Try the demo spectra", "File", "", "Open spectra that come with the program", "ph.flask"),
    Action(
        "save_project",
        "Save the project",
        "File",
        "Ctrl+S",
        "Save the spectra, what was found about them, and your groups in one file",
        "ph.floppy-disk",
        _any,
        separator=True,
    ),
    Action("save_project_as", "Save the project as…", "File", "Ctrl+Shift+S", "Save it in another file", enabled=_any),
    Action(
        "export_spectra",
        "Export spectra…",
        "File",
        "Ctrl+E",
        "Save the selected spectra, denoised and raw, as CSV with a table of their SNR",
        "ph.export",
        _is_denoised,
        toolbar="Export",
        separator=True,
    ),
    Action(
        "export_picture",
        "Export picture…",
        "File",
        "Ctrl+Shift+E",
        "Save what is shown as a picture, PNG or SVG: the selected spectra, the plane, the map, or what was found",
        "ph.image",
        lambda context: context.denoised > 0 or context.has_figure,
    ),
    Action(
        "export_table",
        "Export SNR table…",
        "File",
        "",
        "Save the signal-to-noise ratios of the selected spectra as CSV",
        "ph.table",
        _is_denoised,
    ),
    *_of_tabs("File"),
    Action(
        "settings",
        "Settings…",
        "File",
        "Ctrl+,",
        "Colours, device and what happens on opening",
        "ph.gear",
        separator=True,
    ),
    Action("quit", "Quit", "File", "Ctrl+Q", "Close the window and end the program", "ph.sign-out", separator=True),
    Action(
        "undo",
        "Undo",
        "Edit",
        "Ctrl+Z",
        "Take the last step back",
        "ph.arrow-u-up-left",
        lambda context: bool(context.undo_title),
    ),
    Action(
        "redo",
        "Redo",
        "Edit",
        "Ctrl+Shift+Z",
        "Do again what was taken back",
        "ph.arrow-u-up-right",
        lambda context: bool(context.redo_title),
    ),
    Action(
        "copy",
        "Copy picture and numbers",
        "Edit",
        "Ctrl+C",
        "Put what is shown on the clipboard, as a picture and as columns of numbers",
        "ph.copy",
        _shown,
        separator=True,
    ),
    Action("select_all", "Select all", "Edit", "Ctrl+A", "Select every spectrum in the list", "ph.selection-all", _any),
    Action(
        "remove",
        "Remove from the list",
        "Edit",
        "Del",
        "Take the selected entries out of the list; the files stay, and undo brings them back",
        "ph.trash",
        lambda context: context.selected > 0,
    ),
    Action(
        "set_laser",
        "Set laser wavelength…",
        "Edit",
        "",
        "Read the selected files again with the wavelength of their laser, where they are in nm and do not say it",
        "ph.ruler",
        lambda context: context.selected > 0,
        separator=True,
    ),
    Action(
        "find", "Find in the list", "Edit", "Ctrl+F", "Filter the list by name or state", "ph.magnifying-glass", _any
    ),
    *_PAGES,
    *_of_tabs("View"),
    Action("show_all", "Show all", "View", "A", "Show the whole spectrum", "ph.corners-out", _shown, separator=True),
    Action("zoom_back", "Zoom back", "View", "Backspace", "The zoom before this one", "ph.arrow-left", _shown),
    Action("zoom_in", "Zoom in", "View", "Ctrl++", "Show half as many Raman shifts", "ph.plus", _shown),
    Action("zoom_out", "Zoom out", "View", "Ctrl+-", "Show twice as many Raman shifts", "ph.minus", _shown),
    Action("move_left", "Move to lower shifts", "View", "Alt+Left", "", "ph.caret-double-left", _shown),
    Action("move_right", "Move to higher shifts", "View", "Alt+Right", "", "ph.caret-double-right", _shown),
    Action("panel_list", "Spectra panel", "View", "F9", "Show or hide the list", checkable=True, separator=True),
    Action("panel_facts", "Facts panel", "View", "F10", "Show or hide the facts", checkable=True),
    Action("theme_system", "Colours as the system", "View", choice="theme", separator=True, icon="ph.circle-half"),
    Action("theme_light", "Light colours", "View", choice="theme", icon="ph.sun"),
    Action("theme_dark", "Dark colours", "View", choice="theme", icon="ph.moon"),
    Action(
        "denoise",
        "Denoise what is opened",
        "Analyse",
        "Ctrl+D",
        "Denoise spectra by themselves as they are opened; off stops and lets nothing start",
        "ph.magic-wand",
        checkable=True,
        toolbar="Denoise",
    ),
    Action(
        "denoise_selected",
        "Denoise the selected spectra",
        "Analyse",
        "Ctrl+Shift+D",
        "Denoise what is selected now, where it is not denoised yet",
        "ph.magic-wand",
        lambda context: context.lacking > 0 and context.engine,
    ),
    Action(
        "whole_set",
        "Use the whole set",
        "Analyse",
        "W",
        "Denoise the spectra of a map, a series or repeats with what they share; off denoises each by itself",
        checkable=True,
        enabled=lambda context: context.sets > 0,
        separator=True,
    ),
    Action(
        "one_set",
        "Use the selected as one set",
        "Analyse",
        "Shift+W",
        "Denoise the selected entries, such as repeats saved one a file, with what all their spectra share",
        "ph.intersect",
        lambda context: context.one_axis,
    ),
    *_of_tabs("Analyse"),
    *_of("Analyse", FINETUNING_ACTIONS),
    Action(
        "cancel", "Cancel", "Analyse", "Esc", "Give up a gesture, else stop what is running", "ph.x", separator=True
    ),
    Action(
        "choose_model", "Choose the model…", "Model", "", "The most exact one, or a fast one for large maps", "ph.brain"
    ),
    *_of("Model", FINETUNING_ACTIONS),
    Action(
        "model_card", "Model card…", "Model", "", "What the model is, was trained on and how good it is", "ph.cards"
    ),
    Action("help", "Help and shortcuts", "Help", "F1", "What has the focus, and all shortcuts", "ph.question"),
    Action("search", "Search actions…", "Help", "Ctrl+K", "Find an action by its words", "ph.magnifying-glass"),
    Action("formats", "Formats that can be opened", "Help", "", "The instruments and files that are read", "ph.file"),
    Action(
        "open_log",
        "Open the log folder",
        "Help",
        "",
        "Where the log and crash reports are",
        "ph.article",
        separator=True,
    ),
    Action("about", "About RamanStudio", "Help", "", "Version, model and licences", "ph.info", separator=True),
)
