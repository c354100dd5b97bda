"""Spectra in the wizard's strips: the one in question, over the mean of the class it was said to be and of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis.lines import without_baseline
from ramanstudio.gui.strip import SCALED, Curve, Strip
from ramanstudio.gui.theme import current

if TYPE_CHECKING:
    from ramanstudio.gui.teach.subject import Subject

MOST_OF_A_CLASS: Final = 20  # spectra that its mean is drawn of
Floats = NDArray[np.floating[Any]]


def draw_doubt(strip: Strip, subject: Subject, words: NDArray[np.str_], place: int, told: str = "") -> None:
    """Draw the spectrum at `place`, and the means of the spectra labelled `told`, and labelled as it is."""
    drawn = [([place], subject.names[place])]
    for name in dict.fromkeys((told, str(words[place]))):
        others = [one for one in np.flatnonzero(words == name).tolist() if one != place] if name else []
        if others:
            drawn.append((others[:MOST_OF_A_CLASS], f"{name}, mean of {min(len(others), MOST_OF_A_CLASS)}"))
    _draw(strip, subject, drawn)


def draw_places(strip: Strip, subject: Subject, places: Sequence[tuple[int, str]]) -> None:
    """Draw the spectra at these places."""
    _draw(strip, subject, [([place], name) for place, name in places])


def draw_classes(strip: Strip, subject: Subject, words: NDArray[np.str_], classes: Sequence[str]) -> None:
    """Draw the mean of each class."""
    members = [(np.flatnonzero(words == name)[:MOST_OF_A_CLASS].tolist(), name) for name in classes]
    _draw(strip, subject, [(places, name) for places, name in members if places])


def _draw(strip: Strip, subject: Subject, drawn: Sequence[tuple[list[int], str]]) -> None:
    """Each as the mean of its places, every spectrum without its baseline and from 0 to 1; the first on top."""
    theme = current()
    curves = []
    for number, (places, name) in enumerate(drawn):
        values = _scaled(without_baseline(subject.seen[places]).values)
        spread = values.std(axis=0) if len(places) > 1 else None
        curves.append(Curve(name, subject.seen.axis, values.mean(axis=0), spread, theme.category(number)))
    strip.show_curves(curves[::-1], SCALED)


def _scaled(values: Floats) -> Floats:
    rows = values.astype(np.float64) - values.min(axis=1, keepdims=True)
    heights = rows.max(axis=1, keepdims=True)
    scaled: Floats = rows / np.where(heights > 0, heights, 1.0)
    return scaled
