"""What may be asked for when a model is taught, and what is tried. Plain rows, free of anything slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ramanstudio.core.errors import StudioError

AUTO: Final = "auto"
# The blocks of each representation (`representations.Representations`). With few labels, none of the others was
# better than the joined one.
REPRESENTATIONS: Final[dict[str, tuple[str, ...]]] = {
    "joined": ("lines", "slopes", "line components", "slope components", "features"),
    "lines": ("lines", "slopes"),
    "features": ("features",),
    "spectrum": ("spectrum",),
    "slope": ("slope",),
    "measured": ("measured",),
    "heights": ("heights", "lines"),
    "tuned": ("lines", "slopes", "line components", "slope components", "tuned"),
}
FOR_CLASSES: Final = ("joined", "lines", "features", "spectrum", "slope", "measured")
FOR_QUANTITIES: Final = ("heights", *FOR_CLASSES)
REPRESENTATION_TITLES: Final[dict[str, str]] = {
    "joined": "lines, slopes and features of the denoised",
    "lines": "lines and slopes of the denoised",
    "features": "features",
    "spectrum": "spectrum without its baseline",
    "slope": "first derivative",
    "measured": "spectrum as it was measured",
    "heights": "lines of the denoised, and their roots",
    "tuned": "lines and slopes of the denoised, and features learned anew",
}
NEAREST, MEAN, LDA, LOGISTIC = "nearest", "mean", "LDA", "logistic"
CLASSIFIERS: Final = (NEAREST, MEAN, LDA, LOGISTIC)
TUNING_MODES: Final = (AUTO, "never", "always")
PARTIAL_LEAST_SQUARES, RIDGE, GAUSSIAN_PROCESS = "PLS", "ridge", "Gaussian process"
REGRESSORS: Final = (PARTIAL_LEAST_SQUARES, RIDGE, GAUSSIAN_PROCESS)


@dataclass(frozen=True, slots=True)
class FinetunePlan:
    """How to fine-tune a model. By default everything is selected by cross-validation on the labelled spectra.

    `representation` is one of REPRESENTATIONS and `estimator` one of CLASSIFIERS (or REGRESSORS); AUTO selects it.
    `full` says whether the features themselves may be fine-tuned, one of TUNING_MODES. `quantity` tells whether labels
    are numbers to predict (None: decided by how they look). `folds` is the number of cross-validation folds (0: by the
    number of labels). `false_unknown_rate` is the share of held-out spectra that novelty detection may call unknown.
    `bands` says whether to look for the spectral ranges that the model relies on.
    """

    representation: str = AUTO
    estimator: str = AUTO
    full: str = AUTO
    quantity: bool | None = None
    folds: int = 0
    false_unknown_rate: float = 0.02
    epochs: int = 40
    bands: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises StudioError when there is no such reading or head, or a number is out of its range."""
        for name, known in (
            ("representation", FOR_QUANTITIES),
            ("estimator", (*CLASSIFIERS, *REGRESSORS)),
            ("full", TUNING_MODES),
        ):
            value = getattr(self, name)
            if value != AUTO and value not in known:
                raise StudioError(
                    f"There is no {name} '{value}' to teach with.", f"Choose {AUTO} or one of: {', '.join(known)}."
                )
        if self.folds < 0 or self.folds == 1:
            raise StudioError(f"Labels cannot be split into {self.folds} folds.", "Give 0 (chosen), or 2 or more.")
        if not 0 < self.false_unknown_rate < 0.5:
            raise StudioError("The share that may be called unknown lies between 0 and 0.5.", "Give 0.02, or leave it.")
        if self.epochs < 1:
            raise StudioError(f"Nothing is learned in {self.epochs} epochs.", "Give 1 or more.")
