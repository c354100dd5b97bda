"""Everything the window can do, as rows: menus, toolbar, shortcuts, their list and the palette are made from these."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, Moment, with_shortcut
from ramanstudio.gui.explore.actions import EXPORT_GROUPS, GROUP_ACTIONS
from ramanstudio.gui.identify.actions import EXPORT_IDENTIFIED, IDENTIFY_ACTIONS, TAB_IDENTIFY

__all__ = ["ACTIONS", "MENUS", "Action", "Moment", "with_shortcut"]


def _any(moment: Moment) -> bool:
    return moment.entries > 0


def _shown(moment: Moment) -> bool:
    return moment.readable > 0


def _denoised(moment: Moment) -> bool:
    return moment.denoised > 0


def _set(moment: Moment) -> bool:
    return moment.spectra > 1


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
        parts=True,
    ),
    Action("save_project_as", "Save the project as…", "File", "Ctrl+Shift+S", "Save it in another file", enabled=_any),
    Action(
        "export_spectra",
        "Export spectra…",
        "File",
        "Ctrl+E",
        "Save the selected spectra, denoised and raw, as CSV with a table of their SNR",
        "ph.export",
        _denoised,
        toolbar="Export",
        parts=True,
    ),
    Action(
        "export_picture",
        "Export picture…",
        "File",
        "Ctrl+Shift+E",
        "Save what is shown as a picture, PNG or SVG: the selected spectra, the plane, the map, or what was found",
        "ph.image",
        lambda now: now.denoised > 0 or now.pictured,
    ),
    Action(
        "export_table",
        "Export SNR table…",
        "File",
        "",
        "Save the signal-to-noise ratios of the selected spectra as CSV",
        "ph.table",
        _denoised,
    ),
    EXPORT_GROUPS,
    EXPORT_IDENTIFIED,
    Action(
        "export_map",
        "Export map…",
        "File",
        "",
        "Save the map as it is shown: a picture (PNG, SVG), its numbers as 32-bit TIFF, or a table (CSV)",
        "ph.map-trifold",
        lambda now: now.maps > 0,
    ),
    Action(
        "settings", "Settings…", "File", "Ctrl+,", "Colours, device and what happens on opening", "ph.gear", parts=True
    ),
    Action("quit", "Quit", "File", "Ctrl+Q", "Close the window and end the program", "ph.sign-out", parts=True),
    Action(
        "undo",
        "Undo",
        "Edit",
        "Ctrl+Z",
        "Take the last step back",
        "ph.arrow-u-up-left",
        lambda now: bool(now.undo_title),
    ),
    Action(
        "redo",
        "Redo",
        "Edit",
        "Ctrl+Shift+Z",
        "Do again what was taken back",
        "ph.arrow-u-up-right",
        lambda now: bool(now.redo_title),
    ),
    Action(
        "copy",
        "Copy picture and numbers",
        "Edit",
        "Ctrl+C",
        "Put what is shown on the clipboard, as a picture and as columns of numbers",
        "ph.copy",
        _shown,
        parts=True,
    ),
    Action("select_all", "Select all", "Edit", "Ctrl+A", "Select every spectrum in the list", "ph.selection-all", _any),
    Action(
        "remove",
        "Remove from the list",
        "Edit",
        "Del",
        "Take the selected entries out of the list; the files stay, and undo brings them back",
        "ph.trash",
        lambda now: now.selected > 0,
    ),
    Action(
        "set_laser",
        "Set laser wavelength…",
        "Edit",
        "",
        "Read the selected files again with the wavelength of their laser, where they are in nm and do not say it",
        "ph.ruler",
        lambda now: now.selected > 0,
        parts=True,
    ),
    Action(
        "find", "Find in the list", "Edit", "Ctrl+F", "Filter the list by name or state", "ph.magnifying-glass", _any
    ),
    Action("tab_spectrum", "Spectrum", "View", "Ctrl+1", "How good the spectra are", choice="page"),
    Action("tab_explore", "Explore", "View", "Ctrl+2", "Which spectra are alike", enabled=_any, choice="page"),
    Action(
        "tab_map",
        "Map",
        "View",
        "Ctrl+3",
        "Where in a map, or when in a series, it is",
        enabled=lambda now: now.maps > 0,
        choice="page",
    ),
    TAB_IDENTIFY,
    Action("show_raw", "Raw", "View", "R", "Show the spectrum as it was measured", checkable=True, parts=True),
    Action("show_denoised", "Denoised", "View", "D", "Show the denoised spectrum", checkable=True),
    Action(
        "show_residual",
        "Residual",
        "View",
        "E",
        "Show what was taken away: raw minus denoised",
        checkable=True,
    ),
    Action(
        "show_band",
        "Band",
        "View",
        "B",
        "Show the band in which the true spectrum lies with 90 % probability",
        checkable=True,
    ),
    Action("log_intensity", "Log intensity", "View", "L", "Logarithmic intensity axis", checkable=True),
    Action(
        "show_noise_region",
        "Noise region",
        "View",
        "N",
        "Show where the noise is measured, and drag it elsewhere",
        "ph.selection",
        checkable=True,
    ),
    Action("show_all", "Show all", "View", "A", "Show the whole spectrum", "ph.corners-out", _shown, parts=True),
    Action("zoom_back", "Zoom back", "View", "Backspace", "The zoom before this one", "ph.arrow-left", _shown),
    Action("zoom_in", "Zoom in", "View", "Ctrl++", "Show half as many Raman shifts", "ph.plus", _shown),
    Action("zoom_out", "Zoom out", "View", "Ctrl+-", "Show twice as many Raman shifts", "ph.minus", _shown),
    Action("move_left", "Move to lower shifts", "View", "Alt+Left", "", "ph.caret-double-left", _shown),
    Action("move_right", "Move to higher shifts", "View", "Alt+Right", "", "ph.caret-double-right", _shown),
    Action(
        "spectrum_before", "Previous spectrum of the set", "View", "Ctrl+Left", "", "ph.caret-left", _set, parts=True
    ),
    Action("spectrum_after", "Next spectrum of the set", "View", "Ctrl+Right", "", "ph.caret-right", _set),
    Action("all_spectra", "All spectra of the set", "View", "Ctrl+Up", "Show the set as a whole", "ph.stack", _set),
    Action("panel_list", "Spectra panel", "View", "F9", "Show or hide the list", checkable=True, parts=True),
    Action("panel_facts", "Facts panel", "View", "F10", "Show or hide the facts", checkable=True),
    Action("theme_system", "Colours as the system", "View", choice="theme", parts=True, icon="ph.circle-half"),
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
        lambda now: now.lacking > 0 and now.engine,
    ),
    Action(
        "whole_set",
        "Use the whole set",
        "Analyse",
        "W",
        "Denoise the spectra of a map, a series or repeats with what they share; off denoises each by itself",
        checkable=True,
        enabled=lambda now: now.sets > 0,
        parts=True,
    ),
    Action(
        "one_set",
        "Use the selected as one set",
        "Analyse",
        "Shift+W",
        "Denoise the selected entries, such as repeats saved one a file, with what all their spectra share",
        "ph.intersect",
        lambda now: now.one_axis,
    ),
    Action(
        "noise_everywhere",
        "Use this noise region for all",
        "Analyse",
        "",
        "Measure the noise of every spectrum in the region of the selected one",
        "ph.selection-foreground",
        _denoised,
        parts=True,
    ),
    Action(
        "noise_automatic",
        "Choose the noise region by itself",
        "Analyse",
        "",
        "Measure the noise of the selected spectra where they are flattest",
        "ph.selection-inverse",
        _denoised,
    ),
    *GROUP_ACTIONS,
    *IDENTIFY_ACTIONS,
    Action(
        "teach",
        "Teach…",
        "Analyse",
        "Ctrl+T",
        "Teach a model to name spectra like the selected ones, or all that are open, by a few that are labelled",
        "ph.graduation-cap",
        lambda now: now.readable > 0 and now.engine,
        toolbar="Teach…",
        parts=True,
    ),
    Action(
        "name_by_model",
        "Name by a taught model…",
        "Analyse",
        "Ctrl+Shift+T",
        "Let a model that was taught name the selected spectra, or all that are open, as groups in Explore",
        "ph.tag",
        lambda now: now.readable > 0 and now.engine,
    ),
    Action("cancel", "Cancel", "Analyse", "Esc", "Give up a gesture, else stop what is running", "ph.x", parts=True),
    Action(
        "choose_model", "Choose the model…", "Model", "", "The most exact one, or a fast one for large maps", "ph.brain"
    ),
    Action(
        "taught_models",
        "Taught models…",
        "Model",
        "",
        "Read the cards of the models that were taught, rename, delete, export and import them",
        "ph.graduation-cap",
    ),
    Action(
        "model_card", "Model card…", "Model", "", "What the model is, was trained on and how good it is", "ph.cards"
    ),
    Action("help", "Help and shortcuts", "Help", "F1", "What has the focus, and all shortcuts", "ph.question"),
    Action("search", "Search actions…", "Help", "Ctrl+K", "Find an action by its words", "ph.magnifying-glass"),
    Action("formats", "Formats that can be opened", "Help", "", "The instruments and files that are read", "ph.file"),
    Action(
        "open_log", "Open the log folder", "Help", "", "Where the log and crash reports are", "ph.article", parts=True
    ),
    Action("about", "About RamanStudio", "Help", "", "Version, model and licences", "ph.info", parts=True),
)
