"""The map that is looked at: whose spectra, where they lie, what is known of them, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.map.map_values import MapData, MapOptions
from ramanstudio.project.groups import Members
from ramanstudio.project.predictions import predicted_classes
from ramanstudio.project.project import Entry, Identifications, Predictions, Result
from ramanstudio.project.substances import substances_of
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import MapLayout, SpectrumSeries, map_layout


class MapSource:
    """Reads the session; keeps nothing but which map it is and where its spectra lie."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.entry: Entry | None = None
        self.places: MapLayout | None = None
        self._placed: dict[int, tuple[SpectrumSet, MapLayout | None]] = {}

    def look(self) -> bool:
        """Take the selected map; else the one there was; else the first. Whether it is another one now."""
        before = self.entry.source if self.entry is not None else None
        selected = self._session.selected
        old = self._session.entry(self.entry.id) if self.entry is not None else None
        candidates = [*selected, *([old] if old is not None else []), *self._session.project.entries]
        self.entry = next((one for one in candidates if self._places_of(one) is not None), None)
        self.places = self._places_of(self.entry) if self.entry is not None else None
        return self.source is not before

    def _places_of(self, entry: Entry) -> MapLayout | None:
        if entry.source is None or not entry.is_map_or_series:
            return None
        placed = self._placed.get(entry.id)
        if placed is None or placed[0] is not entry.source:
            placed = (entry.source, map_layout(entry.source))
            self._placed[entry.id] = placed
        return placed[1]

    @property
    def source(self) -> SpectrumSet | None:
        """The spectra as they were measured."""
        return self.entry.source if self.entry is not None else None

    @property
    def others(self) -> list[Entry]:
        """All entries that can be shown."""
        return [entry for entry in self._session.project.entries if entry.is_map_or_series]

    @property
    def result(self) -> Result | None:
        """What was found for it."""
        return self._session.project.result(self.entry) if self.entry is not None else None

    @property
    def rows(self) -> NDArray[np.int64]:
        """Which of its spectra are selected."""
        return self._session.rows_of(self.entry) if self.entry is not None else np.zeros(0, dtype=np.int64)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which of its spectra are selected, (N,)."""
        mask = np.zeros(len(self.source) if self.source is not None else 0, dtype=bool)
        mask[self.rows] = True
        return mask

    @property
    def is_whole(self) -> bool:
        """Whether all of it is selected, or nothing."""
        return self.source is None or len(self.rows) in (0, len(self.source))

    def spectra(self, choice: MapOptions) -> tuple[SpectrumSet, NDArray[np.floating[Any]] | None]:
        """The spectra as they are to be shown, denoised where they are and that is wanted, and their expected error."""
        assert self.source is not None
        result = self.result
        if choice.denoised and result is not None and result.denoised is not None:
            return result.denoised.spectra, result.denoised.expected_error
        return self.source, None

    def offers(self, key: str) -> str:
        """Empty where a channel can be shown now; else what stands in the way."""
        needs = map_channels.channel(key).needs
        if isinstance(self.places, SpectrumSeries):
            return "" if key == "total" else "A series is shown as intensity against Raman shift."
        if needs == "denoised" and (self.result is None or self.result.denoised is None):
            return "Known once the map is denoised."
        if needs in ("groups", "explored") and self._members is None:
            return "Known once the spectra are denoised and compared."
        if needs == "groups" and self._session.groups is None:
            return "Known once the groups are found."
        if needs == "identified" and self._identified is None:
            return "Known once the map is identified (Identify, Ctrl+4)."
        if needs in ("classes", "values") and self._answered(key) is None:
            return "Known once a taught model that is ticked on Identify (Ctrl+4) has been asked about the map."
        if key == "distance" and self.is_whole:
            return "Select a pixel, or several, to see how unlike them the others are."
        return ""

    @property
    def _members(self) -> Members | None:
        explored = self._session.project.exploration
        if explored is None or self.entry is None or not (explored.members.entry_ids == self.entry.id).any():
            return None
        return explored.members

    @property
    def _identified(self) -> Identifications | None:
        return self._session.project.identification(self.entry) if self.entry is not None else None

    def _answered(self, key: str) -> Predictions | None:
        """What the taught model that was asked last says of it: its classes, or its quantity."""
        answers = self._session.project.predictions_for(self.entry) if self.entry is not None else ()
        fitting = [one for one in answers if (one.values is not None) == (key == "value") and not one.problem]
        return fitting[-1] if fitting else None

    def measured(self, choice: MapOptions) -> MapData:
        """All that a map of it can be made of."""
        spectra, error = self.spectra(choice)
        result = self.result
        denoised = result.denoised if result is not None else None
        source = MapData(
            spectra.axis,
            spectra.values,
            error,
            selected=self.mask,
            unit=str(spectra.about.get("intensity_unit", "a.u.")),
        )
        if denoised is not None:
            source = replace(source, snr_before=denoised.snr_before, snr_after=denoised.snr_after, gain=denoised.gain)
        if choice.channel == "substance" and (identified := self._identified) is not None:
            source = replace(source, substances=substances_of(identified)[1], substances_of=identified)
        if choice.channel in ("class", "value") and (said := self._answered(choice.channel)) is not None:
            answers = said.values if said.values is not None else predicted_classes(said)[1]
            source = replace(source, answers=answers, answers_of=said)
        explored, members = self._session.project.exploration, self._members
        if self.entry is None or explored is None or members is None:
            return source
        place = Members.of_entries([(self.entry.id, len(spectra))]).positions_in(members)
        groups = self._session.groups
        # a spectrum that could not be compared has no group: it stays blank
        labels = None if groups is None else np.where(place >= 0, groups.labels[place], np.nan)
        return replace(source, features=explored.features, place=place, labels=labels, labels_of=groups)

    def category_names(self, channel: str, theme: Theme) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names and colours of the groups, of the substances, or of a taught model's classes."""
        if channel not in ("substance", "class"):
            return self.group_names(theme)
        said = self._answered(channel) if channel == "class" else None
        names = substances_of(self._identified)[0] if self._identified is not None else ()
        if channel == "class":
            names = predicted_classes(said)[0] if said is not None else ()
        colours = tuple(theme.raw if name == UNKNOWN else theme.category(place) for place, name in enumerate(names))
        return names, colours

    def group_names(self, theme: Theme) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names and colours of the groups."""
        groups = self._session.groups
        if groups is None:
            return (), ()
        return tuple(one.name for one in groups.groups), tuple(theme.category(one.colour) for one in groups.groups)

    def picked(self, rows: NDArray[np.intp], mode: str) -> NDArray[np.intp]:
        """The rows that are selected after `rows` replace what is, are added to it, or taken out."""
        mask = np.zeros(len(self.source) if self.source is not None else 0, dtype=bool)
        if mode != "replace":
            mask = mask | self.mask if not self.is_whole else mask | (mode == "remove")
        mask[rows] = mode != "remove"
        return np.flatnonzero(mask)

    def select(self, rows: NDArray[np.intp]) -> None:
        """Select these of its spectra; all of it where there are none."""
        if self.entry is None:
            return
        if not len(rows):
            self._session.select([self.entry.id])
            self._session.select_spectrum(None)  # all of it, where some of its spectra had been selected
        else:
            self._session.select_spectra(np.full(len(rows), self.entry.id), rows)
