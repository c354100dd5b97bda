"""Plots of training spectra in the wizard: one spectrum, over the means of its class and of the predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.gui.common.theme import appearance, current_theme
from ramanstudio.gui.finetuning.training_spectra import TrainingSpectra
from ramanstudio.gui.viewer.spectrum_strip import SCALED, SpectrumStrip, StripBand, StripCurve
from ramanstudio.signal.spectral_features import subtract_baseline

MAX_PER_MEAN: Final = 20  # spectra that the mean of a class is computed from
MAX_CLASSES: Final = 8  # drawn one by one; with more, nobody could tell them apart
MAX_IN_TOTAL: Final = 100  # spectra in one mean; their baselines are fitted while the user waits
FloatArray = NDArray[np.floating[Any]]


class LazyStrip(QWidget):
    """A spectrum strip that is created when something is first drawn: all of the wizard's at once would delay it."""

    band_dragged = Signal(int, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(120)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    @cached_property
    def strip(self) -> SpectrumStrip:
        """The strip itself."""
        strip = SpectrumStrip(self)
        strip.band_dragged.connect(self.band_dragged)
        appearance().changed.connect(strip.set_theme)
        self._column.addWidget(strip)
        return strip

    @property
    def names(self) -> list[str]:
        """The names of the curves, in order."""
        return self.strip.names

    def show_curves(self, curves: Sequence[StripCurve]) -> None:
        """Draw these curves, each scaled from 0 to 1."""
        if curves or "strip" in self.__dict__:
            self.strip.show_curves(curves, SCALED)

    def set_bands(self, bands: Sequence[StripBand]) -> None:
        """Mark these ranges."""
        self.strip.set_bands(bands)


def draw_with_classes(
    strip: LazyStrip, training: TrainingSpectra, labels: NDArray[np.str_], index: int, predicted: str = ""
) -> None:
    """Draw the spectrum at `index` over the means of the spectra labelled `predicted`, and labelled as it is.

    `labels` (N,) are those of the training spectra.
    """
    curves = [([index], training.names[index])]
    for label in dict.fromkeys((predicted, str(labels[index]))):
        others = [other for other in np.flatnonzero(labels == label).tolist() if other != index] if label else []
        if others:
            curves.append((others[:MAX_PER_MEAN], f"{label}, mean of {min(len(others), MAX_PER_MEAN)}"))
    _draw_means(strip, training, curves)


def draw_spectra(strip: LazyStrip, training: TrainingSpectra, indices: Sequence[int]) -> None:
    """Draw the training spectra at these indices."""
    _draw_means(strip, training, [([index], training.names[index]) for index in indices])


def draw_classes(strip: LazyStrip, training: TrainingSpectra, labels: NDArray[np.str_], classes: Sequence[str]) -> None:
    """Draw the mean of each class of `labels` (N,); of many, mean and standard deviation of all labelled spectra."""
    if len(classes) > MAX_CLASSES:
        labelled = np.flatnonzero(labels != "")
        subset = labelled[:: -(-len(labelled) // MAX_IN_TOTAL)].tolist()
        values, theme = _scale(subtract_baseline(training.for_display[subset]).values), current_theme()
        curves = {
            f"mean of {len(subset)} labelled spectra": values.mean(axis=0),
            "standard deviation": values.std(axis=0),
        }
        axis = training.for_display.axis
        strip.show_curves(
            [
                StripCurve(name, axis, curve, None, theme.category(number))
                for number, (name, curve) in enumerate(curves.items())
            ]
        )
        return
    members = [(np.flatnonzero(labels == name)[:MAX_PER_MEAN].tolist(), name) for name in reversed(classes)]
    _draw_means(strip, training, [(indices, name) for indices, name in members if indices])


def _draw_means(strip: LazyStrip, training: TrainingSpectra, curves: Sequence[tuple[list[int], str]]) -> None:
    """Draw each curve as the mean of its spectra, baseline-corrected and scaled from 0 to 1; the first on top."""
    theme, spectra = current_theme(), training.for_display
    drawn = []
    for number, (indices, name) in enumerate(curves):
        values = _scale(subtract_baseline(spectra[indices]).values)
        spread = values.std(axis=0) if len(indices) > 1 else None
        drawn.append(StripCurve(name, spectra.axis, values.mean(axis=0), spread, theme.category(number)))
    strip.show_curves(drawn[::-1])


def _scale(values: FloatArray) -> FloatArray:
    """Return `values` (N, B) with each row scaled from 0 to 1; constant rows are 0."""
    rows = values.astype(np.float64) - values.min(axis=1, keepdims=True)
    heights = rows.max(axis=1, keepdims=True)
    scaled: FloatArray = rows / np.where(heights > 0, heights, 1.0)
    return scaled
