"""Spectra drawn in the wizard: the one in question, over the mean of the class it was said to be and of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.gui.common.theme import appearance, current_theme
from ramanstudio.gui.viewer.spectrum_strip import SCALED, SpectrumStrip, StripBand, StripCurve
from ramanstudio.signal.spectral_features import subtract_baseline

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.training_spectra import TrainingSpectra

MOST_OF_A_CLASS: Final = 20  # spectra that its mean is drawn of
MOST_CLASSES: Final = 8  # that are drawn each by itself; of more nobody could tell one from another
MOST_OF_ALL: Final = 100  # their baselines are fitted while one waits
Floats = NDArray[np.floating[Any]]


class LazyStrip(QWidget):
    """A strip, made when something is first drawn in it: made at once, all of the wizard's would hold it up."""

    band_dragged = Signal(int, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(120)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    @cached_property
    def strip(self) -> SpectrumStrip:
        """What it is drawn in."""
        made = SpectrumStrip(self)
        made.band_dragged.connect(self.band_dragged)
        appearance().changed.connect(made.set_theme)
        self._column.addWidget(made)
        return made

    @property
    def names(self) -> list[str]:
        """What is drawn, in order."""
        return self.strip.names

    def show_curves(self, curves: Sequence[StripCurve]) -> None:
        """Draw these, each from 0 to 1."""
        if curves or "strip" in self.__dict__:
            self.strip.show_curves(curves, SCALED)

    def set_bands(self, bands: Sequence[StripBand]) -> None:
        """Mark these ranges."""
        self.strip.set_bands(bands)


def draw_doubt(
    drawing: LazyStrip, subject: TrainingSpectra, words: NDArray[np.str_], place: int, told: str = ""
) -> None:
    """Draw the spectrum at `place`, and the means of the spectra labelled `told`, and labelled as it is."""
    drawn = [([place], subject.names[place])]
    for name in dict.fromkeys((told, str(words[place]))):
        others = [one for one in np.flatnonzero(words == name).tolist() if one != place] if name else []
        if others:
            drawn.append((others[:MOST_OF_A_CLASS], f"{name}, mean of {min(len(others), MOST_OF_A_CLASS)}"))
    _draw(drawing, subject, drawn)


def draw_places(drawing: LazyStrip, subject: TrainingSpectra, places: Sequence[tuple[int, str]]) -> None:
    """Draw the spectra at these places."""
    _draw(drawing, subject, [([place], name) for place, name in places])


def draw_classes(drawing: LazyStrip, subject: TrainingSpectra, words: NDArray[np.str_], classes: Sequence[str]) -> None:
    """Draw the mean of each class; of many classes the mean of all together, and how much they differ."""
    if len(classes) > MOST_CLASSES:
        labelled = np.flatnonzero(words != "")
        some = labelled[:: -(-len(labelled) // MOST_OF_ALL)].tolist()
        values, theme = _scaled(subtract_baseline(subject.seen[some]).values), current_theme()
        of_all = {
            f"mean of {len(some)} labelled spectra": values.mean(axis=0),
            "how much they differ": values.std(axis=0),
        }
        drawing.show_curves(
            [
                StripCurve(name, subject.seen.axis, curve, None, theme.category(number))
                for number, (name, curve) in enumerate(of_all.items())
            ]
        )
        return
    members = [(np.flatnonzero(words == name)[:MOST_OF_A_CLASS].tolist(), name) for name in reversed(classes)]
    _draw(drawing, subject, [(places, name) for places, name in members if places])


def _draw(drawing: LazyStrip, subject: TrainingSpectra, drawn: Sequence[tuple[list[int], str]]) -> None:
    """Each as the mean of its places, every spectrum without its baseline and from 0 to 1; the first on top."""
    theme = current_theme()
    curves = []
    for number, (places, name) in enumerate(drawn):
        values = _scaled(subtract_baseline(subject.seen[places]).values)
        spread = values.std(axis=0) if len(places) > 1 else None
        curves.append(StripCurve(name, subject.seen.axis, values.mean(axis=0), spread, theme.category(number)))
    drawing.show_curves(curves[::-1])


def _scaled(values: Floats) -> Floats:
    rows = values.astype(np.float64) - values.min(axis=1, keepdims=True)
    heights = rows.max(axis=1, keepdims=True)
    scaled: Floats = rows / np.where(heights > 0, heights, 1.0)
    return scaled
