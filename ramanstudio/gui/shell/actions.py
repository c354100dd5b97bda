"""All actions of the window, as rows: menus, toolbar, shortcuts, help and command palette are made from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ramanstudio.gui.batch.actions import BATCH_ACTIONS
from ramanstudio.gui.calibrate.actions import CALIBRATE_ACTIONS
from ramanstudio.gui.common.action import Action, ActionContext
from ramanstudio.gui.finetuning.actions import FINETUNING_ACTIONS
from ramanstudio.gui.processing.actions import PROCESSING_ACTIONS
from ramanstudio.gui.shell.tabs import TABS, Tab, shortcut_of


def _any(context: ActionContext) -> bool:
    return context.entries > 0


def _shown(context: ActionContext) -> bool:
    return context.readable > 0


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


_SHOW_TABS: Final = tuple(_show_tab(tab) for tab in TABS)

MENUS: Final = ("File", "Edit", "View", "Process", "Analyse", "Model", "Help")

ACTIONS: Final = (
    Action("new_project", "New project", "File", "Ctrl+N", "Begin an empty project", "ph.file-plus", _any),
    Action(
        "open_files", "Open files…", "File", "Ctrl+O", "Open spectra or a project", "ph.folder-open", toolbar="Open"
    ),
    Action("open_folder", "Open folder…", "File", "Ctrl+Shift+O", "Open all spectra in a folder", "ph.folders"),
    Action(
        "open_part_of_folder",
        "Open part of a folder…",
        "File",
        "",
        "Open the spectra in a folder whose names contain some words",
        "ph.funnel",
        synonyms="filter pattern large folder",
    ),
    *_of("File", BATCH_ACTIONS),
    Action(
        "try_demo",
        "Open demo spectra",
        "File",
        "",
        "Open the simulated spectra that come with the program",
        "ph.flask",
        synonyms="example sample try",
    ),
    Action(
        "save_project",
        "Save project",
        "File",
        "Ctrl+S",
        "Save spectra, results and groups in one file",
        "ph.floppy-disk",
        _any,
        separator=True,
    ),
    Action(
        "save_project_as",
        "Save project as…",
        "File",
        "Ctrl+Shift+S",
        "Save the project under another name",
        enabled=_any,
    ),
    Action("close_project", "Close project", "File", "Ctrl+W", "Close all spectra; their files stay", "ph.x", _any),
    Action(
        "export_spectra",
        "Export…",
        "File",
        "Ctrl+E",
        "Save spectra and tables (SNR, peaks, identifications, groups) as CSV, Excel, JCAMP-DX, SPC, NeXus or HDF5",
        "ph.export",
        _any,
        toolbar="Export",
        separator=True,
        synonyms="save csv data spectra table snr signal noise excel nexus",
    ),
    Action(
        "export_picture",
        "Export figure…",
        "File",
        "Ctrl+Shift+E",
        "Save what is shown as a figure (PNG or SVG): spectra, scatter plot, map or identification",
        "ph.image",
        lambda context: context.denoised > 0 or context.has_figure,
        synonyms="save picture image plot",
    ),
    Action(
        "report",
        "Report…",
        "File",
        "",
        "Write a report of the selected spectra as PDF or HTML: SNR, processing, identification, peaks, conditions",
        "ph.file-text",
        lambda context: context.readable > 0,
        synonyms="pdf html document print summary",
    ),
    *_of_tabs("File"),
    Action(
        "settings",
        "Settings…",
        "File",
        "Ctrl+,",
        "Theme, device, model and what happens when spectra are opened",
        "ph.gear",
        separator=True,
        synonyms="preferences options configuration",
    ),
    Action(
        "quit", "Quit", "File", "Ctrl+Q", "Close the window", "ph.sign-out", separator=True, synonyms="exit close end"
    ),
    Action(
        "undo",
        "Undo",
        "Edit",
        "Ctrl+Z",
        "Undo the last change",
        "ph.arrow-u-up-left",
        lambda context: bool(context.undo_title),
    ),
    Action(
        "redo",
        "Redo",
        "Edit",
        "Ctrl+Shift+Z",
        "Repeat the change that was undone",
        "ph.arrow-u-up-right",
        lambda context: bool(context.redo_title),
    ),
    Action(
        "history",
        "History…",
        "Edit",
        "",
        "Show all changes, and go back to any of them",
        "ph.clock-counter-clockwise",
        lambda context: bool(context.undo_title or context.redo_title),
        synonyms="undo redo changes list",
    ),
    Action(
        "provenance",
        "How it came about…",
        "Edit",
        "",
        "Show file, hash, edits, every step with its parameters, model and version of the selected entries",
        "ph.list-dashes",
        lambda context: context.selected > 0,
        synonyms="provenance origin hash traceability source audit fair",
    ),
    Action(
        "copy",
        "Copy figure and data",
        "Edit",
        "Ctrl+C",
        "Copy what is shown to the clipboard, as an image and as columns of numbers",
        "ph.copy",
        _shown,
        separator=True,
        synonyms="clipboard picture numbers",
    ),
    Action("select_all", "Select all", "Edit", "Ctrl+A", "Select all spectra in the list", "ph.selection-all", _any),
    Action(
        "remove",
        "Remove from list",
        "Edit",
        "Del",
        "Remove the selected entries from the list; their files are not affected",
        "ph.trash",
        lambda context: context.selected > 0,
        synonyms="delete close",
    ),
    Action(
        "set_laser",
        "Set laser wavelength…",
        "Edit",
        "",
        "Set the laser wavelength of the selected files, and read them again",
        "ph.ruler",
        lambda context: context.selected > 0,
        separator=True,
        synonyms="excitation nm axis",
    ),
    Action(
        "find",
        "Find in list",
        "Edit",
        "Ctrl+F",
        "Filter the list by name or state",
        "ph.magnifying-glass",
        _any,
        synonyms="search filter",
    ),
    *_SHOW_TABS,
    *_of_tabs("View"),
    Action(
        "show_all",
        "Show all",
        "View",
        "A",
        "Show the whole range",
        "ph.corners-out",
        _shown,
        separator=True,
        synonyms="reset zoom fit",
    ),
    Action("zoom_back", "Previous zoom", "View", "Backspace", "Return to the zoom before", "ph.arrow-left", _shown),
    Action("zoom_in", "Zoom in", "View", "Ctrl++", "Show half the range", "ph.plus", _shown),
    Action("zoom_out", "Zoom out", "View", "Ctrl+-", "Show twice the range", "ph.minus", _shown),
    Action(
        "move_left",
        "Pan left",
        "View",
        "Alt+Left",
        "Show lower Raman shifts",
        "ph.caret-double-left",
        _shown,
        synonyms="move",
    ),
    Action(
        "move_right",
        "Pan right",
        "View",
        "Alt+Right",
        "Show higher Raman shifts",
        "ph.caret-double-right",
        _shown,
        synonyms="move",
    ),
    Action(
        "panel_list",
        "Spectra panel",
        "View",
        "F9",
        "Show or hide the list of spectra on the left",
        checkable=True,
        separator=True,
    ),
    Action("panel_side", "Side panel", "View", "F10", "Show or hide the panel on the right", checkable=True),
    Action(
        "theme_system",
        "System theme",
        "View",
        choice="theme",
        separator=True,
        icon="ph.circle-half",
        tooltip="Light or dark, as the system",
        synonyms="colours colors mode",
    ),
    Action("theme_light", "Light theme", "View", choice="theme", icon="ph.sun", synonyms="colours colors mode"),
    Action("theme_dark", "Dark theme", "View", choice="theme", icon="ph.moon", synonyms="colours colors mode night"),
    Action(
        "denoise",
        "Denoise when opened",
        "Process",
        "Ctrl+D",
        "Denoise spectra as soon as they are opened; off stops denoising",
        "ph.magic-wand",
        checkable=True,
        toolbar="Denoise",
        synonyms="automatic noise smooth clean",
    ),
    Action(
        "denoise_selected",
        "Denoise selected spectra",
        "Process",
        "Ctrl+Shift+D",
        "Denoise those of the selected spectra that are not denoised yet",
        "ph.magic-wand",
        lambda context: context.lacking > 0 and context.engine,
        synonyms="noise smooth clean",
    ),
    Action(
        "whole_set",
        "Denoise as a set",
        "Process",
        "W",
        "Denoise a map, a series or repeats using what their spectra share; off denoises each spectrum individually",
        checkable=True,
        enabled=lambda context: context.sets > 0,
        separator=True,
        synonyms="whole map together",
    ),
    Action(
        "one_set",
        "Denoise selection as one set",
        "Process",
        "Shift+W",
        "Denoise the selected entries, such as repeats in one file each, using what all their spectra share",
        "ph.intersect",
        lambda context: context.one_axis,
        synonyms="repeats together group",
    ),
    *PROCESSING_ACTIONS,
    *_of("Process", BATCH_ACTIONS),
    *_of_tabs("Analyse"),
    *_of("Analyse", FINETUNING_ACTIONS),
    *_of("Analyse", CALIBRATE_ACTIONS),
    Action(
        "cancel",
        "Cancel",
        "Analyse",
        "Esc",
        "Cancel the current gesture, or else the running job",
        "ph.x",
        separator=True,
        synonyms="stop abort",
    ),
    Action(
        "choose_model",
        "Choose model…",
        "Model",
        "",
        "Choose the most accurate model, or a fast one for large maps",
        "ph.brain",
        synonyms="network smae fast",
    ),
    *_of("Model", FINETUNING_ACTIONS),
    Action(
        "model_card",
        "Model card…",
        "Model",
        "",
        "What the model is, what it was trained on, and how accurate it is",
        "ph.cards",
        synonyms="network smae training accuracy",
    ),
    Action(
        "user_guide",
        "User guide",
        "Help",
        "F1",
        "How to do what, starting with the page about this tab",
        "ph.question",
        synonyms="help manual documentation",
    ),
    Action(
        "shortcuts",
        "Keyboard shortcuts",
        "Help",
        "Ctrl+F1",
        "All shortcuts, mouse gestures, and what the focused widget does",
        "ph.keyboard",
        synonyms="help keys hotkeys mouse",
    ),
    Action("search", "Search actions…", "Help", "Ctrl+K", "Find an action by its name", "ph.magnifying-glass"),
    Action(
        "formats",
        "Supported file formats",
        "Help",
        "",
        "The instruments and file types that can be opened",
        "ph.file",
        synonyms="wdf spc jdx csv txt hdf5 renishaw vendor",
    ),
    Action(
        "open_log",
        "Open log folder",
        "Help",
        "",
        "The folder with the log and crash reports",
        "ph.article",
        separator=True,
        synonyms="error crash report debug",
    ),
    Action(
        "about",
        "About RamanStudio",
        "Help",
        "",
        "Version, model and licences",
        "ph.info",
        separator=True,
        synonyms="version licence license",
    ),
)
