"""What fine-tuning needs of the window: the services that its dialogs and jobs use."""

from __future__ import annotations

from dataclasses import dataclass

from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.model_predictions import FineTunedModels
from ramanstudio.gui.document.session import Session


@dataclass(frozen=True, slots=True)
class FinetuningServices:
    """The services that the wizard, the list of models and the classification of spectra share."""

    session: Session
    workers: Workers
    messages: Messages
    settings: Settings
    denoising: Denoising  # its engine trains and classifies
    models: FineTunedModels
