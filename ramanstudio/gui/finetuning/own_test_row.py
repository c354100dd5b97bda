"""The row of the Train page that asks for a test set of the user's own, and says what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.own_test_set import OwnTestSet
from ramanstudio.gui.finetuning.wizard_state import WizardState

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.common.jobs import Job

HINT: Final = "The model can be tested once on labelled spectra that are kept out of training, such as another day's."


class OwnTestRow(QWidget):
    """Buttons that choose a folder, or files, as test set, and a line on what was found there."""

    def __init__(self, state: WizardState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._job: Job | None = None
        self.folder_button = QPushButton("Test on a folder of its own…", self)
        self.folder_button.setToolTip("Choose a folder of labelled spectra to test the model on; not trained on")
        self.files_button = QPushButton("Test on files…", self)
        self.files_button.setToolTip("Choose files of labelled spectra to test the model on; not trained on")
        self.remove_button = QPushButton("No test set", self)
        self.remove_button.setToolTip("Train without a test set")
        self.text = label("quiet", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.folder_button, self.files_button, self.remove_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.text)
        self.folder_button.clicked.connect(self._ask_folder)
        self.files_button.clicked.connect(self._ask_files)
        self.remove_button.clicked.connect(self._remove)

    @property
    def is_reading(self) -> bool:
        """Whether the test set is being read."""
        return self._job is not None

    def refresh(self) -> None:
        """Say what the test set holds by the present labels."""
        test, state = self._state.test_set, self._state
        self.remove_button.setVisible(test is not None)
        if test is None:
            self.text.setText(HINT)
            return
        title, words = test.find_labels(state.label_source, None if state.is_quantity else state.labels.classes)
        n_labelled = int(np.sum(words != ""))
        labelled = f"{n_labelled} labelled ({title})" if title else "none with a label that is trained on"
        spectra = count_of(len(words), "spectrum", "spectra")
        todo = ["Train again to test the model on it."] if state.result is not None and not state.n_tested else []
        self.text.setText(" ".join([f"Test set “{test.name}”: {spectra}, {labelled}.", *test.left_out, *todo]))

    def choose(self, paths: Sequence[Path]) -> None:
        """Read these files and folders as test set in the background."""
        state = self._state
        training, session = state.training, state.services.session
        found = (session.entry(int(entry_id)) for entry_id in np.unique(training.members.entry_ids))
        entries = [entry for entry in found if entry is not None]

        def work(progress: Progress) -> OwnTestSet:
            return OwnTestSet.read(paths, training, entries, progress)

        self.text.setText("Reading the test set…")
        self._job = state.services.workers.submit(work, "Reading the test set", "files", key="read test set")
        self._job.succeeded.connect(self._accept)
        self._job.failed.connect(lambda error: self.text.setText(str(error)))
        self._job.finished.connect(self._finish)

    def end(self) -> None:
        """Stop reading: the wizard closes."""
        if self._job is not None:
            self._job.cancel()

    def _accept(self, test: OwnTestSet) -> None:
        self._state.test_set, self._state.n_tested = test, 0
        self.refresh()

    def _finish(self) -> None:
        self._job = None

    def _remove(self) -> None:
        self._state.test_set = None
        self.refresh()

    def _ask_folder(self) -> None:
        folder = self._state.services.settings["folder"] or str(Path.home())
        if (chosen := dialogs.ask_folder(self, "Test set", folder)) is not None:
            self.choose([chosen])

    def _ask_files(self) -> None:
        if chosen := dialogs.ask_files(self, self._state.services.settings["folder"] or str(Path.home())):
            self.choose(chosen)
