"""Which of the denoised spectra Explore compares: those that share a range, one axis, the selected ones, or all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.figure_style import shorten
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.selection import Selection
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.project.exploration import EntrySpectra

# "most": all but the few that would cut the shared range short; "range": the most that share one; "axis": of one axis
ComparisonMode = Literal["most", "all", "axis", "range", "selected"]

MIN_SPECTRA: Final = 2
_MAX_NAMES: Final = 3
_MAX_NAME_LENGTH: Final = 26


@dataclass(frozen=True, slots=True)
class ComparisonOption:
    """Another choice of spectra to compare: the text of its button, and its tooltip."""

    mode: ComparisonMode
    text: str
    tooltip: str


class ComparisonSet:
    """The spectra that are compared, read from the session; `parts` applies the mode to what is denoised now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.mode: ComparisonMode = "most"
        self._axis: SpectrumSet | None = None  # whose axis is compared in mode "axis"
        self._axis_name = ""
        self._selection: Selection | None = None  # what is compared in mode "selected"
        self._cached: dict[int, tuple[SpectrumSet, EntrySpectra]] = {}
        self._candidates: list[EntrySpectra] = []
        self._kept: list[EntrySpectra] = []
        self.left_out: list[EntrySpectra] = []

    def set_mode(self, mode: ComparisonMode) -> None:
        """Compare by another mode; "axis" and "selected" take what is offered, or selected, now."""
        reference = self._axis_reference() if mode == "axis" else None
        if mode == "axis" and reference is None:
            return
        self.mode = mode
        self._axis, self._axis_name = (reference.denoised, reference.name) if reference is not None else (None, "")
        self._selection = self._session.selection if mode == "selected" else None

    @property
    def entries(self) -> list[Entry]:
        """The entries to compare, denoised or not."""
        return [
            entry
            for entry in self._session.project.entries
            if (self._selection is None or entry.id in self._selection.ids)
            and (self._axis is None or entry.source is None or entry.source.same_axis(self._axis))
        ]

    def parts(self) -> list[EntrySpectra]:
        """Return the denoised spectra to compare, one part for each entry."""
        self._candidates = self._denoised_parts()
        kept = self._apply_mode()
        if not kept and self._candidates:  # what was chosen has been closed
            self.set_mode("most")
            kept = self._apply_mode()
        self._kept = kept
        rows_kept = {part.entry_id: len(part.rows) for part in kept}
        self.left_out = [part for part in self._candidates if len(part.rows) > rows_kept.get(part.entry_id, 0)]
        return kept

    def _apply_mode(self) -> list[EntrySpectra]:
        from ramanstudio.project.exploration import largest_overlap, sharing_a_range

        if self.mode == "most":
            return largest_overlap(self._candidates)[0]
        if self.mode == "range":
            return sharing_a_range(self._candidates)
        if self.mode == "axis" and self._axis is not None:
            return [part for part in self._candidates if part.denoised.same_axis(self._axis)]
        if self.mode == "selected" and self._selection is not None:
            return self._selected_parts(self._selection)
        return self._candidates

    def _denoised_parts(self) -> list[EntrySpectra]:
        """Return the denoised spectra of every entry, without blank ones."""
        from ramanstudio.project.exploration import EntrySpectra

        cached, self._cached = self._cached, {}
        parts = []
        for entry in self._session.project.entries:
            result = self._session.project.result(entry)
            if result is None or result.denoised is None:
                continue
            spectra = result.denoised.spectra
            known, part = cached.get(entry.id, (None, None))
            if part is None or known is not spectra:
                part = EntrySpectra.select(entry.id, entry.name, spectra)
            self._cached[entry.id] = (spectra, part)
            if len(part.rows):
                parts.append(part)
        return parts

    def _selected_parts(self, selection: Selection) -> list[EntrySpectra]:
        from ramanstudio.project.exploration import EntrySpectra

        parts = []
        for part in self._candidates:
            entry = self._session.entry(part.entry_id)
            result = self._session.project.result(entry) if entry is not None else None
            if entry is None or entry.id not in selection.ids or result is None or result.denoised is None:
                continue
            if entry.id in selection.rows:
                rows = selection.rows_of(entry)
                part = EntrySpectra.select(
                    part.entry_id, part.name, result.denoised.spectra, rows[rows < len(result.source)]
                )
            if len(part.rows):
                parts.append(part)
        return parts

    # What is left out, and what can be compared instead

    @property
    def note(self) -> str:
        """What is left out, and why; empty where nothing is."""
        return " ".join(filter(None, (self._blank_note(), self._left_out_note())))

    def _blank_note(self) -> str:
        n_denoised = sum(len(spectra) for spectra, _ in self._cached.values())
        n_blank = n_denoised - sum(len(part.rows) for _, part in self._cached.values())
        if not n_blank:
            return ""
        contain, are = ("contains", "is") if n_blank == 1 else ("contain", "are")
        spectra = count_of(n_blank, "spectrum", "spectra")
        return f"{spectra} {contain} only zeros, or values that are not numbers, and {are} left out."

    def _left_out_note(self) -> str:
        if not self.left_out:
            return ""
        names = ", ".join(f"'{part.name}'" for part in self.left_out[:_MAX_NAMES])
        names += " …" if len(self.left_out) > _MAX_NAMES else ""
        n_spectra = _n_spectra(self._candidates) - _n_spectra(self._kept)
        spectra, are = count_of(n_spectra, "spectrum", "spectra"), "is" if n_spectra == 1 else "are"
        if self.mode == "axis":
            return f"Only spectra on the axis of '{self._axis_name}' are compared; {spectra} of {names} {are} left out."
        if self.mode == "selected":
            compared = count_of(_n_spectra(self._kept), "spectrum", "spectra")
            return f"Only {compared} that you selected are compared; {spectra} {are} left out."
        if self.mode == "range":
            return f"{spectra} of {names} {are} left out: they share no range with the others."
        if len(self.left_out) == 1:
            axis = self.left_out[0].denoised.axis
            ends = f"{format_number(axis[0])} to {format_number(axis[-1])} cm⁻¹"
            cover = "covers" if n_spectra == 1 else "cover"
            return f"{spectra} of {names} {cover} only {ends}, less than most, and {are} left out."
        return f"{spectra} of {names} cover less of the range than most, and are left out."

    def options(self, failed: bool = False) -> list[ComparisonOption]:
        """List what can be compared instead, the most useful first; `failed` when the present choice cannot be."""
        options = []
        if failed or self.mode == "selected":
            options += self._subset_options()
        if self.left_out and self.mode in ("selected", "range"):
            options.append(ComparisonOption("most", "Compare all", "Compare all spectra that are open"))
        elif self.left_out or self.mode == "axis":
            tooltip = "Compare the spectra of all entries over the range that all of them share"
            options.append(ComparisonOption("all", "Compare all, resampled", tooltip))
        if self.mode == "all" and self._some_are_short():
            tooltip = "Leave out the few spectra that cover less than most, and compare the others over a wider range"
            options.append(ComparisonOption("most", "Leave out short spectra", tooltip))
        if self.mode not in ("axis", "selected") and (reference := self._axis_reference()) is not None:
            tooltip = f"Leave out spectra on another axis than '{reference.name}', so that nothing is resampled"
            name = shorten(reference.name, _MAX_NAME_LENGTH)
            options.append(ComparisonOption("axis", f"Only spectra on the axis of '{name}'", tooltip))
        return options

    def _subset_options(self) -> list[ComparisonOption]:
        """List the selected spectra, and those that share a range, where they are some of all."""
        from ramanstudio.project.exploration import sharing_a_range

        options, n_all = [], _n_spectra(self._candidates)
        n_selected = _n_spectra(self._selected_parts(self._session.selection))
        changed = self._selection is None or not self._session.selection.is_same(self._selection)
        if changed and MIN_SPECTRA <= n_selected < n_all:
            text = f"Explore the {format_number(n_selected)} selected spectra"
            options.append(ComparisonOption("selected", text, "Compare only the spectra that are selected now"))
        n_sharing = _n_spectra(sharing_a_range(self._candidates))
        if self.mode != "range" and MIN_SPECTRA <= n_sharing < n_all:
            text = f"Only the {format_number(n_sharing)} spectra that share a range"
            options.append(ComparisonOption("range", text, "Leave out spectra whose range does not overlap with these"))
        return options

    def _some_are_short(self) -> bool:
        from ramanstudio.project.exploration import largest_overlap

        return bool(self._candidates and largest_overlap(self._candidates)[1])

    def _axis_reference(self) -> EntrySpectra | None:
        """Return the selected part, else the first; None where all share its axis, or no other spectrum does."""
        if not self._candidates or all(
            part.denoised.same_axis(self._candidates[0].denoised) for part in self._candidates
        ):
            return None
        selected = set(self._session.selected_ids)
        reference = next((part for part in self._candidates if part.entry_id in selected), self._candidates[0])
        n_same = _n_spectra([part for part in self._candidates if part.denoised.same_axis(reference.denoised)])
        return reference if n_same >= MIN_SPECTRA else None


def _n_spectra(parts: list[EntrySpectra]) -> int:
    return sum(len(part.rows) for part in parts)
