"""What is computed of some sets at once: processed spectra, what checks find, and the cells of the results table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.computing import apply_to_set, apply_to_sets
from ramanstudio.batch.results import quality_codes
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import Denoiser
from ramanstudio.signal.blas_threads import single_threaded_blas


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came of one set: `outcome`, codes of the checks, and cells of the analyses for each spectrum."""

    outcome: Processed | StudioError
    codes: list[str] = field(default_factory=list)
    cells: list[list[Any]] = field(default_factory=list)


class Computer(Protocol):
    """Computes sets, in this process or on a cluster."""

    def parts(self, sets: Sequence[SpectrumSet], progress: Progress, stack: bool, check: bool) -> list[Part]: ...


@dataclass(frozen=True, slots=True)
class LocalComputer:
    """Computes in this process.

    Linear algebra uses one thread: beside other programs that keep the cores busy, the components of a block of 1000
    spectra took 20 s of computing with two threads that wait for each other.
    """

    recipe: Recipe
    engine: Denoiser | None
    analyses: Analyses

    def parts(
        self, sets: Sequence[SpectrumSet], progress: Progress = SILENT, stack: bool = False, check: bool = True
    ) -> list[Part]:
        """Return what comes of each set, with `stack` those on one axis at once, without `check` no codes."""
        with single_threaded_blas():
            outcomes = apply_to_sets(sets, self.recipe, self.engine, progress, stack)
            codes = quality_codes(sets) if check else [[] for _ in sets]
            return self._with_cells(sets, outcomes, codes, progress)

    def block(self, block: SpectrumSet, as_set: bool, progress: Progress = SILENT) -> Part:
        """Return what comes of a block of a set, which is denoised as a set where that is left open and `as_set`."""
        with single_threaded_blas():
            outcome = apply_to_set(block, self.recipe, self.engine, progress, as_set)
            return self._with_cells([block], [outcome], quality_codes([block]), progress)[0]

    def _with_cells(
        self,
        sets: Sequence[SpectrumSet],
        outcomes: Sequence[Processed | StudioError],
        codes: Sequence[list[str]],
        progress: Progress,
    ) -> list[Part]:
        processed = [None if isinstance(outcome, StudioError) else outcome for outcome in outcomes]
        cells = self.analyses.columns(sets, processed, Progress(on_warning=progress.warn))
        return [Part(*row) for row in zip(outcomes, codes, cells, strict=True)]
