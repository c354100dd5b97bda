"""Which denoised spectra are compared: those that cover most of the range, those on one axis, or all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.figure_style import shorten
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.project.exploration import EntrySpectra

ComparisonChoice = Literal["most", "all", "axis"]

MIN_SPECTRA: Final = 2
_MAX_NAMES: Final = 3
_MAX_NAME_LENGTH: Final = 26


@dataclass(frozen=True, slots=True)
class ComparisonOffer:
    """Another choice of what is compared: the text of its button, and its tooltip."""

    choice: ComparisonChoice
    text: str
    tooltip: str


class Comparison:
    """Selects the spectra of the session that are compared, and says what is left out and why."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.choice: ComparisonChoice = "most"
        self._axis: SpectrumSet | None = None  # that the compared spectra are on, for the choice "axis"
        self._axis_name = ""
        self._cache: dict[int, tuple[SpectrumSet, EntrySpectra]] = {}
        self._all: list[EntrySpectra] = []
        self.left_out: list[EntrySpectra] = []

    def choose(self, choice: ComparisonChoice) -> None:
        """Compare the spectra that cover most of the range, "all", or those on the "axis" that `offers` names."""
        model = self._axis_model() if choice == "axis" else None
        if choice == "axis" and model is None:
            return
        self.choice = choice
        self._axis, self._axis_name = (model.denoised, model.name) if model is not None else (None, "")

    @property
    def entries(self) -> list[Entry]:
        """The entries that are to be compared, denoised or not."""
        axis = self._axis
        return [
            entry
            for entry in self._session.project.entries
            if axis is None or entry.source is None or entry.source.same_axis(axis)
        ]

    def parts(self) -> list[EntrySpectra]:
        """The denoised spectra of the entries that are compared."""
        from ramanstudio.project.exploration import largest_overlap

        self._all = self._denoised()
        if self.choice == "axis" and self._axis is not None:
            axis = self._axis
            kept = [part for part in self._all if part.denoised.same_axis(axis)]
            self.left_out = [part for part in self._all if not part.denoised.same_axis(axis)]
            if not kept:  # they have been closed
                self.choice, self._axis = "most", None
        if self.choice != "axis":
            kept, self.left_out = largest_overlap(self._all) if self.choice == "most" else (self._all, [])
        return kept

    def _denoised(self) -> list[EntrySpectra]:
        """The denoised spectra of every entry that has some, in the same objects while they stay the same."""
        from ramanstudio.project.exploration import EntrySpectra

        cache, self._cache = self._cache, {}
        parts = []
        for entry in self._session.project.entries:
            result = self._session.project.result(entry)
            if result is None or result.denoised is None:
                continue
            spectra = result.denoised.spectra
            cached_spectra, part = cache.get(entry.id, (None, None))
            if part is None or cached_spectra is not spectra:
                part = EntrySpectra.select(entry.id, entry.name, spectra)
            self._cache[entry.id] = (spectra, part)
            if len(part.rows):
                parts.append(part)
        return parts

    # Texts

    @property
    def summary(self) -> str:
        """What is left out, and why; empty where nothing is."""
        return " ".join(filter(None, (self._blank_summary(), self._left_out_summary())))

    def _blank_summary(self) -> str:
        n_denoised = sum(len(spectra) for spectra, _ in self._cache.values())
        n_blank = n_denoised - sum(len(part.rows) for _, part in self._cache.values())
        if not n_blank:
            return ""
        hold, are = ("holds", "is") if n_blank == 1 else ("hold", "are")
        return f"{count_of(n_blank, 'spectrum', 'spectra')} {hold} only zeros, or no numbers, and {are} left out."

    def _left_out_summary(self) -> str:
        if not self.left_out:
            return ""
        names = ", ".join(f"'{part.name}'" for part in self.left_out[:_MAX_NAMES])
        names += " …" if len(self.left_out) > _MAX_NAMES else ""
        n_spectra = sum(len(part.rows) for part in self.left_out)
        count, are = count_of(n_spectra, "spectrum", "spectra"), "is" if n_spectra == 1 else "are"
        if self.choice == "axis":
            return f"Only spectra on the axis of '{self._axis_name}' are compared: {count} of {names} {are} left out."
        if len(self.left_out) == 1:
            axis = self.left_out[0].denoised.axis
            cover = "covers" if n_spectra == 1 else "cover"
            ends = f"only {axis[0]:,.0f} to {axis[-1]:,.0f} cm⁻¹"
            return f"{count} of {names} {cover} {ends}, less than most, and {are} left out."
        return f"{count} of {names} cover less than most, and are left out."

    @property
    def offers(self) -> list[ComparisonOffer]:
        """Other choices, the most useful first; empty where all spectra are on one axis."""
        offers = []
        if self.left_out or self.choice == "axis":
            tooltip = "Compare the spectra of all entries over the range that they share"
            offers.append(ComparisonOffer("all", "Compare all, resampled", tooltip))
        if self.choice == "all" and self._some_are_short():
            tooltip = "Leave out the few that cover less than most, so that the others are compared over a wider range"
            offers.append(ComparisonOffer("most", "Leave out the short ones", tooltip))
        if self.choice != "axis" and (model := self._axis_model()) is not None:
            tooltip = f"Leave out the spectra on another axis than '{model.name}', so that nothing is resampled"
            name = shorten(model.name, _MAX_NAME_LENGTH)
            offers.append(ComparisonOffer("axis", f"Only those on the axis of '{name}'", tooltip))
        return offers

    def _some_are_short(self) -> bool:
        from ramanstudio.project.exploration import largest_overlap

        return bool(self._all and largest_overlap(self._all)[1])

    def _axis_model(self) -> EntrySpectra | None:
        """The selected part, else the first, where others are on another axis and at least two spectra on its own."""
        if not self._all or all(part.denoised.same_axis(self._all[0].denoised) for part in self._all):
            return None
        selected = set(self._session.selected_ids)
        model = next((part for part in self._all if part.entry_id in selected), self._all[0])
        n_same = sum(len(part.rows) for part in self._all if part.denoised.same_axis(model.denoised))
        return model if n_same >= MIN_SPECTRA else None
