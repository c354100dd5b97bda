"""The two halves of a recipe: up to Denoise, which needs the network, and behind it, where a change is quick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.axis_uncertainty import AXIS_KEYS
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_POINTS
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.resample import Resample
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.smooth import Derivative, Smooth
from ramanstudio.processing.step import RecipeStep, State, Step, StepResult, segments

BEHIND: Final = (SubtractBaseline, Smooth, Derivative, Resample, Normalise)  # where a recipe has no row Denoise
_MASKS: Final = ("replaced", "doubtful")
SET_WIDE: Final = ("msc", "emsc")  # methods of Normalise that compare the spectra of a set


def length_of_front(recipe: Recipe) -> int:
    """Return how many rows of a recipe come up to Denoise and with it, or before what usually comes behind it."""
    kinds = [type(entry.step) for entry in recipe.steps]
    if Denoise in kinds:
        return kinds.index(Denoise) + 1
    return next((index for index, kind in enumerate(kinds) if kind in BEHIND), len(kinds))


def front_steps(recipe: Recipe) -> tuple[Step, ...]:
    """Return the enabled steps up to Denoise and with it."""
    return tuple(entry.step for entry in recipe.steps[: length_of_front(recipe)] if entry.enabled)


def recipe_of_mean(recipe: Recipe) -> Recipe:
    """Return the recipe for a mean of spectra as they enter Denoise: without what was done to them before.

    Cosmic rays stay, without those marked by hand; what compares the spectra of a set is left out.
    """
    n_front = length_of_front(recipe)
    front = [row for row in recipe.steps[:n_front] if isinstance(row.step, RemoveCosmicRays | Denoise)]
    unmarked = [
        replace(row, step=replace(row.step, added=(), removed=())) if isinstance(row.step, RemoveCosmicRays) else row
        for row in front
    ]
    behind = [row for row in recipe.steps[n_front:] if not is_set_wide(row.step)]
    steps = (*unmarked, *behind)
    return recipe if steps == recipe.steps else replace(recipe, steps=steps)


def same_front(first: Recipe, second: Recipe) -> bool:
    """Return whether two recipes give Denoise the same spectra and parameters."""
    return first is second or front_steps(first) == front_steps(second)


def resolve_sets(recipe: Recipe, as_set: bool) -> tuple[RecipeStep, ...]:
    """Return the steps, where Denoise says whether it denoises as a set instead of leaving that to the data."""

    def resolved(entry: RecipeStep) -> RecipeStep:
        if isinstance(entry.step, Denoise) and entry.step.as_set == "auto":
            return replace(entry, step=replace(entry.step, as_set="yes" if as_set else "no"))
        return entry

    return tuple(resolved(entry) for entry in recipe.steps)


def is_set_wide(step: Step) -> bool:
    """Return whether what a step does to a spectrum depends on the other spectra of its set."""
    return isinstance(step, Normalise) and step.method in SET_WIDE


def pieces_to_denoise(spectra: SpectrumSet) -> list[SpectrumSet]:
    """Return the stretches of spectra without a gap that are long enough to be denoised."""
    parts = [part for part in segments(spectra.axis) if part.stop - part.start >= MIN_POINTS]
    if len(parts) == 1 and parts[0] == slice(0, spectra.points):
        return [spectra]
    return [spectra.with_axis(spectra.axis[part], spectra.values[:, part]) for part in parts]


class KnownDenoiser:
    """Gives the step Denoise what was denoised already: `pieces`, or stretches of them; or the error there was."""

    def __init__(self, pieces: Sequence[Denoised | StudioError]) -> None:
        self._pieces = pieces

    def denoise(
        self,
        spectra: SpectrumSet,
        together: bool = False,
        progress: Progress | None = None,
        replaced: NDArray[np.bool_] | None = None,
    ) -> Denoised:
        """Return what is known of `spectra`. Raises StudioError where they could not be denoised."""
        for piece in self._pieces:
            if isinstance(piece, StudioError):
                raise piece
            axis = piece.spectra.axis
            first = int(np.searchsorted(axis, spectra.axis[0]))
            inside = slice(first, first + spectra.points)
            if np.array_equal(axis[inside], spectra.axis) and len(piece) == len(spectra):
                denoised = piece.spectra.with_axis(axis[inside], piece.spectra.values[:, inside])
                return Denoised(denoised, piece.expected_error[:, inside], piece.snr_before, piece.snr_after)
        raise StudioError("These spectra have not been denoised.", remedy="Denoise them.")


def select_rows(processed: Processed, rows: NDArray[np.int64] | slice) -> Processed:
    """Return what a recipe did to some of the spectra, with every stage."""
    n_spectra = len(processed.spectra)
    states: dict[int, State] = {}

    def state_of(state: State) -> State:
        if id(state) not in states:
            states[id(state)] = state.rows(rows)
        return states[id(state)]

    def result_of(result: StepResult) -> StepResult:
        curves = {name: curve[rows] if len(curve) == n_spectra else curve for name, curve in result.curves.items()}
        return replace(result, state=state_of(result.state), curves=curves)

    return replace(
        processed,
        spectra=processed.spectra[rows],
        expected_error=processed.expected_error[rows],
        snr_before=processed.snr_before[rows],
        snr_after=processed.snr_after[rows],
        replaced=processed.replaced[rows],
        doubtful=processed.doubtful[rows],
        results=tuple(result_of(result) for result in processed.results),
    )


def concatenate_processed(source: SpectrumSet, known: Processed, parts: Sequence[Processed]) -> Processed:
    """Join what a recipe made of portions of `source` that follow each other.

    Stages that `known`, an earlier result of all of them, has already are taken from there.
    """
    first = parts[0]
    n_kept = 0
    while n_kept < min(len(known.steps), len(first.steps)) and known.steps[n_kept] == first.steps[n_kept]:
        n_kept += 1

    def joined(index: int) -> StepResult:
        results = [part.results[index] for part in parts]
        states = [result.state for result in results]
        values = np.concatenate([state.spectra.values for state in states])
        about = {**source.about, **states[0].spectra.about}
        spectra = SpectrumSet(states[0].spectra.axis, values, source.table, about)
        error = np.concatenate([state.expected_error for state in states])
        curves = {
            name: np.concatenate([result.curves[name] for result in results])
            for name, curve in results[0].curves.items()
            if len(curve) == len(states[0].spectra)
        }
        replaced, doubtful = (_joined_masks([getattr(state, name) for state in states]) for name in _MASKS)
        state = replace(states[0], spectra=spectra, expected_error=error, replaced=replaced, doubtful=doubtful)
        return replace(results[0], state=state, curves=curves)

    results = (*known.results[:n_kept], *(joined(index) for index in range(n_kept, len(first.results))))
    state = results[-1].state if results else State(source, np.zeros_like(source.values))
    return replace(
        first,
        spectra=state.spectra,
        expected_error=state.expected_error,
        snr_before=known.snr_before,
        snr_after=known.snr_after,
        replaced=np.concatenate([part.replaced for part in parts]),
        doubtful=np.concatenate([part.doubtful for part in parts]),
        results=results,
    )


def _joined_masks(masks: Sequence[NDArray[np.bool_] | None]) -> NDArray[np.bool_] | None:
    known = [mask for mask in masks if mask is not None]
    return np.concatenate(known) if len(known) == len(masks) else None


def like_processed(measured: SpectrumSet, processed: Processed) -> SpectrumSet:
    """Return spectra as `measured`, on the axis and scale of `processed`: what it would be without denoising.

    What Baseline and Background subtracted and Normalise divided by is applied to them; filters are not.
    """
    spectra = measured
    for step, result in zip(processed.steps, processed.results, strict=True):
        after = result.state.spectra
        if isinstance(step, Denoise):
            continue
        values = spectra.values
        baseline = result.curves.get("baseline")
        if baseline is not None and baseline.shape == values.shape:
            values = values - baseline
        scale = result.curves.get("scale")
        if scale is not None:
            offset = result.curves.get("offset", np.zeros((1, 1)))
            values = (values - offset) / scale[:, None]
        spectra = _on_axis_of(spectra, values, after, step)
    return spectra


def _on_axis_of(spectra: SpectrumSet, values: NDArray[np.float32], after: SpectrumSet, step: Step) -> SpectrumSet:
    """`values` on the axis that a step left; a moved axis of as many points keeps them."""
    if spectra.same_axis(after) or (step.key == "shift" and spectra.points == after.points):
        about = {key: after.about[key] for key in AXIS_KEYS if key in after.about}
        return spectra.with_axis(after.axis, values).with_about(**about)
    if isinstance(step, Resample):
        from ramanstudio.signal.comparison import resample

        return spectra.with_axis(after.axis, resample(spectra.with_values(values), after.axis))
    kept = np.isin(spectra.axis, after.axis)
    return spectra.with_axis(spectra.axis[kept], values[:, kept])
