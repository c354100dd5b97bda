"""The actions on fine-tuned models, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _can_classify(context: ActionContext) -> bool:
    return context.readable > 0 and context.engine


FINETUNING_ACTIONS: Final = (
    Action(
        "finetune",
        "Fine-tune…",
        "Analyse",
        "Ctrl+T",
        "Train a model on labelled spectra, to classify those like the selected ones, or all that are open",
        "ph.graduation-cap",
        _can_classify,
        toolbar="Fine-tune…",
        separator=True,
    ),
    Action(
        "classify",
        "Classify with a fine-tuned model…",
        "Analyse",
        "Ctrl+Shift+T",
        "Classify the selected spectra, or all that are open, with a fine-tuned model, as groups in Explore",
        "ph.tag",
        _can_classify,
    ),
    Action(
        "finetuned_models",
        "Fine-tuned models…",
        "Model",
        "",
        "Read the cards of your fine-tuned models; rename, delete, export and import them",
        "ph.graduation-cap",
    ),
)
