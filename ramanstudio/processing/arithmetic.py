"""Arithmetic on spectra: average, sum, difference, ratio, A − k·B, and overlapping ranges merged into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.processing.resample import common_axis_step
from ramanstudio.processing.step import Context, State
from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.floating[Any]]
Matching = Literal["none", "offset", "scale"]

SIGNIFICANT: Final = 5.0  # errors that a denominator has to stand above zero
N_NAMED: Final = 5  # operands named in the provenance


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """The result of arithmetic.

    Parameters
    ----------
    spectra : N spectra; `about` holds `operation`, `operands` and, where axes differed, `axis_note`
    error : (N, B) standard deviation of the error; of an average its standard error, from the scatter of the spectra
    note : what the user should know: a common axis, spectra that were left out; empty where there is nothing
    """

    spectra: SpectrumSet
    error: NDArray[np.float32]
    note: str = ""


def average(sets: Sequence[SpectrumSet]) -> Computed:
    """Average all spectra of `sets` -> one spectrum (1, B) with its standard error.

    Spectra with NaN are left out. The error of a single spectrum is its noise. Raises StudioError when there is none,
    or the axes share too little.
    """
    operands = _Operands(sets)
    rows = np.concatenate(operands.values)
    mean = rows.mean(axis=0, dtype=np.float64)
    if len(rows) > 1:
        error = rows.std(axis=0, ddof=1, dtype=np.float64) / np.sqrt(len(rows))
    else:
        error = operands.errors[0][0].astype(np.float64)
    return operands.computed("Average", mean[None], error[None])


def total(sets: Sequence[SpectrumSet]) -> Computed:
    """Add up all spectra of `sets` -> one spectrum (1, B); errors as `average`."""
    operands = _Operands(sets)
    values = np.concatenate(operands.values).sum(axis=0, dtype=np.float64)
    error = np.sqrt((np.concatenate(operands.errors).astype(np.float64) ** 2).sum(axis=0))
    return operands.computed("Sum", values[None], error[None])


def difference(first: SpectrumSet, second: SpectrumSet, factor: float = 1.0) -> Computed:
    """Return `first` (N, B) − `factor` × `second`, which holds one spectrum or as many.

    Raises StudioError when the numbers do not fit, or the axes share too little.
    """
    operands = _Operands([first, second], paired=True)
    (left, right), (left_error, right_error) = operands.values, operands.errors
    name = "Difference" if factor == 1 else f"A − {factor:.4g}·B"
    return operands.computed(name, left - factor * right, np.hypot(left_error, factor * right_error))


def ratio(first: SpectrumSet, second: SpectrumSet) -> Computed:
    """Return `first` (N, B) / `second`, which holds one spectrum or as many.

    Points where a denominator is not five errors away from zero are left out. Raises StudioError when fewer than eight
    are left, the numbers do not fit, or the axes share too little.
    """
    operands = _Operands([first, second], paired=True)
    (left, right), (left_error, right_error) = operands.values, operands.errors
    usable = (np.abs(right) > SIGNIFICANT * right_error).all(axis=0)
    if usable.sum() < 8:
        raise StudioError(
            "The denominator is no more than noise almost everywhere.", remedy="Divide by a stronger spectrum."
        )
    quotient = left[:, usable] / right[:, usable]
    relative = np.hypot(left_error[:, usable], np.abs(quotient) * right_error[:, usable])
    error = relative / np.abs(right[:, usable])
    n_left_out = int((~usable).sum())
    note = f"{n_left_out} points where the denominator is near zero were left out." if n_left_out else ""
    return operands.computed("Ratio", quotient, error, note, operands.axis[usable])


def merge(sets: Sequence[SpectrumSet], matching: Matching = "none") -> Computed:
    """Merge ranges that overlap, or follow each other, into spectra over all of them.

    In the overlap the ranges fade into each other. `matching` brings each range to the one before it: by an "offset",
    or a "scale", that is the median over the overlap. Raises StudioError when the numbers of spectra differ, or ranges
    that should be matched do not overlap.
    """
    if len(sets) < 2 or len({len(spectra) for spectra in sets}) != 1:
        raise StudioError(
            "Ranges are merged from two or more sets with the same number of spectra.", remedy="Select those that fit."
        )
    ordered = sorted(sets, key=lambda spectra: float(spectra.axis[0]))
    axis: Floats = ordered[0].axis
    values: Floats = ordered[0].values.astype(np.float64)
    error = _errors(ordered[0])
    notes = list[str]()
    for right in ordered[1:]:
        axis, values, error = _merged(axis, values, error, right, matching, notes)
    return _computed(sets, "Merged ranges", axis, values, error, " ".join(notes))


def _merged(
    axis: Floats, values: Floats, error: Floats, right: SpectrumSet, matching: Matching, notes: list[str]
) -> tuple[Floats, Floats, Floats]:
    """Join what is merged so far with the range `right`."""
    added, added_error = right.values.astype(np.float64), _errors(right)
    low, high = float(right.axis[0]), float(min(axis[-1], right.axis[-1]))
    inside = (axis >= low) & (axis <= high)
    if not inside.any():
        if matching != "none":
            raise StudioError(
                f"The ranges do not overlap between {axis[-1]:.0f} and {low:.0f} cm⁻¹.",
                remedy="Merge them without matching their intensities.",
            )
        if low - axis[-1] > 3.5 * float(np.median(np.diff(axis))):
            notes.append(f"Nothing was measured between {axis[-1]:.0f} and {low:.0f} cm⁻¹.")
    else:
        there = np.stack([np.interp(axis[inside], right.axis, row) for row in added])
        there_error = np.stack([np.interp(axis[inside], right.axis, row) for row in added_error])
        if matching == "offset":
            offset = np.median(values[:, inside] - there, axis=1, keepdims=True)
            added, there = added + offset, there + offset
            notes.append(f"Offset {float(np.median(offset)):.4g} from {low:.0f} cm⁻¹ on.")
        elif matching == "scale":
            below = np.median(there, axis=1, keepdims=True)
            scale = np.median(values[:, inside], axis=1, keepdims=True) / np.where(below == 0, np.nan, below)
            if not np.all(np.isfinite(scale) & (scale > 0)):
                raise StudioError(
                    "The overlap is zero or negative, and gives no scale.", remedy="Match the offset instead."
                )
            added, there = added * scale, there * scale
            added_error, there_error = added_error * scale, there_error * scale
            notes.append(f"Scale {float(np.median(scale)):.4g} from {low:.0f} cm⁻¹ on.")
        fade = np.linspace(0, 1, int(inside.sum()) + 2)[1:-1]
        values, error = values.copy(), error.copy()
        values[:, inside] = (1 - fade) * values[:, inside] + fade * there
        error[:, inside] = np.hypot((1 - fade) * error[:, inside], fade * there_error)
    beyond = right.axis > axis[-1]
    return (
        np.concatenate([axis, right.axis[beyond]]),
        np.concatenate([values, added[:, beyond]], axis=1),
        np.concatenate([error, added_error[:, beyond]], axis=1),
    )


class _Operands:
    """Spectra on one axis, with their errors; `paired` ones stay as they are, of others those with NaN are left out."""

    def __init__(self, sets: Sequence[SpectrumSet], paired: bool = False) -> None:
        self._sets, self._notes = sets, list[str]()
        kept = list[SpectrumSet]()
        for spectra in sets:
            finite = np.asarray(np.isfinite(spectra.values).all(axis=1))
            if not finite.all() and not paired:
                self._notes.append(f"{int((~finite).sum())} spectra with points without a number were left out.")
                spectra = spectra[finite]
            if len(spectra):
                kept.append(spectra)
        if not kept or (paired and len(kept) != len(sets)):
            raise StudioError("There is no spectrum to compute with.", remedy="Select spectra without gaps.")
        if paired and len(kept[1]) not in (1, len(kept[0])):
            raise StudioError(
                f"{len(kept[0])} spectra do not pair with {len(kept[1])}.",
                remedy="The second has to hold one spectrum, or as many as the first.",
            )
        states = [State(spectra, _errors(spectra).astype(np.float32)) for spectra in kept]
        if not all(spectra.same_axis(kept[0]) for spectra in kept):
            step = common_axis_step(kept)
            states = [step.apply(state, Context()).state for state in states]
            states = _on_shared_points(states)
            low, high = states[0].spectra.axis[[0, -1]]
            self._notes.append(
                f"The axes differ: computed on a common axis of {step.step_cm:.4g} cm⁻¹ from {low:.0f} to {high:.0f}."
            )
        self.axis = states[0].spectra.axis
        self.values = [state.spectra.values.astype(np.float64) for state in states]
        self.errors = [np.asarray(state.expected_error, dtype=np.float64) for state in states]

    def computed(
        self, operation: str, values: Floats, error: Floats, note: str = "", axis: Floats | None = None
    ) -> Computed:
        """The result with what the user should know."""
        notes = " ".join(filter(None, [*self._notes, note]))
        return _computed(self._sets, operation, self.axis if axis is None else axis, values, error, notes)


def _on_shared_points(states: Sequence[State]) -> list[State]:
    """The states at the points that all of them have: a gap of one is a gap of the result."""
    shared = states[0].spectra.axis
    for state in states[1:]:
        shared = shared[np.isin(np.round(shared, 6), np.round(state.spectra.axis, 6))]
    if len(shared) < 8:
        raise StudioError(
            "These spectra share too little of their range.", remedy="Choose spectra that overlap by more."
        )
    return [state.on_points(np.isin(np.round(state.spectra.axis, 6), np.round(shared, 6))) for state in states]


def _errors(spectra: SpectrumSet) -> Floats:
    """The noise of each spectrum at each point (N, B)."""
    noise: Floats = np.repeat(noise_sigma(spectra.values).astype(np.float64)[:, None], spectra.points, axis=1)
    return noise


def _computed(
    sets: Sequence[SpectrumSet], operation: str, axis: Floats, values: Floats, error: Floats, note: str
) -> Computed:
    about: dict[str, Plain] = {
        key: value
        for key, value in sets[0].about.items()
        if key not in ("source", "format") and all(spectra.about.get(key) == value for spectra in sets)
    }
    n_spectra = sum(len(spectra) for spectra in sets)
    about |= {"operation": f"{operation} of {n_spectra} spectra", "operands": _named(sets)}
    if note:
        about["axis_note"] = note
    table = {"name": np.array([operation])} if len(values) == 1 else dict(sets[0].table)
    fits = all(len(column) == len(values) for column in table.values())
    spectra = SpectrumSet(np.asarray(axis), values.astype(np.float32), table if fits else {}, about)
    return Computed(spectra, error.astype(np.float32), note)


def _named(sets: Sequence[SpectrumSet]) -> str:
    """The operands by their files, or names: "a.txt, b.txt and 3 more"."""
    names = list[str]()
    for spectra in sets:
        source = Path(str(spectra.about.get("source", ""))).name or str(spectra.about.get("operation", "spectrum"))
        names.append(source if len(spectra) == 1 else f"{source} ({len(spectra)} spectra)")
    more = len(names) - N_NAMED
    return ", ".join(names[:N_NAMED]) + (f" and {more} more" if more > 0 else "")
