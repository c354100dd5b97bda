"""The actions on groups, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _has_groups(context: ActionContext) -> bool:
    return context.grouped


def _one_chosen(context: ActionContext) -> bool:
    return context.groups == 1


def _any_chosen(context: ActionContext) -> bool:
    return context.groups > 0


GROUP_ACTIONS: Final = (
    Action(
        "export_groups",
        "Export groups…",
        "File",
        "",
        "Save group, probability and coordinates of every spectrum as CSV, and the mean of each group",
        "ph.table",
        _has_groups,
    ),
    Action(
        "find_groups",
        "Find groups",
        "Analyse",
        "Ctrl+G",
        "Group similar spectra",
        "ph.circles-three",
        lambda context: context.explored,
        separator=True,
    ),
    Action(
        "rename_group",
        "Rename group",
        "Analyse",
        "F2",
        "Rename the chosen group",
        "ph.pencil-simple",
        _one_chosen,
    ),
    Action(
        "recolour_group",
        "Change group colour…",
        "Analyse",
        "",
        "Change the colour of the chosen groups",
        "ph.palette",
        _any_chosen,
    ),
    Action(
        "merge_groups",
        "Merge groups",
        "Analyse",
        "Ctrl+M",
        "Merge the chosen groups into one",
        "ph.git-merge",
        lambda context: context.groups > 1,
    ),
    Action(
        "split_group",
        "Split group",
        "Analyse",
        "Ctrl+Shift+M",
        "Split the chosen group into the parts that its spectra form",
        "ph.git-fork",
        _one_chosen,
    ),
    Action(
        "delete_group",
        "Delete group",
        "Analyse",
        "",
        "Delete the chosen groups; their spectra become outliers",
        "ph.trash",
        _any_chosen,
    ),
    Action(
        "label_selected",
        "Name the selected spectra…",
        "Analyse",
        "Ctrl+L",
        "Put the selected spectra into a group with a name you choose",
        "ph.tag",
        _has_groups,
    ),
    Action(
        "select_uncertain",
        "Select uncertain spectra",
        "Analyse",
        "",
        "Of the selected spectra, keep those whose group is uncertain",
        "ph.question",
        lambda context: context.uncertain,
    ),
)
