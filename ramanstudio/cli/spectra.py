"""Checks and alignment of spectra from several files, shared by verbs that compare them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.signal import comparison
from ramanstudio.signal.comparison import MIN_POINTS

T = TypeVar("T", "Sequence[Any]", NDArray[Any])  # rows, one per spectrum
NOT_FINITE_REMEDY = "Crop the range where the detector gave nothing."


def without_non_finite(source: Source, reader: BatchReader) -> Source | None:
    """Drop the spectra with NaN or infinite values, with a warning; a source with no other fails and gives None."""
    file, spectra = source
    finite = np.asarray(np.isfinite(spectra.values).all(axis=1))
    if finite.all():
        return source
    n_dropped = int((~finite).sum())
    which = "The spectrum holds" if len(spectra) == 1 else f"{n_dropped} of {len(spectra)} spectra hold"
    sentence = f"{which} values that are not numbers (NaN or infinite)."
    if not finite.any():
        reader.fail(file, StudioError(sentence, remedy=NOT_FINITE_REMEDY))
        return None
    reader.bar.say(f"'{file.name}': {sentence} They are left out.")
    return Source(file, spectra.with_table(name=spectrum_names(spectra))[finite])


def all_finite(source: Source, reader: BatchReader) -> Source | None:
    """Return the source if all its values are finite; otherwise it fails and gives None."""
    if np.isfinite(source.spectra.values).all():
        return source
    sentence = f"'{source.file.name}' holds values that are not numbers (NaN or infinite)."
    reader.fail(source.file, StudioError(sentence, remedy=NOT_FINITE_REMEDY))
    return None


def on_one_axis(sources: Sequence[Source]) -> SpectrumSet:
    """Return the spectra of all sources on one axis: their own, or interpolated in the range that they share.

    Raises StudioError when they share fewer than 32 points.
    """
    sets = [source.spectra for source in sources]
    if all(spectra.same_axis(sets[0]) for spectra in sets):
        return stacked(sets)
    axis = comparison.common_axis(sets)
    if axis is None:
        latest = max(sources, key=lambda source: source.spectra.axis[0])
        earliest = min(sources, key=lambda source: source.spectra.axis[-1])
        raise StudioError(
            f"These spectra share too small a range: '{latest.file.name}' begins at"
            f" {latest.spectra.axis[0]:.0f} cm⁻¹ and '{earliest.file.name}' ends at"
            f" {earliest.spectra.axis[-1]:.0f} cm⁻¹.",
            remedy=f"Give files that share at least {MIN_POINTS * comparison.median_step(sets):.0f} cm⁻¹.",
        )
    return SpectrumSet(axis, np.concatenate([comparison.resample(spectra, axis) for spectra in sets]))


def compute_per_axis(
    sources: Sequence[Source],
    reader: BatchReader,
    progress: Progress,
    compute: Callable[[SpectrumSet, Progress], T],
) -> list[tuple[Source, T]]:
    """Call `compute` once per axis with all spectra on it; return each source with its rows of the result, in order.

    Where that raises an error it is called source by source, and those at fault fail and are left out.
    """
    groups: dict[bytes, list[int]] = {}
    for index, source in enumerate(sources):
        groups.setdefault(source.spectra.axis.tobytes(), []).append(index)
    results: dict[int, T] = {}
    done, total = 0, sum(len(source.spectra) for source in sources)
    for indices in groups.values():
        group = [sources[index] for index in indices]
        rows = _compute_group(group, reader, progress.part(done, total), compute)
        results.update((index, row) for index, row in zip(indices, rows, strict=True) if row is not None)
        done += sum(len(source.spectra) for source in group)
    return [(sources[index], results[index]) for index in sorted(results)]


def _compute_group(
    sources: Sequence[Source],
    reader: BatchReader,
    progress: Progress,
    compute: Callable[[SpectrumSet, Progress], T],
) -> list[T | None]:
    """The rows of each source, of all at once; where that fails one by one, with None for those at fault."""
    try:
        rows = compute(stacked([source.spectra for source in sources]), progress)
    except Cancelled:
        raise
    except Exception as error:
        if len(sources) > 1:
            return [row for source in sources for row in _compute_group([source], reader, progress, compute)]
        reader.fail(sources[0].file, error)
        return [None]
    ends = np.cumsum([0, *(len(source.spectra) for source in sources)]).tolist()
    return [rows[begin:end] for begin, end in itertools.pairwise(ends)]
