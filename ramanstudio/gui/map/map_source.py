"""The map that is shown: its spectra and layout, what is known of them, and which channels are available."""

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
    """Reads the session; keeps only which map is shown, and the layouts of maps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.entry: Entry | None = None
        self.layout: MapLayout | None = None
        self._layouts: dict[int, tuple[SpectrumSet, MapLayout | None]] = {}

    def update(self) -> bool:
        """Choose the selected map, else the present one, else the first; return whether it is another one now."""
        before = self.entry.source if self.entry is not None else None
        selected = self._session.selected
        present = self._session.entry(self.entry.id) if self.entry is not None else None
        candidates = [*selected, *([present] if present is not None else []), *self._session.project.entries]
        self.entry = next((candidate for candidate in candidates if self._layout_of(candidate) is not None), None)
        self.layout = self._layout_of(self.entry) if self.entry is not None else None
        return self.source is not before

    def _layout_of(self, entry: Entry) -> MapLayout | None:
        if entry.source is None or not entry.is_map_or_series:
            return None
        cached = self._layouts.get(entry.id)
        if cached is None or cached[0] is not entry.source:
            cached = (entry.source, map_layout(entry.source))
            self._layouts[entry.id] = cached
        return cached[1]

    @property
    def source(self) -> SpectrumSet | None:
        """The spectra as measured."""
        return self.entry.source if self.entry is not None else None

    @property
    def all_entries(self) -> list[Entry]:
        """All entries that can be shown as a map."""
        return [entry for entry in self._session.project.entries if entry.is_map_or_series]

    @property
    def result(self) -> Result | None:
        """Its denoising result."""
        return self._session.project.result(self.entry) if self.entry is not None else None

    @property
    def rows(self) -> NDArray[np.int64]:
        """Which of its spectra are selected, as rows (N,)."""
        return self._session.rows_of(self.entry) if self.entry is not None else np.zeros(0, dtype=np.int64)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which of its spectra are selected (N,)."""
        mask = np.zeros(len(self.source) if self.source is not None else 0, dtype=bool)
        mask[self.rows] = True
        return mask

    @property
    def is_whole(self) -> bool:
        """Whether all of it is selected, or nothing."""
        return self.source is None or len(self.rows) in (0, len(self.source))

    def spectra(self, options: MapOptions) -> tuple[SpectrumSet, NDArray[np.floating[Any]] | None]:
        """Return the spectra that a channel is calculated from, processed or measured; their error (N, B) or None."""
        assert self.source is not None
        result = self.result
        if options.denoised and result is not None and result.denoised is not None:
            return result.final, result.final_error
        return self.source, None

    def missing_for(self, key: str) -> str:
        """Return what a channel still needs; empty where it can be shown."""
        needs = map_channels.channel(key).needs
        if isinstance(self.layout, SpectrumSeries):
            return "" if key == "total" else "A series is shown as intensity against Raman shift."
        if needs == "denoised" and (self.result is None or self.result.denoised is None):
            return "Available once the map is denoised."
        if needs in ("groups", "explored") and self._members is None:
            return "Available once the spectra are denoised and compared."
        if needs == "groups" and self._session.groups is None:
            return "Available once groups are found."
        if needs == "identified" and self._identifications is None:
            return "Available once the map is identified (Identify, Ctrl+5)."
        if needs in ("classes", "values") and self._predictions_for(key) is None:
            return "Available once the map is classified with a fine-tuned model that is checked in Identify (Ctrl+5)."
        if key == "distance" and self.is_whole:
            return "Select one or more pixels to show how much the others differ from them."
        return ""

    @property
    def _members(self) -> Members | None:
        explored = self._session.project.exploration
        if explored is None or self.entry is None or not (explored.members.entry_ids == self.entry.id).any():
            return None
        return explored.members

    @property
    def _identifications(self) -> Identifications | None:
        return self._session.project.identification(self.entry) if self.entry is not None else None

    def _predictions_for(self, channel: str) -> Predictions | None:
        """Return the latest predictions for it, of classes or of a quantity."""
        predictions = self._session.project.predictions_for(self.entry) if self.entry is not None else ()
        matching = [
            candidate
            for candidate in predictions
            if (candidate.values is not None) == (channel == "value") and not candidate.problem
        ]
        return matching[-1] if matching else None

    def map_data(self, options: MapOptions) -> MapData:
        """Return everything that its channels are calculated from."""
        spectra, error = self.spectra(options)
        result = self.result
        denoised = result.denoised if result is not None else None
        data = MapData(
            spectra.axis,
            spectra.values,
            error,
            selected=self.mask,
            unit=str(spectra.about.get("intensity_unit", "a.u.")),
        )
        if denoised is not None:
            data = replace(data, snr_before=denoised.snr_before, snr_after=denoised.snr_after, gain=denoised.gain)
        if options.channel == "substance" and (identifications := self._identifications) is not None:
            data = replace(data, substances=substances_of(identifications)[1], substances_of=identifications)
        if (
            options.channel in ("class", "value")
            and (predictions := self._predictions_for(options.channel)) is not None
        ):
            predicted = predictions.values if predictions.values is not None else predicted_classes(predictions)[1]
            data = replace(data, predicted=predicted, predictions=predictions)
        explored, members = self._session.project.exploration, self._members
        if self.entry is None or explored is None or members is None:
            return data
        position = Members.of_entries([(self.entry.id, len(spectra))]).positions_in(members)
        groups = self._session.groups
        # a spectrum that could not be compared has no group: it stays blank
        labels = None if groups is None else np.where(position >= 0, groups.labels[position], np.nan)
        return replace(data, features=explored.features, feature_rows=position, labels=labels, labels_of=groups)

    def category_names(self, channel: str, theme: Theme) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return names and colours of the groups, substances or predicted classes."""
        if channel not in ("substance", "class"):
            return self.group_names(theme)
        predictions = self._predictions_for(channel) if channel == "class" else None
        names = substances_of(self._identifications)[0] if self._identifications is not None else ()
        if channel == "class":
            names = predicted_classes(predictions)[0] if predictions is not None else ()
        colours = tuple(theme.raw if name == UNKNOWN else theme.category(number) for number, name in enumerate(names))
        return names, colours

    def group_names(self, theme: Theme) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return names and colours of the groups."""
        groups = self._session.groups
        if groups is None:
            return (), ()
        return tuple(group.name for group in groups.groups), tuple(
            theme.category(group.colour) for group in groups.groups
        )

    def picked(self, rows: NDArray[np.intp], mode: str) -> NDArray[np.intp]:
        """Return the rows (N,) that are selected after `rows` replace the selection, are added to it, or removed."""
        mask = np.zeros(len(self.source) if self.source is not None else 0, dtype=bool)
        if mode != "replace":
            mask = mask | self.mask if not self.is_whole else mask | (mode == "remove")
        mask[rows] = mode != "remove"
        return np.flatnonzero(mask)

    def select(self, rows: NDArray[np.intp]) -> None:
        """Select these spectra (N,); the whole map where there are none."""
        if self.entry is None:
            return
        if not len(rows):
            self._session.select([self.entry.id])
            self._session.select_spectrum(None)  # all of it, where some of its spectra had been selected
        else:
            self._session.select_spectra(np.full(len(rows), self.entry.id), rows)
