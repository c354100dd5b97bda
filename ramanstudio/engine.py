"""The engine: what RamanStudio can do with spectra. The window, the command line and scripts share these verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis import clusters, lines, shared, snr
from ramanstudio.analysis.clusters import Clusters
from ramanstudio.errors import StudioError
from ramanstudio.mae import zoo
from ramanstudio.mae.zoo import ModelCard
from ramanstudio.progress import SILENT, Progress
from ramanstudio.spectra import SpectrumSet, stacked

if TYPE_CHECKING:
    from ramanstudio.mae.predictor import Predictor

DEFAULT_MODEL = "smae-base"
FEWEST_POINTS = 32  # one window of the default model
FEWEST_TOGETHER = shared.FEWEST  # spectra; fewer are denoised each by itself, whatever is asked
MOST_TOGETHER = 10_000  # spectra; more are denoised in portions: together they take 0.12 MB each at 1000 points
BAND = 1.645  # expected errors either side of the curve that hold the true value nine times in ten


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Denoised spectra and how far to trust them.

    `spectra` on the axis of the raw ones; `expected_error` (N, B), the standard deviation of what is still wrong, in
    the unit of the values; `snr_before` and `snr_after` (N,): height of the strongest line over its local baseline,
    divided by the error to be expected of one raw sample and of one denoised sample.
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    snr_before: NDArray[np.float32]
    snr_after: NDArray[np.float32]

    @property
    def gain(self) -> NDArray[np.float32]:
        """How many times the signal-to-noise ratio grew (N,); 1 where there is nothing to compare."""
        gain = np.ones_like(self.snr_before)
        np.divide(self.snr_after, self.snr_before, out=gain, where=self.snr_before > 0)
        return gain

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> Denoised:
        """Some of the spectra: an index, a slice, a list of indices or a boolean (N,)."""
        rows = slice(which, which + 1 or None) if isinstance(which, (int, np.integer)) else which
        return Denoised(self.spectra[rows], self.expected_error[rows], self.snr_before[rows], self.snr_after[rows])

    def measured_in(self, raw: SpectrumSet, low_cm: float, high_cm: float) -> Denoised:
        """The same, with both ratios measured from the noise between two Raman shifts of the `raw` spectra.

        Raises StudioError when fewer than 16 points lie between them.
        """
        inside = _between(raw, low_cm, high_cm)
        if not reaches(raw, low_cm, high_cm):
            raise StudioError(
                f"There are only {int(inside.sum())} points between {low_cm:.0f} and {high_cm:.0f} cm⁻¹.",
                remedy=f"The noise can be measured from {snr.FEWEST_POINTS} points or more: widen the region.",
            )
        sigma = snr.noise_sigma(raw.values[:, inside])
        signal = snr.signal_height(self.spectra.axis, self.spectra.values)
        return _with_ratios(self.spectra, self.expected_error, raw.values, signal, sigma, inside)


def _with_ratios(
    denoised: SpectrumSet,
    expected_error: NDArray[np.float32],
    raw: NDArray[np.float32],
    signal: NDArray[np.float32],
    sigma: NDArray[np.float32],
    region: NDArray[np.bool_] | slice = slice(None),
) -> Denoised:
    # what 32 bits cannot resolve counts as noise, so that a spectrum without any has a large ratio, not an infinite one
    floor = np.finfo(np.float32).eps * np.abs(raw).max(axis=1) + np.finfo(np.float32).tiny
    left = np.maximum(_root_mean_square(expected_error[:, region]), floor)
    # The best estimate of noise and what it leaves are uncorrelated, so their squares add up to the noise there was;
    # the second difference sees only what is white.
    removed = _root_mean_square((raw - denoised.values)[:, region])
    there_was = np.maximum(np.hypot(removed, left), sigma)
    return Denoised(denoised, expected_error, signal / there_was, signal / left)


def _at_least(expected_error: NDArray[np.float32], least: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """`expected_error` (N, B) with a root mean square of `least` (N,) or more, by an equal share for every point."""
    lacking = np.maximum(np.float64(least) ** 2 - np.float64(_root_mean_square(expected_error)) ** 2, 0)
    error: NDArray[np.float32] = np.hypot(expected_error, np.sqrt(lacking)[:, None]).astype(np.float32)
    return error


def _root_mean_square(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    # in 64 bits: in 32, squares of 1e-25 are zero and those of 1e20 infinite, whatever unit the intensities are in
    square = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1]
    mean: NDArray[np.float32] = np.sqrt(square).astype(np.float32)
    return mean


def reaches(spectra: SpectrumSet, low_cm: float, high_cm: float) -> bool:
    """Whether `spectra` have enough points between two Raman shifts to measure the noise there."""
    return int(_between(spectra, low_cm, high_cm).sum()) >= snr.FEWEST_POINTS


def _between(spectra: SpectrumSet, low_cm: float, high_cm: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (spectra.axis >= low_cm) & (spectra.axis <= high_cm)
    return inside


def noise_region(spectra: SpectrumSet) -> tuple[float, float]:
    """Where the noise is measured unless the user says otherwise: over the whole axis, in cm⁻¹."""
    return float(spectra.axis[0]), float(spectra.axis[-1])


def models() -> tuple[str, ...]:
    """The names of the models that can be loaded."""
    return zoo.available()


class Engine:
    """One loaded model on one device. Not for two threads at once."""

    def __init__(self, card: ModelCard, predictor: Predictor) -> None:
        self.card = card
        self._predictor = predictor

    @classmethod
    def load(cls, model: str | Path = DEFAULT_MODEL, device: str = "auto", threads: int | None = None) -> Engine:
        """Load a model by name or folder onto "auto", "cpu", "cuda" or "mps"; a CPU works with `threads`.

        Raises StudioError when the model is missing or damaged, or there is no such device.
        """
        from ramanstudio.mae import predictor

        predictor.use_threads(threads)
        folder = zoo.find(model)
        card, network = zoo.load(folder)
        chosen = predictor.choose_device(device)
        return cls(card, predictor.Predictor(network, card.error_calibration, chosen, zoo.load_embedder(folder)))

    @property
    def device_name(self) -> str:
        """The device in words: "CPU · 2 threads", "GPU · NVIDIA H200"."""
        return self._predictor.device_name

    def denoise(self, spectra: SpectrumSet, together: bool = False, progress: Progress | None = None) -> Denoised:
        """Take the noise off each spectrum, and say how much is left.

        Each by itself, or `together`: with the structure that the set shares, where it shares any.
        Raises StudioError when a spectrum holds NaN or infinities or is too short, Cancelled when asked to stop.
        """
        refusal = _refusal(spectra, self.card.network.window)
        if refusal is not None:
            raise refusal
        values = spectra.values
        sigma = snr.noise_sigma(values)
        find_noise = partial(self._predictor.noise, spectra.axis, progress=progress or SILENT)
        noise, error = find_noise(values, sigma)
        noisy = sigma > 0
        if together and noisy.sum() >= shared.FEWEST:
            noise[noisy], error[noisy] = shared.join(
                spectra.axis, values[noisy], sigma[noisy], noise[noisy], error[noisy], find_noise
            )
        denoised = spectra.with_values(values - noise)
        # Beyond the ratios it was trained on the network claims too much. No spectrum is much truer than repeats of it
        # agree; half of what they typically differ by leaves alone what the network knows better.
        signal = snr.signal_height(denoised.axis, denoised.values)
        error = _at_least(error, snr.drift_between_repeats(signal, sigma) / 2)
        return _with_ratios(denoised, error, values, signal, sigma)

    def embed(self, spectra: SpectrumSet, progress: Progress | None = None) -> NDArray[np.float32]:
        """What each spectrum is of, as rows of unit length (N, D): alike for one substance, whatever the axis.

        They are read off the denoised spectra. Raises StudioError when the model gives no features, a spectrum cannot
        be denoised, or too little of it lies where features are read from; Cancelled when asked to stop.
        """
        progress = progress or SILENT
        self._predictor.require_features(spectra.axis)
        denoised = self.denoise(spectra, progress=progress).spectra
        return self._predictor.features(denoised.axis, denoised.values, progress)

    def cluster(
        self, spectra: SpectrumSet, n_clusters: int | None = None, progress: Progress | None = None
    ) -> Clusters:
        """Find groups of spectra that are alike; how many is chosen by the data when not told.

        By the lines and slopes of the denoised spectra, as components of the set, and by their features where the
        model gives any. Raises StudioError when a spectrum cannot be denoised or there are fewer than groups,
        Cancelled when asked to stop.
        """
        progress = progress or SILENT
        denoised = self.denoise(spectra, progress=progress).spectra
        blocks = [lines.components(rows) for rows in lines.line_features(denoised.axis, denoised.values)]
        if self._predictor.reads_features(denoised.axis):
            blocks.append(self._predictor.features(denoised.axis, denoised.values, progress))
        return clusters.cluster(np.hstack(blocks), n_clusters, progress)

    def denoise_each(
        self, sets: Sequence[SpectrumSet], progress: Progress | None = None, together: Sequence[int] = ()
    ) -> list[Denoised | StudioError]:
        """Denoise several sets, those of equal axes in one go; shows (index, result) as each is done.

        `together` has a number for each set: the spectra of all sets with one number, on one axis, are denoised with
        the structure they share; those with 0, which is what all have when none are given, each by itself.
        A set that cannot be denoised has its StudioError as result, and does not stop the others. Raises Cancelled
        when asked to stop.
        """
        progress = progress or SILENT
        numbers = list(together) or [0] * len(sets)
        results: dict[int, Denoised | StudioError] = {}
        for index, one in enumerate(sets):
            refusal = _refusal(one, self.card.network.window)
            if refusal is not None:
                results[index] = refusal
                progress.show((index, refusal))
        done, total = 0, sum(len(one) for one in sets)
        left = [index for index in range(len(sets)) if index not in results]
        for number, indices in _at_once(sets, numbers, left):
            joint, part = stacked([sets[index] for index in indices]), progress.part(done, total)
            found = self._denoise_together(joint, part) if number else self.denoise(joint, progress=part)
            for index in indices:
                rows, found = found[: len(sets[index])], found[len(sets[index]) :]
                results[index] = replace(rows, spectra=sets[index].with_values(rows.spectra.values))
                progress.show((index, results[index]))
                done += len(sets[index])
        return [results[index] for index in range(len(sets))]

    def _denoise_together(self, spectra: SpectrumSet, progress: Progress) -> Denoised:
        """Denoise a set with what it shares; more than MOST_TOGETHER in portions of spectra from all over the set."""
        many = portions(len(spectra))
        places = [np.arange(len(spectra))[first::many] for first in range(many)]
        parts, done = list[Denoised](), 0
        for rows in places:
            part = _of_two_passes(progress.part(done, len(spectra)), len(rows))
            parts.append(self.denoise(spectra[rows], True, part))
            done += len(rows)
        return joined(spectra, parts, np.concatenate(places))


def portions(spectra: int) -> int:
    """In how many portions so many spectra are denoised together."""
    return -(-spectra // MOST_TOGETHER)


def joined(source: SpectrumSet, parts: Sequence[Denoised], places: NDArray[np.intp] | None = None) -> Denoised:
    """The denoised spectra of `source` from those of its parts; `places` (N,) says where each belongs in it."""
    back = slice(None) if places is None else np.argsort(places)
    return Denoised(
        source.with_values(np.concatenate([one.spectra.values for one in parts])[back]),
        np.concatenate([one.expected_error for one in parts])[back],
        np.concatenate([one.snr_before for one in parts])[back],
        np.concatenate([one.snr_after for one in parts])[back],
    )


def _of_two_passes(progress: Progress, spectra: int) -> Progress:
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


def _refusal(spectra: SpectrumSet, window: int = FEWEST_POINTS) -> StudioError | None:
    """Why these spectra cannot be denoised by a network that sees `window` points at once, or None."""
    if spectra.points < window:
        other = f", or {FEWEST_POINTS} for {DEFAULT_MODEL}" if window > FEWEST_POINTS else ""
        return StudioError(
            f"A spectrum of {spectra.points} points is too short to denoise.",
            remedy=f"At least {window} points are needed{other}.",
        )
    broken = int(np.sum(~np.isfinite(spectra.values).all(axis=1)))
    if broken:
        which = "The spectrum holds" if len(spectra) == 1 else f"{broken} of {len(spectra)} spectra hold"
        return StudioError(
            f"{which} values that are not numbers (NaN or infinite).",
            remedy="Crop the range where the detector gave nothing, or leave those spectra out.",
        )
    return None


def _at_once(
    sets: Sequence[SpectrumSet], numbers: Sequence[int], indices: Sequence[int]
) -> list[tuple[int, list[int]]]:
    """The `indices` of sets that share a number and an axis in one list each, in the order they first appear."""
    groups: dict[tuple[int, bytes], list[int]] = {}
    for index in indices:
        groups.setdefault((numbers[index], sets[index].axis.tobytes()), []).append(index)
    return [(number, group) for (number, _), group in groups.items()]
