"""Apply a recipe to the spectra of several files: singles on one axis at once, large sets block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from ramanstudio.calibration.instrument import INSTRUMENT_KEYS
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed, Runner
from ramanstudio.processing.stages import is_set_wide, resolve_sets, select_rows
from ramanstudio.processing.step import Denoiser, RecipeStep

BLOCK_VALUES = 10_000_000  # intensities of a set that are processed at once
STACK_FROM: Final = 1  # more files than this are computed at once: to the last bit what one by one gives


def apply_to_sets(
    sets: Sequence[SpectrumSet],
    recipe: Recipe,
    engine: Denoiser | None,
    progress: Progress = SILENT,
    stack: bool = False,
) -> list[Processed | StudioError]:
    """Apply a recipe to each of `sets`, with `stack` those with few spectra on one axis at once.

    A set that cannot be processed has its StudioError as result. Raises Cancelled when asked to stop.
    """
    results: dict[int, Processed | StudioError] = {}
    done, total = 0, sum(len(spectra) for spectra in sets)
    if stack and can_stack(recipe):
        groups: dict[tuple[object, ...], list[int]] = {}
        for index, spectra in enumerate(sets):
            if len(spectra) < MIN_TOGETHER and np.isfinite(spectra.values).all():
                groups.setdefault((spectra.axis.tobytes(), *_instrument_of(spectra)), []).append(index)
        for indices in groups.values():
            if len(indices) > 1:
                part = progress.part(done, total)
                stacked = _apply_to_stack([sets[index] for index in indices], recipe, engine, part)
                results.update(zip(indices, stacked, strict=False))
                done += sum(len(sets[index]) for index in indices) if stacked else 0
    for index, spectra in enumerate(sets):
        if index not in results:
            results[index] = apply_to_set(spectra, recipe, engine, progress.part(done, total))
            done += len(spectra)
    return [results[index] for index in range(len(sets))]


def can_stack(recipe: Recipe) -> bool:
    """Return whether what a recipe does to a spectrum depends on that spectrum alone."""
    steps = [entry.step for entry in recipe.steps if entry.enabled]
    return not any(
        is_set_wide(step)
        or (isinstance(step, Denoise) and step.as_set == "yes")
        or (isinstance(step, RemoveCosmicRays) and (step.added or step.removed))
        for step in steps
    )


def _instrument_of(spectra: SpectrumSet) -> tuple[Plain | None, ...]:
    """What the metadata say that a calibration profile is chosen or refused by."""
    return tuple(spectra.about.get(key) for key in INSTRUMENT_KEYS)


def _apply_to_stack(
    sets: Sequence[SpectrumSet], recipe: Recipe, engine: Denoiser | None, progress: Progress
) -> list[Processed]:
    """The results of sets on one axis, computed at once; none where one of them is at fault."""
    about = {
        key: value for key, value in zip(INSTRUMENT_KEYS, _instrument_of(sets[0]), strict=True) if value is not None
    }
    joint = SpectrumSet(sets[0].axis, np.concatenate([spectra.values for spectra in sets]), about=about)
    whole = apply_to_set(joint, recipe, engine, progress, as_set=False)
    if isinstance(whole, StudioError) or any(record.get("left_as_they_were") for record in whole.records):
        return []
    results, start = [], 0
    for spectra in sets:
        part = select_rows(whole, slice(start, start + len(spectra)))
        about = {**spectra.about, **part.spectra.about}
        results.append(replace(part, spectra=replace(part.spectra, table=spectra.table, about=about)))
        start += len(spectra)
    return results


def apply_to_set(
    spectra: SpectrumSet,
    recipe: Recipe,
    engine: Denoiser | None,
    progress: Progress = SILENT,
    as_set: bool | None = None,
) -> Processed | StudioError:
    """Apply a recipe to one set, without its stages; a StudioError where that is not possible, also an unexpected one.

    `as_set` says whether Denoise denoises it as a set, where the recipe leaves that to the data.
    """
    steps = resolve_sets(recipe, len(spectra) >= MIN_TOGETHER if as_set is None else as_set)
    try:
        return Runner(spectra, engine, keep_stages=False).run(steps, progress)
    except StudioError as error:
        return error
    except Cancelled:
        raise
    except MemoryError:
        return StudioError("There is not enough memory for this set.", remedy="Close other programs.")
    except Exception as error:
        return StudioError(
            f"Something unexpected happened: {type(error).__name__}: {error}.", remedy="Report it, with the file."
        )


def row_blocks(n_spectra: int, points: int, recipe: Recipe) -> list[slice]:
    """Return the rows of a set that are processed at once: all, unless the set is large and the recipe allows it."""
    steps: Sequence[RecipeStep] = [entry for entry in recipe.steps if entry.enabled]
    rows = max(1, BLOCK_VALUES // max(1, points))
    if n_spectra <= rows or any(is_set_wide(entry.step) for entry in steps):
        return [slice(0, n_spectra)]
    n_blocks = -(-n_spectra // rows)
    rows = -(-n_spectra // n_blocks)  # of equal size
    return [slice(start, min(n_spectra, start + rows)) for start in range(0, n_spectra, rows)]


class SpectrumRows(Protocol):
    """N spectra of which slices of rows can be had: a SpectrumSet, or one in a file that is larger than memory."""

    @property
    def points(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> SpectrumSet: ...
