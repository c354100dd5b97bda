"""What the actions on fine-tuning do: one method for each action, named by its id."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.finetuning.services import FinetuningServices


class FinetuningCommands:
    """Opens the fine-tuning wizard and the list of models, and classifies spectra with one of them."""

    def __init__(self, services: FinetuningServices, window: QWidget) -> None:
        self._services, self._window = services, window

    def teach(self) -> None:
        from ramanstudio.gui.finetuning.wizard import show_wizard

        show_wizard(self._services, self._window)

    def name_by_model(self) -> None:
        from ramanstudio.gui.finetuning import predicting

        try:
            predicting.ask_and_name(self._services, self._window)
        except StudioError as error:
            self._services.messages.show_error(error)

    def taught_models(self) -> None:
        from ramanstudio.gui.finetuning.models_dialog import ModelsDialog

        ModelsDialog(self._services, self._window).open()
