"""What is open: entries, results, exploration, identifications and predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.stages import like_processed, same_front
from ramanstudio.project.groups import Groups, Members

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region, ShiftRange
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.processing.runner import Processed
    from ramanstudio.search.matches import Identification


SUFFIX: Final = ".ramanstudio"  # of project files
DEFAULT_RECIPE: Final = Recipe.default()  # one object, which all entries share until they get another
_SAME_PEAK_CM: Final = 6.0  # from where a peak was when its label was moved


@dataclass(frozen=True, slots=True)
class LabelOffset:
    """A peak label that the user moved: of the peak at `shift` in spectrum `row`, by so many cm⁻¹ and heights.

    `by_height` is counted in the height of the whole spectrum, from the top of the peak.
    """

    row: int
    shift: float
    by_cm: float
    by_height: float


def label_offset(offsets: Iterable[LabelOffset], row: int, shift: float) -> LabelOffset | None:
    """Return how the label of the peak at `shift` in a spectrum was moved; None where it was not."""
    near = [item for item in offsets if item.row == row and abs(item.shift - shift) <= _SAME_PEAK_CM]
    return min(near, key=lambda item: abs(item.shift - shift), default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One row of the spectra list: the spectra of one file, or the `problem` and `remedy` why there are none.

    `noise_region` (low, high) in cm⁻¹ is where the user wants the noise measured; None lets the engine choose.
    `set_id` is the set that the spectra are denoised with: the entry's own id for this entry as one set, a number that
    several entries share for one set across files, 0 for each spectrum by itself. `recipe` is how the spectra are
    processed; entries may share it. `file_index` is the number of the set in the file at `path` where the spectra were
    read from there, None where they come from elsewhere (a project, a computation). `label_offsets` are the peak labels
    that the user moved. `standard_error` (N, B) is that of a mean, from the scatter of the spectra that were averaged.
    """

    id: int
    name: str
    path: Path
    source: SpectrumSet | None = None
    problem: str = ""
    remedy: str = ""
    noise_region: ShiftRange | None = None
    set_id: int = 0
    file_index: int | None = None
    recipe: Recipe = DEFAULT_RECIPE
    label_offsets: tuple[LabelOffset, ...] = ()
    standard_error: NDArray[np.float32] | None = None

    @property
    def is_set(self) -> bool:
        """Whether it has enough spectra to be denoised as a set: a map, a series, repeats."""
        return self.source is not None and len(self.source) >= MIN_TOGETHER

    @property
    def is_map_or_series(self) -> bool:
        """Whether its spectra have a position, or follow each other in depth or time."""
        source = self.source
        return source is not None and len(source) > 1 and (source.is_map or bool({"z", "time"} & set(source.table)))

    @property
    def in_larger_set(self) -> bool:
        """Whether its set includes the spectra of other entries."""
        return self.set_id not in (0, self.id)


def look_like_repeats(entries: Sequence[Entry]) -> bool:
    """Whether several entries look like repeats saved one per file: one axis, and not yet one set."""
    if len(entries) < 2 or sum(len(entry.source) for entry in entries if entry.source is not None) < MIN_TOGETHER:
        return False
    first = entries[0]
    if first.in_larger_set and all(entry.set_id == first.set_id for entry in entries):
        return False
    return all(share_axis(first, entry, exact=False) for entry in entries)


def share_axis(first: Entry, second: Entry, exact: bool = True) -> bool:
    """Whether two entries have the same Raman shifts; unless `exact`, only the ends and the count are compared."""
    if first.source is None or second.source is None:
        return False
    if exact:
        return first.source.same_axis(second.source)
    axis, other = first.source.axis, second.source.axis
    return axis.size == other.size and axis[0] == other[0] and axis[-1] == other[-1]


LARGE_SET: Final = 500  # spectra: of more the measured ones on the scale of the final ones are kept, once computed


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Result:
    """What a recipe made of `source`, and the region the noise was measured in, or the `problem` that prevented it.

    `denoised` are the spectra as they come out of Denoise, which Explore, Identify and Fine-tune use; `processed` what
    the whole `recipe` made of them, with each stage (None where only the denoised spectra are known).
    `region_is_manual` is True when the user chose the region. `set_id` is the set that was requested (see Entry);
    `set_size` is the number of spectra denoised as one set, 0 when each was denoised by itself. `model` is the name of
    the model that was used.
    """

    source: SpectrumSet
    denoised: Denoised | None = None
    noise_region: ShiftRange | None = None
    region_is_manual: bool = False
    problem: str = ""
    set_id: int = 0
    set_size: int = 0
    model: str = ""
    recipe: Recipe = DEFAULT_RECIPE
    processed: Processed | None = None

    @property
    def measured(self) -> SpectrumSet:
        """The spectra that entered Denoise: as measured, without cosmic rays, in the range that is left."""
        before = self.source
        for step, result in zip(self.processed.steps, self.processed.results, strict=True) if self.processed else ():
            if isinstance(step, Denoise):
                return before
            before = result.state.spectra
        return self.denoised.spectra if self.denoised is not None and self.processed is not None else self.source

    @property
    def is_denoised(self) -> bool:
        """Whether the step Denoise was applied."""
        if self.denoised is None:
            return False
        return self.processed is None or any(isinstance(step, Denoise) for step in self.processed.steps)

    @property
    def final(self) -> SpectrumSet:
        """The spectra as the whole recipe leaves them."""
        if self.processed is not None:
            return self.processed.spectra
        return self.denoised.spectra if self.denoised is not None else self.source

    @property
    def final_error(self) -> NDArray[np.float32] | None:
        """The expected error (N, B) of the final spectra, where it is known."""
        if self.processed is not None:
            return self.processed.expected_error
        return self.denoised.expected_error if self.denoised is not None else None

    @property
    def final_denoised(self) -> Denoised | None:
        """The final spectra with their expected error, and the ratios before and after denoising."""
        error = self.final_error
        if self.denoised is None or error is None or self.processed is None:
            return self.denoised
        return replace(self.denoised, spectra=self.final, expected_error=error)

    @property
    def unprocessed(self) -> SpectrumSet:
        """The spectra as measured on the axis and scale of the final ones, to be drawn beside them."""
        if self.processed is None:
            return self.source
        known = _unprocessed.get(self)
        if known is None:
            known = like_processed(self.source, self.processed)
            if len(self.source) > LARGE_SET:
                _unprocessed[self] = known
        return known

    def prepare_drawing(self) -> None:
        """Compute what is drawn of a large set; called on a worker thread, where it delays no window."""
        if len(self.source) > LARGE_SET and self.processed is not None:
            _ = self.unprocessed


_unprocessed: WeakKeyDictionary[Result, SpectrumSet] = WeakKeyDictionary()  # of large sets


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """Features of the N spectra in `members` and the planes they are drawn in.

    `features` (N, D) are the model's, of unit length; `coordinates` (N, K) are what is clustered. Both come
    from the denoised spectra, compared over `range_cm` (low, high) where their axes differ. `planes` maps the name
    of a layout to coordinates (N, 2). `aside` is a note for the user; `model` is the name of the model.
    """

    members: Members
    features: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    range_cm: ShiftRange | None = None
    planes: Mapping[str, NDArray[np.float32]] = field(default_factory=lambda: MappingProxyType({}))
    aside: str = ""
    model: str = ""

    def with_plane(self, layout: str, plane: NDArray[np.float32]) -> Exploration:
        """Return a copy with the coordinates `plane` (N, 2) for `layout`."""
        return replace(self, planes=MappingProxyType({**self.planes, layout: plane}))


@dataclass(frozen=True, slots=True, eq=False)
class Identifications:
    """Search results for the spectra `source` of one entry: one per spectrum in `results`, None where none was run.

    `query_key` identifies the query (libraries, range, model); results of another query are out of date. `libraries`
    are the hashes of the libraries that were searched; the field `library` of a match is an index into it. `recipe` is
    what the spectra were processed with.
    """

    source: SpectrumSet
    results: tuple[Identification | None, ...]
    query_key: str = ""
    libraries: tuple[str, ...] = ()
    recipe: Recipe = DEFAULT_RECIPE


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a fine-tuned `model` predicts for the N spectra `source` of one entry.

    `labels` (N,) are classes, or the `values` (N,) of a quantity as text with the typical error `error`; empty where
    nothing was predicted yet. `probabilities` (N,) are those of the labels; `unknown` (N,) marks spectra unlike all
    that the model was trained on. `model_hash` identifies the model; `problem` says why it could not predict; `recipe`
    is what the spectra were processed with.
    """

    source: SpectrumSet
    model: str
    model_hash: str
    labels: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None
    error: float = float("nan")
    problem: str = ""
    recipe: Recipe = DEFAULT_RECIPE

    @property
    def is_complete(self) -> bool:
        """Whether every spectrum has its prediction, or none can have one."""
        return bool(self.problem) or bool(np.all(self.labels != ""))

    def merged_with(self, earlier: Predictions | None) -> Predictions:
        """Return a copy completed from `earlier`, if that is of the same model and spectra."""
        if (
            earlier is None
            or earlier.model_hash != self.model_hash
            or earlier.source is not self.source
            or not same_front(earlier.recipe, self.recipe)
            or earlier.problem
        ):
            return self
        missing = self.labels == ""
        values = self.values
        if values is not None and earlier.values is not None:
            values = np.where(missing, earlier.values, values)
        return replace(
            self,
            labels=np.where(missing, earlier.labels, self.labels),
            probabilities=np.where(missing, earlier.probabilities, self.probabilities),
            unknown=np.where(missing, earlier.unknown, self.unknown),
            values=values,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """All entries in the order they were opened, and all that was computed from them, by entry id.

    `groups` are the user's to edit, and remember the groups of spectra that are no longer open. `search_range` is the
    range of Raman shifts that a search compares; None compares all. `predictions` holds one item per fine-tuned model.
    """

    entries: tuple[Entry, ...] = ()
    results: Mapping[int, Result] = field(default_factory=lambda: MappingProxyType({}))
    exploration: Exploration | None = None
    groups: Groups | None = None
    identifications: Mapping[int, Identifications] = field(default_factory=lambda: MappingProxyType({}))
    search_range: Region | None = None
    predictions: Mapping[int, tuple[Predictions, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def entry(self, entry_id: int) -> Entry | None:
        """Return the entry with this id, or None if it is no longer open."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def result(self, entry: Entry) -> Result | None:
        """Return the denoising result of the spectra that `entry` holds now, or None if there is none yet."""
        result = self.results.get(entry.id)
        return result if result is not None and result.source is entry.source else None

    def identification(self, entry: Entry) -> Identifications | None:
        """Return the search results of the spectra that `entry` holds now, or None if there are none yet."""
        identifications = self.identifications.get(entry.id)
        return identifications if identifications is not None and _is_of(identifications, entry) else None

    def predictions_for(self, entry: Entry) -> tuple[Predictions, ...]:
        """Return the predictions for the spectra that `entry` holds now, one per fine-tuned model."""
        return tuple(item for item in self.predictions.get(entry.id, ()) if _is_of(item, entry))

    def expanded_to_sets(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return `entries` and all that are denoised as one set with them, in the order of the project."""
        entries = list(entries)
        ids = {entry.id for entry in entries}
        set_ids = {entry.set_id for entry in entries if entry.in_larger_set}
        if not set_ids:
            return entries
        return [entry for entry in self.entries if entry.id in ids or (entry.in_larger_set and entry.set_id in set_ids)]

    def with_entries(self, entries: Iterable[Entry]) -> Project:
        """Return a copy with other entries."""
        return replace(self, entries=tuple(entries))

    def with_results(self, results: Mapping[int, Result]) -> Project:
        """Return a copy with `results`, by entry id, added or replaced."""
        return replace(self, results=MappingProxyType({**self.results, **results}))

    def without(self, ids: Iterable[int]) -> Project:
        """Return a copy without the entries of these ids."""
        removed = frozenset(ids)
        return self.with_entries(entry for entry in self.entries if entry.id not in removed)


def _is_of(derived: Identifications | Predictions, entry: Entry) -> bool:
    """Whether something was computed from the spectra of an entry as they come out of Denoise now."""
    return derived.source is entry.source and same_front(derived.recipe, entry.recipe)
