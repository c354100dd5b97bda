"""What a batch computes beside the spectra: substances by libraries, classes of a model, peaks of a template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.runner import Processed
from ramanstudio.signal.cosmic_rays import find_cosmic_rays, interpolate

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.library.library import Library
    from ramanstudio.peaks.templates import Template, TemplateFit

_PEAK_COLUMNS: Final = (("position", " / cm⁻¹"), ("fwhm", " / cm⁻¹"), ("height", ""), ("area", ""))


@dataclass(frozen=True, slots=True)
class Analyses:
    """Fits a `template`, identifies by `libraries` and classifies with a `model`, each where it is given."""

    engine: Engine | None = None
    libraries: Sequence[Library] = ()
    model: FineTunedModel | None = None
    template: Template | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of the results table."""
        identified = ("substance", "probability of substance", "HQI") if self.libraries else ()
        classified = ("prediction", "probability or error of prediction") if self.model is not None else ()
        return (*self._peak_header, *identified, *classified)

    @property
    def names(self) -> tuple[str, ...]:
        """What is computed: a run goes on only with the same."""
        template = () if self.template is None else (f"template {self.template.key}",)
        libraries = (f"library {getattr(library, 'title', library)}" for library in self.libraries)
        model = () if self.model is None else (f"model {self.model.card.name} {self.model.card.sha256[:12]}",)
        return (*template, *libraries, *model)

    @property
    def _peak_header(self) -> tuple[str, ...]:
        if self.template is None:
            return ()
        header = []
        for peak in self.template.model.peaks:
            for name, unit in _PEAK_COLUMNS:
                title = f"{peak.name} {'FWHM' if name == 'fwhm' else name}"
                header += [f"{title}{unit}", f"{title} error"]
            header.append(f"{peak.name} remark")
        for quantity in self.template.quantities:
            header += [f"{quantity.name} / {quantity.unit}" if quantity.unit else quantity.name]
            header += [f"{quantity.name} error"]
        return tuple(header)

    def columns(
        self, sets: Sequence[SpectrumSet], processed: Sequence[Processed | None], progress: Progress = SILENT
    ) -> list[list[list[Any]]]:
        """Return the cells of each spectrum of each set; those on one axis at once, empty where it is not possible.

        Peaks are fitted to the `processed` spectra, with their expected error. Identification and classes use the
        measured ones, without their cosmic rays: they treat noise and baseline themselves.
        """
        measured = _by_axis(sets, lambda joint, _: self._rows(joint, progress))
        if self.template is None:
            return measured
        after = [
            SpectrumSet(np.arange(2.0), np.zeros((len(source), 2), np.float32)) if result is None else result.spectra
            for source, result in zip(sets, processed, strict=True)
        ]
        errors = [None if result is None else np.asarray(result.expected_error) for result in processed]

        def peaks(joint: SpectrumSet, indices: Sequence[int]) -> list[list[Any]]:
            known = [error for index in indices if (error := errors[index]) is not None]
            error = np.concatenate(known) if len(known) == len(indices) else None
            return self._peaks(joint, error, progress)

        fitted = _by_axis(after, peaks)
        return [
            [[*left, *right] for left, right in zip(first, second, strict=True)]
            for first, second in zip(fitted, measured, strict=True)
        ]

    def _peaks(self, spectra: SpectrumSet, error: Any, progress: Progress) -> list[list[Any]]:
        """What the template says of each spectrum; nothing of those it cannot be fitted to."""
        from ramanstudio.peaks import templates

        assert self.template is not None
        rows: list[list[Any]] = [[""] * len(self._peak_header) for _ in range(len(spectra))]
        if error is None:
            return rows
        try:
            fit = templates.apply(self.template, spectra, error)
        except StudioError as problem:
            progress.warn(str(problem))
            return rows
        for spectrum, cells in _peak_cells(self.template, fit).items():
            rows[spectrum] = cells
        return rows

    def _rows(self, spectra: SpectrumSet, progress: Progress) -> list[list[Any]]:
        width = len(self.header) - len(self._peak_header)
        rows: list[list[Any]] = [[""] * width for _ in range(len(spectra))]
        whole = np.flatnonzero(np.isfinite(spectra.values).all(axis=1))
        if not (self.libraries or self.model is not None) or self.engine is None or not len(whole):
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


def _by_axis(
    sets: Sequence[SpectrumSet], compute: Callable[[SpectrumSet, Sequence[int]], list[list[Any]]]
) -> list[list[list[Any]]]:
    """What `compute` returns for each spectrum of each set, called with those on one axis and their indices."""
    cells: list[list[list[Any]]] = [[] for _ in sets]
    groups: dict[bytes, list[int]] = {}
    for index, spectra in enumerate(sets):
        groups.setdefault(spectra.axis.tobytes(), []).append(index)
    for indices in groups.values():
        values = np.concatenate([sets[index].values for index in indices])
        joint = SpectrumSet(sets[indices[0]].axis, values, about=sets[indices[0]].about)
        rows = iter(compute(joint, indices))
        for index in indices:
            cells[index] = [next(rows) for _ in range(len(sets[index]))]
    return cells


def _peak_cells(template: Template, fit: TemplateFit) -> dict[int, list[Any]]:
    """The cells of each spectrum that a template was fitted to: its peaks, then its quantities."""
    peaks = {(int(row["spectrum"]), str(row["name"])): row for row in fit.table.rows()}
    quantities = {item.quantity.name: item for item in fit.quantities}
    cells: dict[int, list[Any]] = {}
    for position, spectrum in enumerate(fit.rows.tolist()):
        row: list[Any] = []
        for peak in template.model.peaks:
            values = peaks.get((spectrum, peak.name), {})
            for name, _ in _PEAK_COLUMNS:
                known = "center" if name == "position" and "position" not in values else name
                row += [_cell(values.get(known)), _cell(values.get(f"{known}_error"))]
            row.append(str(values.get("flag", "")))
        for quantity in template.quantities:
            item = quantities.get(quantity.name)
            holds = item is not None and bool(item.is_valid[position])
            row += [_cell(item.value[position]), _cell(item.error[position])] if item and holds else ["", ""]
        cells[spectrum] = row
    return cells


def _cell(value: Any) -> str:
    return "" if value is None or not np.isfinite(value) else f"{float(value):.7g}"
