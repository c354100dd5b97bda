"""What may be asked for when a model is taught, and what is tried. Plain rows, free of anything slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ramanstudio.core.errors import StudioError

AUTO: Final = "auto"
# What a reading of spectra is made of (`representations.Representations`); the joined one lost to none of the others with few labels.
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
    """How a model is taught. As it stands, everything is chosen by the labelled spectra.

    `representation` is one of REPRESENTATIONS and `estimator` one of CLASSIFIERS (or REGRESSORS), where they are not to be chosen; `full`
    says whether the features themselves may be learned anew; `quantity` whether labels are numbers to predict (None:
    where they look so); `folds` in how many parts the labels are split to choose by and to measure (0: by their
    number); `false_unknown_rate` of the spectra held out may be called unknown; `bands` whether to find out which ranges a
    model relies on.
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
        for name, known in (("reading", FOR_QUANTITIES), ("head", (*CLASSIFIERS, *REGRESSORS)), ("full", TUNING_MODES)):
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
