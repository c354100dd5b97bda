"""Many spectra at once: which can be denoised, which of them together, and in how many portions."""

from __future__ import annotations

from collections.abc import Sequence

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import is_finite

DEFAULT_MODEL = "smae-base"
FEWEST_POINTS = 32  # one window of the default model
MIN_TOGETHER = 4  # spectra; the structure shared by fewer cannot be told from chance
MAX_TOGETHER = 10_000  # spectra; more are denoised in portions: together they take 0.12 MB each at 1000 points


def count_portions(spectra: int) -> int:
    """In how many portions so many spectra are denoised together."""
    return -(-spectra // MAX_TOGETHER)


def two_pass_progress(progress: Progress, spectra: int) -> Progress:
    """A progress that counts `spectra` once, though the network sees a set twice: each spectrum, then what is its own.

    Between the two it sees what they share, which are so few that they are not counted.
    """
    reached, passes = 0, 0

    def report(done: int, total: int, note: str) -> None:
        nonlocal reached, passes
        if 2 * total > spectra:
            passes += done == 0
            reached = max(reached, min(spectra, ((passes - 1) * spectra + done) // 2))
        progress(reached, spectra, note)

    return Progress(report, progress.show, progress.warn)


def denoising_problem(spectra: SpectrumSet, window: int = FEWEST_POINTS) -> StudioError | None:
    """Why these spectra cannot be denoised by a network that sees `window` points at once, or None."""
    if spectra.points < window:
        other = f", or {FEWEST_POINTS} for {DEFAULT_MODEL}" if window > FEWEST_POINTS else ""
        return StudioError(
            f"A spectrum of {spectra.points} points is too short to denoise.",
            remedy=f"At least {window} points are needed{other}.",
        )
    return None if is_finite(spectra).any() else non_finite_problem(spectra)


def non_finite_problem(spectra: SpectrumSet) -> StudioError | None:
    """What to say of spectra that hold NaN or infinities, or None."""
    many = int((~is_finite(spectra)).sum())
    if many:
        which = "The spectrum holds" if len(spectra) == 1 else f"{many} of {len(spectra)} spectra hold"
        return StudioError(
            f"{which} values that are not numbers (NaN or infinite).",
            remedy="Crop the range where the detector gave nothing, or leave those spectra out.",
        )
    return None


def group_by_axis(
    sets: Sequence[SpectrumSet], numbers: Sequence[int], indices: Sequence[int]
) -> list[tuple[int, list[int]]]:
    """The `indices` of sets that share a number and an axis in one list each, in the order they first appear."""
    groups: dict[tuple[int, bytes], list[int]] = {}
    for index in indices:
        groups.setdefault((numbers[index], sets[index].axis.tobytes()), []).append(index)
    return [(number, group) for (number, _), group in groups.items()]
