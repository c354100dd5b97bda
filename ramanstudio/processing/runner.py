"""The one runner: applies a recipe for the window, exports, the command line, batches and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.step import Context, Denoiser, RecipeStep, State, Step, StepResult
from ramanstudio.signal.snr import noise_sigma

SCATTER_POINTS: Final = 31  # over which the scatter of averaged spectra is smoothed


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """Spectra after a recipe.

    Parameters
    ----------
    spectra : N spectra on the axis that the recipe ends with (B')
    expected_error : (N, B') standard deviation of the error at each point
    snr_before, snr_after : (N,) signal-to-noise ratio of the spectra that entered and left Denoise, without cosmic
        rays; NaN where the recipe does not denoise
    records : one mapping for each step that was applied: title, parameters, what it did
    results : the StepResult of each step, for drawing
    problems : the StudioError of each step that could not be applied, by its index among the enabled steps
    replaced, doubtful : (N, B') points interpolated in place of cosmic rays, and those that are a line or a spike
    steps : the steps that were applied
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    snr_before: NDArray[np.float32]
    snr_after: NDArray[np.float32]
    records: tuple[Mapping[str, Any], ...]
    results: tuple[StepResult, ...] = field(default=(), repr=False)
    problems: Mapping[int, StudioError] = field(default_factory=dict)
    replaced: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=bool), repr=False)
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=bool), repr=False)
    steps: tuple[Step, ...] = field(default=(), repr=False)


class Runner:
    """Applies recipes to one set of spectra and keeps the result of each stage.

    A changed step is applied again together with those after it; those before it, Denoise among them, are not.
    `known` is what a runner of the same spectra returned earlier: its stages are kept likewise. With `keep_stages` off
    only the last one is kept, and of the others the values of each spectrum: for sets that are large. `error` (N, B) is
    the standard error of spectra that are averages; where None, the error is their noise.
    """

    def __init__(
        self,
        spectra: SpectrumSet,
        denoiser: Denoiser | None = None,
        known: Processed | None = None,
        keep_stages: bool = True,
        error: NDArray[np.float32] | None = None,
    ) -> None:
        enough = spectra.points >= 3 and len(spectra) > 0  # of two points nothing is known of the noise
        sigma = noise_sigma(spectra.values) if enough else np.zeros(len(spectra), dtype=np.float32)
        noise = np.broadcast_to(sigma[:, None], spectra.values.shape)  # no copy: a map may be large
        self.start = State(spectra, noise)
        if error is not None and error.shape == spectra.values.shape:
            self.start = State(spectra, error, scatter=_scatter(error, sigma))
        self._denoiser = denoiser
        self._keep_stages = keep_stages
        self._steps: list[Step] = list(known.steps) if known is not None else []
        self._results: list[StepResult] = list(known.results) if known is not None else []
        self._problems: dict[int, StudioError] = dict(known.problems) if known is not None else {}

    def run(self, recipe: Sequence[RecipeStep], progress: Progress = SILENT, skip_problems: bool = False) -> Processed:
        """Apply the enabled steps of a recipe in order.

        A step that cannot be applied raises its StudioError; with `skip_problems` the spectra stay as they were before
        that step, and the error is kept under the step's index. Raises Cancelled when asked to stop.
        """
        steps = [entry.step for entry in recipe if entry.enabled]
        kept = 0
        while kept < min(len(steps), len(self._steps)) and steps[kept] == self._steps[kept]:
            kept += 1
        del self._steps[kept:], self._results[kept:]
        self._problems = {index: error for index, error in self._problems.items() if index < kept}
        for index, problem in () if skip_problems else self._problems.items():
            raise StudioError(f"{steps[index].title}: {problem.sentence}", remedy=problem.remedy) from problem
        for index, step in enumerate(steps[kept:], start=kept):
            state = self._results[-1].state if self._results else self.start
            try:
                result = _apply(step, state, Context(self._denoiser, progress))
            except StudioError as error:
                if not skip_problems:
                    raise StudioError(f"{step.title}: {error.sentence}", remedy=error.remedy) from error
                self._problems[index] = error
                result = StepResult(state, error.sentence)
            if self._results and not self._keep_stages:
                self._results[-1] = _without_arrays(self._results[-1], self.start)
            self._steps.append(step)
            self._results.append(result)
        return self._processed(steps)

    def _processed(self, steps: Sequence[Step]) -> Processed:
        state = self._results[-1].state if self._results else self.start
        unknown = np.full(len(state.spectra), np.nan, dtype=np.float32)
        denoised = next((result for result in self._results if "snr_before" in result.curves), None)
        records = tuple(
            {"step": step.key, "title": step.title, **_parameters(step), **result.record, "summary": result.summary}
            for step, result in zip(steps, self._results, strict=True)
        )
        return Processed(
            state.spectra,
            state.expected_error,
            unknown if denoised is None else denoised.curves["snr_before"],
            unknown if denoised is None else denoised.curves["snr_after"],
            records,
            tuple(self._results),
            dict(self._problems),
            _mask(state.replaced, state.spectra.values.shape),
            _mask(state.doubtful, state.spectra.values.shape),
            tuple(steps),
        )


def _scatter(error: NDArray[np.float32], sigma: NDArray[np.float32]) -> NDArray[np.float32]:
    """The share of the squared standard `error` (N, B) of averages that their noise `sigma` (N,) does not explain."""
    from scipy.ndimage import uniform_filter1d

    # at one point the error of a few spectra is known to no better than a third
    squared = uniform_filter1d(error.astype(np.float64) ** 2, min(SCATTER_POINTS, error.shape[1]), axis=1)
    share = 1 - sigma[:, None].astype(np.float64) ** 2 / np.maximum(squared, 1e-300)
    limited: NDArray[np.float32] = np.clip(share, 0, 1).astype(np.float32)
    return limited


def _apply(step: Step, state: State, context: Context) -> StepResult:
    """Apply a step. Raises StudioError also where a library fails on these spectra."""
    try:
        return step.apply(state, context)
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError) as error:
        raise StudioError(
            f"It cannot be computed for these spectra ({type(error).__name__}: {error}).",
            remedy="Change its parameters, or switch it off.",
        ) from error


def _without_arrays(result: StepResult, start: State) -> StepResult:
    """What a step did, without its spectra and curves (N, B)."""
    per_spectrum = {name: curve for name, curve in result.curves.items() if curve.ndim == 1}
    return replace(result, state=start, curves=per_spectrum)


def _parameters(step: Step) -> dict[str, Any]:
    return {name: getattr(step, name) for name in step.schema.fields}


def _mask(points: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.zeros(shape, dtype=bool) if points is None else points
