"""Which of the denoised spectra are compared: all that reach as far as most, all on one axis, or all there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.figures import short
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.project.exploration import Part

Choice = Literal["most", "all", "axis"]

FEWEST: Final = 2  # spectra that can be compared
_NAMED: Final = 3
_LONGEST: Final = 26  # characters of a name


@dataclass(frozen=True, slots=True)
class Offer:
    """Another choice of what is compared: what its button says, and what it does in a line."""

    choice: Choice
    words: str
    help: str


class Compared:
    """Reads the session; keeps what was chosen, and what that came to when `parts` was asked last."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.only: frozenset[int] | None = None
        self.choice: Choice = "most"
        self._axis: SpectrumSet | None = None  # whose axis those that are compared have
        self._axis_name = ""
        self._held: dict[int, tuple[SpectrumSet, Part]] = {}
        self._all: list[Part] = []
        self.left_out: list[Part] = []

    def choose(self, choice: Choice) -> None:
        """Compare what reaches as far as "most", "all", or all on the "axis" of the entry that `offers` names."""
        like = self._like() if choice == "axis" else None
        if choice == "axis" and like is None:
            return
        self.choice = choice
        self._axis, self._axis_name = (like.denoised, like.name) if like is not None else (None, "")

    @property
    def entries(self) -> list[Entry]:
        """The entries that are to be compared, denoised or not."""
        entries = self._session.project.entries
        return [
            entry
            for entry in entries
            if (self.only is None or entry.id in self.only)
            and (self._axis is None or entry.source is None or entry.source.same_axis(self._axis))
        ]

    def parts(self) -> list[Part]:
        """The denoised spectra of the entries that are compared."""
        from ramanstudio.project.exploration import largest_overlap

        self._all = [part for part in self._denoised() if self.only is None or part.entry_id in self.only]
        if self.choice == "axis" and self._axis is not None:
            axis = self._axis
            kept = [part for part in self._all if part.denoised.same_axis(axis)]
            self.left_out = [part for part in self._all if not part.denoised.same_axis(axis)]
            if not kept:  # they have been closed
                self.choice, self._axis = "most", None
        if self.choice != "axis":
            kept, self.left_out = largest_overlap(self._all) if self.choice == "most" else (self._all, [])
        return kept

    def _denoised(self) -> list[Part]:
        from ramanstudio.project.exploration import Part

        held, self._held = self._held, {}
        parts = []
        for entry in self._session.project.entries:
            result = self._session.project.result(entry)
            if result is None or result.denoised is None:
                continue
            spectra = result.denoised.spectra
            of, part = held.get(entry.id, (None, None))
            if part is None or of is not spectra:
                part = Part.of(entry.id, entry.name, spectra)
            self._held[entry.id] = (spectra, part)
            if len(part.rows):
                parts.append(part)
        return parts

    # What it says, and offers instead

    @property
    def sentence(self) -> str:
        """What is left out, and why; empty where nothing is."""
        return " ".join(filter(None, (self._of_blanks(), self._of_left_out())))

    def _of_blanks(self) -> str:
        held = sum(len(spectra) for spectra, _ in self._held.values())
        many = held - sum(len(part.rows) for _, part in self._held.values())
        if not many:
            return ""
        hold, are = ("holds", "is") if many == 1 else ("hold", "are")
        return f"{count_of(many, 'spectrum', 'spectra')} {hold} nothing but zeros, or no numbers, and {are} left out."

    def _of_left_out(self) -> str:
        if not self.left_out:
            return ""
        names = ", ".join(f"'{part.name}'" for part in self.left_out[:_NAMED])
        names += " …" if len(self.left_out) > _NAMED else ""
        spectra = sum(len(part.rows) for part in self.left_out)
        many, are = count_of(spectra, "spectrum", "spectra"), "is" if spectra == 1 else "are"
        if self.choice == "axis":
            return f"Only what is on the axis of '{self._axis_name}' is compared: {many} of {names} {are} left out."
        if len(self.left_out) == 1:
            axis = self.left_out[0].denoised.axis
            ends = f"only from {format_number(axis[0])} to {format_number(axis[-1])} cm⁻¹"
            reach = "reaches" if spectra == 1 else "reach"
            return f"{many} of {names} {reach} {ends}, less far than most, and {are} left out."
        return f"{many} of {names} reach less far than most, and are left out."

    @property
    def offers(self) -> list[Offer]:
        """What one may choose instead, the most useful first; empty where all spectra have one axis."""
        found = []
        if self.left_out or self.choice == "axis":
            told = "Compare the spectra of all entries over the range that all of them have"
            found.append(Offer("all", "Compare all, resampled", told))
        if self.choice == "all" and self._some_are_short():
            told = "Leave out the few that reach less far than most, so that the others are compared over more"
            found.append(Offer("most", "Leave out the short ones", told))
        if self.choice != "axis" and (like := self._like()) is not None:
            told = f"Leave out the spectra on another axis than '{like.name}', so that nothing is resampled"
            found.append(Offer("axis", f"Only those on the axis of '{short(like.name, _LONGEST)}'", told))
        return found

    def _some_are_short(self) -> bool:
        from ramanstudio.project.exploration import largest_overlap

        return bool(self._all and largest_overlap(self._all)[1])

    def _like(self) -> Part | None:
        """The selected part, else the first, where others have another axis and two spectra or more its own."""
        if not self._all or all(part.denoised.same_axis(self._all[0].denoised) for part in self._all):
            return None
        selected = set(self._session.selected_ids)
        like = next((part for part in self._all if part.entry_id in selected), self._all[0])
        same = sum(len(part.rows) for part in self._all if part.denoised.same_axis(like.denoised))
        return like if same >= FEWEST else None
