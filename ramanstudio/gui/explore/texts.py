"""What Explore says in words: of one spectrum beside the mouse, of all above the plane, of the axes, and as text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.common.texts import count_of, number
from ramanstudio.gui.explore.colouring import Values
from ramanstudio.gui.explore.member_spectra import MemberSpectra
from ramanstudio.gui.explore.point_tooltip import TooltipContent
from ramanstudio.gui.explore.scatter_points import DENSITY_ABOVE
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Exploration


def spoken_of(spectra: MemberSpectra, groups: Groups | None, tinted: Any, index: int) -> TooltipContent | None:
    """Name, group with chance, and what colours it; None where the spectrum is gone."""
    if index >= len(spectra) or not spectra.name(index):
        return None
    words = []
    if groups is not None and index < len(groups.labels):
        label = int(groups.labels[index])
        chance = f" · {100 * float(groups.probabilities[index]):.0f} %"
        words.append(f"{groups.groups[label].name}{chance}" if label >= 0 else "outlier")
    if isinstance(tinted, Values):
        value = float(tinted.values[index])
        words.append(number(value).replace("-", "−") if np.isfinite(value) else "not known")
    axis, values = spectra.spectrum(index) or (None, None)
    return TooltipContent(spectra.name(index), "   ".join(words), axis, values)


def summary(explored: Exploration, groups: Groups | None, selected: int, sentence: str) -> str:
    """`1,600 spectra · 5 groups · 12 selected`, behind what one should know."""
    words = [count_of(len(explored.members), "spectrum", "spectra")]
    if groups is not None and groups.groups:
        words.append(count_of(len(groups.groups), "group"))
    if selected:
        words.append(f"{selected:,} selected")
    if len(explored.members) > DENSITY_ABOVE:
        words.append("drawn as a density until you zoom in")
    counts = " · ".join(words)
    return f"{sentence}   {counts}" if sentence else counts


def component_names(explored: Exploration, plane: NDArray[np.float32]) -> tuple[str, str]:
    """`component 1 (34 %)`: how much of all differences lies along each axis of the plane (N, 2)."""
    whole = float(explored.coordinates.var(axis=0).sum()) if explored.coordinates.size else 0.0
    shares = plane.var(axis=0) / whole if whole > 0 else np.full(2, np.nan)
    if not np.isfinite(shares).all() or shares.sum() > 1.001:
        return "component 1", "component 2"
    return f"component 1 ({100 * shares[0]:.0f} %)", f"component 2 ({100 * shares[1]:.0f} %)"


def as_text(
    spectra: MemberSpectra, plane: NDArray[np.float32], groups: Groups | None, selected: NDArray[np.bool_]
) -> str:
    """Name, place and group of the selected spectra, or of all, as tab separated text."""
    which = np.flatnonzero(selected) if selected.any() else np.arange(len(spectra))
    names = groups.names() if groups is not None else [""] * len(spectra)
    lines = ["spectrum\tx\ty\tgroup"]
    lines += [f"{spectra.name(i)}\t{plane[i, 0]:.6g}\t{plane[i, 1]:.6g}\t{names[i]}" for i in which.tolist()]
    return "\n".join(lines)
