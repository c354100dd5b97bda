"""The actions on fine-tuned models, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _can_classify(context: ActionContext) -> bool:
    return context.readable > 0 and context.engine


FINETUNING_ACTIONS: Final = (
    Action(
        "teach",
        "Teach…",
        "Analyse",
        "Ctrl+T",
        "Teach a model to name spectra like the selected ones, or all that are open, by a few that are labelled",
        "ph.graduation-cap",
        _can_classify,
        toolbar="Teach…",
        separator=True,
    ),
    Action(
        "name_by_model",
        "Name by a taught model…",
        "Analyse",
        "Ctrl+Shift+T",
        "Let a model that was taught name the selected spectra, or all that are open, as groups in Explore",
        "ph.tag",
        _can_classify,
    ),
    Action(
        "taught_models",
        "Taught models…",
        "Model",
        "",
        "Read the cards of the models that were taught, rename, delete, export and import them",
        "ph.graduation-cap",
    ),
)
