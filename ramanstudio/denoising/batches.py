"""Which spectra can be denoised, which of them together, and in how many portions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import describe_non_finite, is_finite
from ramanstudio.mae.model_store import DEFAULT_MODEL

MIN_POINTS: Final = 32  # one window of the default model
MAX_SHIFT_CM: Final = 1e6
MIN_SPAN_CM: Final = 1e-3
MIN_TOGETHER: Final = 4  # spectra; the structure shared by fewer cannot be told from chance
MAX_TOGETHER = 10_000  # spectra; more are denoised in portions: together they take 0.12 MB each at 1000 points


def count_portions(n_spectra: int) -> int:
    """Return in how many portions `n_spectra` are denoised together."""
    return max(1, -(-n_spectra // MAX_TOGETHER))


def two_pass_progress(progress: Progress, n_spectra: int) -> Progress:
    """Return a progress that counts each of `n_spectra` once, though the network is applied to a set twice.

    First to each spectrum, then to what it has beside the shared structure. The few components in between are not
    counted.
    """
    reached, passes = 0, 0

    def report(done: int, total: int, note: str) -> None:
        nonlocal reached, passes
        if 2 * total > n_spectra:
            passes += done == 0
            reached = max(reached, min(n_spectra, ((passes - 1) * n_spectra + done) // 2))
        progress(reached, n_spectra, note)

    return Progress(report, progress.show, progress.warn)


def denoising_problem(spectra: SpectrumSet, window: int = MIN_POINTS) -> StudioError | None:
    """Return why a network with windows of `window` points cannot denoise these spectra, or None."""
    if spectra.points < window:
        alternative = f", or {MIN_POINTS} for {DEFAULT_MODEL}" if window > MIN_POINTS else ""
        return StudioError(
            f"A spectrum of {spectra.points} points is too short to denoise.",
            remedy=f"At least {window} points are needed{alternative}.",
        )
    low, high = float(spectra.axis[0]), float(spectra.axis[-1])
    if max(-low, high) > MAX_SHIFT_CM or high - low < MIN_SPAN_CM:
        return StudioError(
            f"An axis from {low:g} to {high:g} cm⁻¹ cannot be that of a Raman spectrum.",
            remedy="Check the unit of the axis in the file.",
        )
    return None if is_finite(spectra).any() else non_finite_problem(spectra)


def non_finite_problem(spectra: SpectrumSet) -> StudioError | None:
    """Return the error that says how many spectra hold NaN or infinities, or None when none does."""
    n_broken = int((~is_finite(spectra)).sum())
    if n_broken:
        subject = "The spectrum holds" if len(spectra) == 1 else f"{n_broken} of {len(spectra)} spectra hold"
        return StudioError(
            f"{subject} {describe_non_finite([spectra])}.",
            remedy="Crop the range where the detector gave nothing, or leave those spectra out.",
        )
    return None


def group_by_axis(
    sets: Sequence[SpectrumSet], numbers: Sequence[int], indices: Sequence[int]
) -> list[tuple[int, list[int]]]:
    """Group the `indices` of sets that share a number and an axis -> (number, indices), in order of appearance."""
    groups: dict[tuple[int, bytes], list[int]] = {}
    for index in indices:
        groups.setdefault((numbers[index], sets[index].axis.tobytes()), []).append(index)
    return [(number, group) for (number, _), group in groups.items()]
