"""What the actions on fine-tuning do: one method for each action, named by its id."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.finetuning.services import FinetuningServices


class FinetuningCommands:
    """Opens the fine-tuning wizard and the list of models, and classifies spectra with one of them."""

    def __init__(self, services: FinetuningServices, window: QWidget) -> None:
        self._services, self._window = services, window

    def finetune(self) -> None:
        """Open the wizard."""
        from ramanstudio.gui.finetuning.wizard import show_wizard

        show_wizard(self._services, self._window)

    def classify(self) -> None:
        """Ask for a model and classify spectra with it."""
        from ramanstudio.gui.finetuning.classification import ask_and_classify

        try:
            ask_and_classify(self._services, self._window)
        except StudioError as error:
            self._services.messages.show_error(error)

    def finetuned_models(self) -> None:
        """Show the saved models."""
        from ramanstudio.gui.finetuning.models_dialog import ModelsDialog

        ModelsDialog(self._services, self._window).open()
