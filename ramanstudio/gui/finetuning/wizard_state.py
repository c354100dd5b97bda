"""What the pages of the fine-tuning wizard share: spectra, labels and samples, and the result of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.finetuning.label_summary import LabelSummary, empty_summary
from ramanstudio.gui.finetuning.own_test_set import LabelSource, OwnTestReport, OwnTestSet

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.report import FineTuningResult
    from ramanstudio.gui.finetuning.services import FinetuningServices
    from ramanstudio.gui.finetuning.training_spectra import TrainingSpectra


class WizardState:
    """The state of one wizard on N spectra; each page writes its own part of it and reads the others'.

    `labels` and `is_quantity` are written by the labels page; `samples` (N,) by the samples page, None without a
    sample column; `label_source`, where both are from, by the two; `result` and `trained_labels` (N,), the labels it
    was trained on, `test_set`, `n_tested`, how many models were tested on it, and `test_report` by the training page.
    """

    def __init__(self, services: FinetuningServices, training: TrainingSpectra) -> None:
        self.services = services
        self.training = training
        self.labels: LabelSummary = empty_summary(len(training.names))
        self.is_quantity = False
        self.samples: NDArray[np.str_] | None = None
        self.result: FineTuningResult | None = None
        self.trained_labels: NDArray[np.str_] | None = None
        self.label_source = LabelSource()
        self.test_set: OwnTestSet | None = None
        self.n_tested = 0
        self.test_report: OwnTestReport | None = None

    @property
    def engine(self) -> Engine | None:
        """The engine, once its model is loaded."""
        return self.services.denoising.engine

    def select(self, index: int) -> None:
        """Select the training spectrum at this index in the window, if it is still open."""
        member = self.training.members[[index]]
        session = self.services.session
        if session.entry(int(member.entry_ids[0])) is not None:
            session.select_spectra(member.entry_ids, member.rows)
