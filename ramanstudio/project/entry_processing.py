"""Applying the recipe of an entry to its spectra: before Denoise, with what the network gave, and behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.denoising.denoised import Denoised, axis_range
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.runner import Processed, Runner
from ramanstudio.processing.stages import (
    KnownDenoiser,
    front_steps,
    is_set_wide,
    length_of_front,
    pieces_to_denoise,
    resolve_sets,
    same_front,
    select_rows,
)
from ramanstudio.project.project import Entry, Result
from ramanstudio.signal import snr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.processing.recipe import Recipe


class RecipeRun:
    """The recipe of one entry on its way through the network.

    `measured` are the spectra that enter Denoise; `pieces` what has to be denoised of them, none where the recipe does
    not; `set_number` is the set they are denoised with; `has_searched` says whether cosmic rays were looked for.
    """

    def __init__(self, entry: Entry, progress: Progress = SILENT) -> None:
        assert entry.source is not None
        self.entry, self.source = entry, entry.source
        self._steps = resolve_sets(entry.recipe, bool(entry.set_id))
        rows = self._steps[: length_of_front(entry.recipe)]
        denoise = next((row.step for row in rows if row.enabled and isinstance(row.step, Denoise)), None)
        before = [row for row in rows if not isinstance(row.step, Denoise)]
        self._before = Runner(self.source, error=entry.standard_error).run(before, progress, skip_problems=True)
        self.pieces = pieces_to_denoise(self._before.spectra) if denoise is not None else []
        self.needs_network = denoise is not None
        self.measured = self._before.spectra
        self.has_searched = any("replaced" in result.curves for result in self._before.results)
        as_set = isinstance(denoise, Denoise) and denoise.as_set == "yes"
        self.set_number = (entry.set_id or entry.id) if as_set else 0

    def finish(self, denoised: Sequence[Denoised | StudioError], progress: Progress = SILENT) -> Result:
        """Return the result, given what the network made of the `pieces`."""
        runner = Runner(self.source, KnownDenoiser(denoised), self._before, error=self.entry.standard_error)
        processed = runner.run(self._steps, progress, skip_problems=True)
        return result_of(self.entry, processed)


def measured_spectra(entry: Entry, result: Result | None) -> SpectrumSet:
    """Return the spectra of an entry as they enter Denoise: as measured, without cosmic rays, in the range left.

    Takes them from its result where that has them.
    """
    if result is not None and result.processed is not None and is_front_current(entry, result):
        return result.measured
    return RecipeRun(entry).measured


def is_front_current(entry: Entry, result: Result | None) -> bool:
    """Whether the denoised spectra of a result are still those of an entry, whatever comes behind Denoise."""
    if result is None or result.source is not entry.source or result.set_id != entry.set_id:
        return False
    return same_front(result.recipe, entry.recipe)


def is_current(entry: Entry, result: Result | None) -> bool:
    """Whether a result is what the recipe of an entry makes of its spectra now."""
    if result is None or not is_front_current(entry, result):
        return False
    return result.recipe == entry.recipe and (result.processed is not None or bool(result.problem))


def recipe_as_applied(result: Result) -> Recipe:
    """Return the recipe of a result such that it gives the same again from the file alone.

    Whether a set is denoised as one is said by the step where the user chose otherwise than the step would.
    """
    recipe, as_set = result.recipe, bool(result.set_id)
    if as_set == (len(result.source) >= MIN_TOGETHER):
        return recipe
    return replace(recipe, steps=resolve_sets(recipe, as_set))


def apply_behind(
    entry: Entry, result: Result, rows: NDArray[np.int64] | None = None, progress: Progress = SILENT
) -> Result:
    """Apply what has changed behind Denoise, without the network; only to some `rows` (n,), where given.

    Raises Cancelled when asked to stop.
    """
    steps = resolve_sets(entry.recipe, bool(entry.set_id))
    known, source, denoised = result.processed, result.source, result.denoised
    if rows is not None and not any(is_set_wide(row.step) for row in steps if row.enabled):
        source = source[rows]
        denoised = None if denoised is None else denoised[rows]
        known = None if known is None else select_rows(known, rows)
        entry = replace(entry, source=source)
    pieces: list[Denoised | StudioError] = [denoised] if denoised is not None else []
    if result.problem:
        pieces = [StudioError(result.problem)]
    runner = Runner(source, KnownDenoiser(pieces), known, error=entry.standard_error)
    processed = runner.run(steps, progress, skip_problems=True)
    fresh = result_of(entry, processed)
    kept = denoised if denoised is not None and fresh.denoised is not None and _is_same(denoised, fresh) else None
    return replace(
        fresh,
        denoised=kept or fresh.denoised,
        noise_region=result.noise_region,
        region_is_manual=result.region_is_manual,
        set_size=result.set_size,
        model=result.model,
    )


def _is_same(denoised: Denoised, fresh: Result) -> bool:
    """Whether `denoised`, whose noise may have been measured in another region, holds the spectra of a fresh result."""
    return fresh.denoised is not None and denoised.spectra.values.shape == fresh.denoised.spectra.values.shape


def result_of(entry: Entry, processed: Processed) -> Result:
    """Return what a recipe made of the spectra of an entry."""
    assert entry.source is not None
    index = next((i for i, step in enumerate(processed.steps) if isinstance(step, Denoise)), None)
    problem = processed.problems.get(index) if index is not None else None
    denoised = None if problem is not None else _denoised(entry, processed, index)
    region = axis_range(denoised.spectra) if denoised is not None else None
    return Result(
        entry.source,
        denoised,
        region,
        problem=str(problem) if problem is not None else "",
        set_id=entry.set_id,
        recipe=entry.recipe,
        processed=processed,
    )


def _denoised(entry: Entry, processed: Processed, index: int | None) -> Denoised:
    """The spectra as they come out of Denoise; where it is off, as they would enter it, with the ratio they have."""
    if index is not None:
        result = processed.results[index]
        state, before, after = result.state, result.curves["snr_before"], result.curves["snr_after"]
        return Denoised(state.spectra, state.expected_error, before, after)
    n_front = len(front_steps(entry.recipe))
    state = (
        processed.results[n_front - 1].state if n_front else Runner(_source(entry), error=entry.standard_error).start
    )
    ratio = _snr(state.spectra)
    return Denoised(state.spectra, state.expected_error, ratio, ratio)


def _source(entry: Entry) -> SpectrumSet:
    assert entry.source is not None
    return entry.source


def _snr(spectra: SpectrumSet) -> NDArray[np.float32]:
    """The signal-to-noise ratios (N,) of spectra that were not denoised; NaN where they hold no numbers."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = snr.signal_height(spectra.axis, spectra.values) / snr.noise_sigma(spectra.values)
    known: NDArray[np.float32] = np.where(np.isfinite(ratio), ratio, np.nan).astype(np.float32)
    return known
