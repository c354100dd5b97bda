"""Spectra in the wizard's strips: the one in question, over some of the class it was said to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.strip import SCALED, Curve, Strip
from ramanstudio.gui.theme import current

if TYPE_CHECKING:
    from ramanstudio.gui.teach.subject import Subject

LIKES = 2  # spectra of a class drawn beside the one in question


def draw_doubt(strip: Strip, subject: Subject, words: NDArray[np.str_], place: int, told: str = "") -> None:
    """Draw the spectrum at `place`, and others that are labelled `told`, and as it is."""
    drawn = [(place, subject.names[place])]
    for name in dict.fromkeys((told, str(words[place]))):
        likes = [one for one in np.flatnonzero(words == name).tolist() if one != place] if name else []
        drawn += [(one, name) for one in likes[:LIKES]]
    draw_places(strip, subject, drawn)


def draw_places(strip: Strip, subject: Subject, places: Sequence[tuple[int, str]]) -> None:
    """Draw the spectra at these places, each from 0 to 1, those of one name in one colour."""
    theme, colours = current(), dict[str, str]()
    curves = []
    for place, name in places:
        colour = colours.setdefault(name, theme.category(len(colours)))
        values = subject.seen.values[place].astype(np.float64)
        values = values - values.min()
        curves.append(Curve(name, subject.seen.axis, values / (float(values.max()) or 1.0), None, colour))
    strip.show_curves(curves, SCALED)
