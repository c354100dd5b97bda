"""The actions on groups, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _grouped(context: ActionContext) -> bool:
    return context.grouped


def _one_group(context: ActionContext) -> bool:
    return context.groups == 1


def _some_groups(context: ActionContext) -> bool:
    return context.groups > 0


GROUP_ACTIONS: Final = (
    Action(
        "export_groups",
        "Export groups…",
        "File",
        "",
        "Save the group, chance and place of every spectrum as CSV, and the mean of each group",
        "ph.table",
        _grouped,
    ),
    Action(
        "find_groups",
        "Find groups",
        "Analyse",
        "Ctrl+G",
        "Find which spectra are alike",
        "ph.circles-three",
        lambda context: context.explored,
        separator=True,
    ),
    Action(
        "rename_group",
        "Rename the group",
        "Analyse",
        "F2",
        "Give the chosen group another name",
        "ph.pencil-simple",
        _one_group,
    ),
    Action(
        "recolour_group",
        "Colour of the group…",
        "Analyse",
        "",
        "Give the chosen groups another colour",
        "ph.palette",
        _some_groups,
    ),
    Action(
        "merge_groups",
        "Merge the groups",
        "Analyse",
        "Ctrl+M",
        "Make one group of the chosen ones",
        "ph.git-merge",
        lambda context: context.groups > 1,
    ),
    Action(
        "split_group",
        "Split the group",
        "Analyse",
        "Ctrl+Shift+M",
        "Part the chosen group as its spectra do",
        "ph.git-fork",
        _one_group,
    ),
    Action(
        "delete_group",
        "Delete the group",
        "Analyse",
        "",
        "Let the spectra of the chosen groups belong to none",
        "ph.trash",
        _some_groups,
    ),
    Action(
        "label_selected",
        "Name the selected spectra…",
        "Analyse",
        "Ctrl+L",
        "Put the selected spectra in a group of your naming",
        "ph.tag",
        _grouped,
    ),
    Action(
        "select_uncertain",
        "Select the uncertain",
        "Analyse",
        "",
        "Of what is selected, keep the spectra whose group is in doubt",
        "ph.question",
        lambda context: context.uncertain,
    ),
)
