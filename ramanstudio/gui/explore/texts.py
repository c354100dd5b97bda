"""The texts of Explore: tooltip of a point, summary above the plot, axis labels, the clipboard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.explore.colouring import Colouring, ValueColouring
from ramanstudio.gui.explore.member_spectra import MemberSpectra
from ramanstudio.gui.explore.point_tooltip import TooltipContent
from ramanstudio.gui.explore.scatter_points import DENSITY_ABOVE
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Exploration


def tooltip_of(
    spectra: MemberSpectra, groups: Groups | None, colouring: Colouring | None, index: int
) -> TooltipContent | None:
    """Return name, group with its probability, and the value that colours a point; None where it has been closed."""
    if index >= len(spectra) or not spectra.name(index):
        return None
    details = []
    if groups is not None and index < len(groups.labels):
        label = int(groups.labels[index])
        probability = f" · {100 * float(groups.probabilities[index]):.0f} %"
        details.append(f"{groups.groups[label].name}{probability}" if label >= 0 else "outlier")
    if isinstance(colouring, ValueColouring):
        value = float(colouring.values[index])
        details.append(format_significant(value) if np.isfinite(value) else "unknown")
    axis, values = spectra.spectrum(index) or (None, None)
    return TooltipContent(spectra.name(index), "   ".join(details), axis, values)


def summary(is_open: NDArray[np.bool_], groups: Groups | None, n_selected: int, sentence: str) -> str:
    """Return `1600 spectra · 5 groups · 12 selected`, after a `sentence` if there is one.

    Only members that are still open (N,) count.
    """
    n_open = int(is_open.sum())
    counts = [count_of(n_open, "spectrum", "spectra")]
    if groups is not None and (n_groups := len(np.unique(groups.labels[is_open & (groups.labels != OUTLIER)]))):
        counts.append(count_of(n_groups, "group"))
    if n_selected:
        counts.append(f"{format_number(n_selected)} selected")
    if n_open > DENSITY_ABOVE:
        counts.append("drawn as a density until you zoom in")
    joined = " · ".join(counts)
    return f"{sentence}   {joined}" if sentence else joined


def pca_axis_names(exploration: Exploration, scores: NDArray[np.float32]) -> tuple[str, str]:
    """Return the labels of the axes of PCA scores (N, 2): `PC 1 (34 %)`, with the share of the variance."""
    total = float(exploration.coordinates.var(axis=0).sum()) if exploration.coordinates.size else 0.0
    shares = scores.var(axis=0) / total if total > 0 else np.full(2, np.nan)
    if not np.isfinite(shares).all() or shares.sum() > 1.001:
        return "PC 1", "PC 2"
    return f"PC 1 ({100 * shares[0]:.0f} %)", f"PC 2 ({100 * shares[1]:.0f} %)"


def as_text(
    spectra: MemberSpectra, plane: NDArray[np.float32], groups: Groups | None, selected: NDArray[np.bool_]
) -> str:
    """Return name, coordinates (N, 2) and group of the selected spectra (N,), or of all, as tab-separated text."""
    rows = np.flatnonzero(selected) if selected.any() else np.arange(len(spectra))
    names = groups.names() if groups is not None else [""] * len(spectra)
    lines = ["spectrum\tx\ty\tgroup"]
    lines += [f"{spectra.name(row)}\t{plane[row, 0]:.6g}\t{plane[row, 1]:.6g}\t{names[row]}" for row in rows.tolist()]
    return "\n".join(lines)
