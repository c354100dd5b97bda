"""What labels of peaks say and where they stand: positions, what was fitted, and how the user moved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.document.peak_finding import PeakFinding, SpectrumPeaks
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import LabelOffset, label_offset

Floats = NDArray[np.floating[Any]]

LABEL_FIELDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"height": ("h", "Height"), "fwhm": ("w", "Width"), "area": ("A", "Area")}
)  # what a label may say beside the position: {key: (sign, title)}


@dataclass(frozen=True, slots=True)
class PeakLabel:
    """A label at Raman shift `shift` in cm⁻¹ for a peak of this `height`; hollow where the data do not support it.

    `by` says how far the user moved it from the top of the peak, in cm⁻¹ and in heights of the spectrum.
    """

    shift: float
    height: float
    text: str
    is_hollow: bool = False
    by: tuple[float, float] | None = None


def labels_of(
    peaks: SpectrumPeaks,
    axis: Floats,
    values: Floats,
    offsets: Sequence[LabelOffset] = (),
    row: int = 0,
    fields: Sequence[str] = (),
) -> list[PeakLabel]:
    """Return the labels of the peaks of a spectrum, by position, at the heights of `values` (B,) at `axis` (B,).

    `offsets` are labels that were moved, `row` is the number of the spectrum in its entry, `fields` (keys of
    LABEL_FIELDS) is what labels say beside the position.
    """
    finite = np.isfinite(values)
    if not finite.any():
        return []
    places = [(peak.center.value, True) for peak in peaks.model.peaks]
    texts = [""] * len(places)
    if peaks.table is not None:
        rows = zip(peaks.table.rows(), peaks.supported.tolist(), strict=True)
        for values_of, is_supported in rows:
            number = values_of["peak"]
            places[number] = (values_of["center" if "center" in values_of else "position"], is_supported)
            texts[number] = "".join(f", {LABEL_FIELDS[key][0]} {values_of[key]:.4g}" for key in fields)
    heights = np.interp([place for place, _ in places], axis[finite], values[finite]).tolist()
    labels = []
    for (place, is_supported), height, text in zip(places, heights, texts, strict=True):
        moved = label_offset(offsets, row, place)
        by = None if moved is None else (moved.by_cm, moved.by_height)
        labels.append(PeakLabel(place, height, f"{place:.1f}{text}", not is_supported, by))
    return sorted(labels, key=lambda item: item.shift)


def known_labels(
    finding: PeakFinding, session: Session, entry_id: int, axis: Floats, values: Floats
) -> list[PeakLabel]:
    """Return the labels of the only selected spectrum of an entry, as Peaks shows them; none where they are not known.

    `axis` and `values` (B,) are the spectrum that is drawn.
    """
    entry = session.entry(entry_id)
    if entry is None or entry.source is None:
        return []
    rows = session.rows_of(entry)
    if len(rows) != 1:
        return []
    row = int(rows[0])
    peaks = finding.peaks((entry_id, row))
    if peaks is None or not peaks.input.is_of(entry, session.project.result(entry)):
        return []
    return labels_of(peaks, axis, values, entry.label_offsets, row, finding.label_fields)
