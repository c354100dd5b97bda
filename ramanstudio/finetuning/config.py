"""Options of fine-tuning, and the representations and estimators that are tried. Imports nothing slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ramanstudio.core.errors import StudioError

AUTO: Final = "auto"
# The blocks of each representation (`representations.Representations`); its names stand in saved models. With few
# labels, none of the others was better than the joined one.
REPRESENTATIONS: Final[dict[str, tuple[str, ...]]] = {
    "joined": ("lines", "slopes", "line components", "slope components", "features"),
    "lines": ("lines", "slopes"),
    "features": ("features",),
    "spectrum": ("spectrum",),
    "slope": ("slope",),
    "measured": ("measured",),
    "heights": ("heights", "lines"),
    "roots": ("roots",),
    "tuned": ("lines", "slopes", "line components", "slope components", "tuned"),
}
FOR_CLASSES: Final = ("joined", "lines", "features", "spectrum", "slope", "measured", "roots")
FOR_QUANTITIES: Final = ("heights", "joined", "lines", "features", "spectrum", "slope", "measured")
REPRESENTATION_TITLES: Final[dict[str, str]] = {
    "joined": "denoised bands, first derivative and features",
    "lines": "denoised bands and first derivative",
    "features": "features",
    "spectrum": "baseline-corrected spectrum",
    "slope": "first derivative",
    "measured": "measured spectrum",
    "roots": "square root of the baseline-corrected spectrum",
    "heights": "denoised band intensities and their square roots",
    "tuned": "denoised bands, first derivative and fine-tuned features",
}
NEAREST, MEAN, LDA, LOGISTIC = "nearest", "mean", "LDA", "logistic"
SUPPORT_VECTORS: Final = "support vectors"
CLASSIFIERS: Final = (NEAREST, MEAN, LDA, LOGISTIC, SUPPORT_VECTORS)
TUNING_MODES: Final = (AUTO, "never", "always")
PARTIAL_LEAST_SQUARES, RIDGE, GAUSSIAN_PROCESS = "PLS", "ridge", "Gaussian process"
LINEAR_PROCESS: Final = "Gaussian process with a linear part"
ENSEMBLE: Final = "ensemble"
FALSE_UNKNOWN_RATE: Final = 0.02
REGRESSORS: Final = (PARTIAL_LEAST_SQUARES, RIDGE, GAUSSIAN_PROCESS, LINEAR_PROCESS)


@dataclass(frozen=True, slots=True)
class FinetunePlan:
    """How to fine-tune a model. By default everything is selected by cross-validation on the labelled spectra.

    `representation` is one of REPRESENTATIONS and `estimator` one of CLASSIFIERS (or REGRESSORS); AUTO selects it.
    `tune_features`, one of TUNING_MODES, says whether the features themselves may be fine-tuned. `quantity` tells
    whether labels are numbers to predict (None: decided by how they look). `folds` is the number of cross-validation
    folds (0: by the number of labels). `false_unknown_rate` is the share of held-out spectra that novelty detection
    may call unknown. `importance` says whether to look for the spectral ranges that the model relies on.
    """

    representation: str = AUTO
    estimator: str = AUTO
    tune_features: str = AUTO
    quantity: bool | None = None
    folds: int = 0
    false_unknown_rate: float = FALSE_UNKNOWN_RATE
    epochs: int = 40
    importance: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise StudioError when an option is unknown or out of its range."""
        options = {
            "representation": tuple(name for name in REPRESENTATIONS if name != "tuned"),
            "estimator": (*CLASSIFIERS, *REGRESSORS),
            "tune_features": TUNING_MODES,
        }
        for name, known in options.items():
            value = getattr(self, name)
            if value != AUTO and value not in known:
                raise StudioError(
                    f"'{value}' is no {name} for fine-tuning.", f"Choose {AUTO} or one of: {', '.join(known)}."
                )
        if self.folds < 0 or self.folds == 1:
            raise StudioError(
                f"Cross-validation with {self.folds} folds is not possible.", "Give 0 (automatic), or 2 or more."
            )
        if not 0 < self.false_unknown_rate < 0.5:
            raise StudioError(
                "The share of spectra that may be called unknown must lie between 0 and 0.5.", "Give 0.02, or leave it."
            )
        if self.epochs < 1:
            raise StudioError(f"Training for {self.epochs} epochs is not possible.", "Give 1 or more.")
