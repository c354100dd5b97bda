"""What a batch computes beside the processed spectra: identification by libraries, classes of a fine-tuned model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.cosmic_rays import find_cosmic_rays, interpolate

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.library.library import Library


@dataclass(frozen=True, slots=True)
class Analyses:
    """Identifies spectra by `libraries` and classifies them with a `model`, each where it is given."""

    engine: Engine | None = None
    libraries: Sequence[Library] = ()
    model: FineTunedModel | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of the results table."""
        identified = ("substance", "probability of substance", "HQI") if self.libraries else ()
        classified = ("prediction", "probability or error of prediction") if self.model is not None else ()
        return (*identified, *classified)

    def columns(self, sets: Sequence[SpectrumSet], progress: Progress = SILENT) -> list[list[list[Any]]]:
        """Return the cells of each spectrum of each set; those on one axis at once, empty where it is not possible.

        Measured spectra are used, without their cosmic rays: identification and classes treat noise and baseline
        themselves.
        """
        cells: list[list[list[Any]]] = [[[] for _ in spectra.values] for spectra in sets]
        if not self.header:
            return cells
        groups: dict[bytes, list[int]] = {}
        for index, spectra in enumerate(sets):
            groups.setdefault(spectra.axis.tobytes(), []).append(index)
        for indices in groups.values():
            values = np.concatenate([sets[index].values for index in indices])
            joint = SpectrumSet(sets[indices[0]].axis, values, about=sets[indices[0]].about)
            rows = iter(self._rows(joint, progress))
            for index in indices:
                cells[index] = [next(rows) for _ in range(len(sets[index]))]
        return cells

    def _rows(self, spectra: SpectrumSet, progress: Progress) -> list[list[Any]]:
        rows: list[list[Any]] = [[""] * len(self.header) for _ in range(len(spectra))]
        whole = np.flatnonzero(np.isfinite(spectra.values).all(axis=1))
        if self.engine is None or not len(whole):
            return rows
        measured = spectra[whole]
        repaired = measured.with_values(interpolate(measured.axis, measured.values, find_cosmic_rays(measured)))
        columns = [[] for _ in whole] if not self.libraries else self._identified(repaired, progress)
        if self.model is not None:
            columns = [
                [*left, *right] for left, right in zip(columns, self._classified(repaired, progress), strict=True)
            ]
        for row, found in zip(whole, columns, strict=True):
            rows[row] = found
        return rows

    def _identified(self, spectra: SpectrumSet, progress: Progress) -> list[list[Any]]:
        assert self.engine is not None
        try:
            identifications = self.engine.identify(spectra, list(self.libraries), top=1, progress=progress)
        except StudioError as error:
            progress.warn(str(error))
            return [["", "", ""] for _ in range(len(spectra))]
        rows = []
        for identification in identifications:
            best = identification.matches[0] if identification.matches else None
            name = UNKNOWN if identification.unknown or best is None else best.name
            rows.append(
                [name, "" if best is None else f"{best.probability:.3f}", "" if best is None else f"{best.hqi:.0f}"]
            )
        return rows

    def _classified(self, spectra: SpectrumSet, progress: Progress) -> list[list[Any]]:
        assert self.engine is not None and self.model is not None
        try:
            classified = self.engine.classify(spectra, self.model, progress)
        except StudioError as error:
            progress.warn(str(error))
            return [["", ""] for _ in range(len(spectra))]
        if classified.values is not None:
            return [[f"{value:.6g}", f"{classified.error:.3g}"] for value in classified.values]
        labels = np.where(classified.unknown, UNKNOWN, classified.labels)
        return [[str(label), f"{row.max():.3f}"] for label, row in zip(labels, classified.probabilities, strict=True)]
