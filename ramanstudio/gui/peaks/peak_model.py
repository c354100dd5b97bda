"""The peaks of one spectrum as table rows; positions and widths can be typed, limited and locked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common.columns_model import ColumnsModel, Index
from ramanstudio.gui.peaks.tie_texts import parse_ties, tie_text

if TYPE_CHECKING:
    from ramanstudio.gui.document.peak_finding import SpectrumPeaks
    from ramanstudio.peaks import Parameter, PeakModel


@dataclass(frozen=True, slots=True)
class PeakColumn:
    """A column: its title and its tooltip."""

    key: str
    title: str
    help: str


COLUMNS: Final = (
    PeakColumn("name", "Peak", "Name or number of the peak; grey where the measured spectrum does not support it"),
    PeakColumn(
        "center",
        "Position / cm⁻¹",
        "Position with its standard error. Tick to lock it; type a value, or a value with limits such as 520 (510–530)",
    ),
    PeakColumn(
        "fwhm",
        "FWHM / cm⁻¹",
        "Full width at half maximum with its standard error. Tick to lock it; type a value, or one with limits",
    ),
    PeakColumn(
        "tie",
        "Tied to",
        "What this peak shares with another. Type for example: width = 1; position = 1 + 30; height = 0.5 × 1",
    ),
    PeakColumn("height", "Height", "Height above the baseline with its standard error"),
    PeakColumn("area", "Area", "Area with its standard error"),
    PeakColumn("shape", "Shape", "What the profile has beside position and width, such as the Lorentzian share eta"),
    PeakColumn("significance", "Significance", "Height over its standard error, the baseline included"),
    PeakColumn("note", "Note", "What to know of this peak"),
)
_PARAMETERS: Final = ("center", "fwhm")
_EDITABLE: Final = (*_PARAMETERS, "tie")
_NUMBER: Final = r"[-+−]?\d+(?:[.,]\d+)?"
_LIMITS: Final = rf"[(\[]\s*({_NUMBER})\s*(?:–|—|-|to|;|,\s)\s*({_NUMBER})\s*[)\]]"
_TYPED: Final = re.compile(rf"^\s*({_NUMBER})\s*(?:{_LIMITS})?\s*$")


def parse_parameter(text: str, before: Parameter) -> Parameter | None:
    """Return the parameter that `text` says, such as "520", or "520 (510–530)"; None where it says none."""
    match = _TYPED.match(text)
    if match is None:
        return None
    value, low, high = (
        None if part is None else float(part.replace(",", ".").replace("−", "-")) for part in match.groups()
    )
    assert value is not None
    if low is None or high is None:
        return replace(before, value=value)
    low, high = min(low, high), max(low, high)
    return replace(before, value=min(max(value, low), high), low=low, high=high)


class PeakTableModel(ColumnsModel):
    """Shows SpectrumPeaks; `model_edited(PeakModel)` after the user changed a parameter."""

    model_edited = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(COLUMNS, parent)
        self._peaks: SpectrumPeaks | None = None
        self._rows: list[dict[str, Any]] = []

    def show(self, peaks: SpectrumPeaks | None) -> None:
        """Show the peaks of a spectrum; None shows none."""
        self.beginResetModel()
        self._peaks = peaks
        self._rows = rows_of(peaks) if peaks is not None else []
        self.endResetModel()

    def peak_at(self, row: int) -> int:
        """The number in the model of the peak in a row."""
        return int(self._rows[row]["peak"])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        """A row for each peak."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Positions and widths can be edited and ticked."""
        flags = super().flags(index)
        if COLUMNS[index.column()].key in _EDITABLE:
            flags |= Qt.ItemFlag.ItemIsEditable
        if COLUMNS[index.column()].key in _PARAMETERS:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, lock, tooltip and alignment."""
        if self._peaks is None or not index.isValid():
            return None
        row, key = self._rows[index.row()], COLUMNS[index.column()].key
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(row, key)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()].title}: {cell_text(row, key)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return row["note"] or COLUMNS[index.column()].help
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignLeft if key in ("name", "note", "shape", "tie") else Qt.AlignmentFlag.AlignRight
            )
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if key == "tie" and role == Qt.ItemDataRole.EditRole:
            return row["tie"]
        if key in _PARAMETERS:
            parameter = getattr(self._peaks.model.peaks[row["peak"]], key)
            if role == Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if parameter.locked else Qt.CheckState.Unchecked
            if role == Qt.ItemDataRole.EditRole:
                limits = "" if parameter.low is None else f" ({parameter.low:g}–{parameter.high:g})"
                return f"{parameter.value:.2f}{limits}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Take what was typed or ticked."""
        key = COLUMNS[index.column()].key
        if self._peaks is None or key not in _EDITABLE:
            return False
        number = self.peak_at(index.row())
        if key == "tie":
            return self._take_ties(number, str(value))
        parameter = getattr(self._peaks.model.peaks[number], key)
        if role == Qt.ItemDataRole.CheckStateRole:
            changed = replace(parameter, locked=Qt.CheckState(value) == Qt.CheckState.Checked)
        else:
            typed = parse_parameter(str(value), parameter)
            if typed is None or (key == "fwhm" and typed.value <= 0):
                return False
            changed = typed
        model: PeakModel = self._peaks.model.with_peak(number, **{key: changed})
        self.model_edited.emit(model)
        return True

    def _take_ties(self, number: int, text: str) -> bool:
        assert self._peaks is not None
        model = self._peaks.model
        ties = parse_ties(text, number, peak_names(model))
        if ties is None:
            return False
        changed = replace(model, ties=tuple(tie for tie in model.ties if tie.peak != number))
        try:
            for tie in ties:
                changed = changed.with_tie(tie)
        except StudioError:
            return False
        self.model_edited.emit(changed)
        return True


def peak_names(model: PeakModel) -> list[str]:
    """Return the name of each peak of a model, or its number by position where it has none."""
    order = sorted(range(len(model.peaks)), key=lambda index: model.peaks[index].center.value)
    numbers = {index: str(position) for position, index in enumerate(order, start=1)}
    return [peak.name or numbers[index] for index, peak in enumerate(model.peaks)]


def rows_of(peaks: SpectrumPeaks) -> list[dict[str, Any]]:
    """Return a row for each peak of the model, by position, with what the table knows of it."""
    known: dict[int, dict[str, Any]] = {}
    if peaks.table is not None:
        for position, row in enumerate(peaks.table.rows()):
            supported = bool(peaks.supported[position]) if peaks.supported is not None else True
            known[row["peak"]] = {**row, "supported": supported, "center": row.get("center", row.get("position"))}
            known[row["peak"]]["center_error"] = row.get("center_error", row.get("position_error"))
    rows = []
    names = peak_names(peaks.model)
    for number, peak in enumerate(peaks.model.peaks):
        row = known.get(number, {"center": peak.center.value, "fwhm": peak.fwhm.value, "supported": True})
        note = str(row.get("flag", "")) if number in known else "not fitted yet"
        if number in known and not row["supported"] and "three" not in note:
            note = "not supported by the measured spectrum"
        tie = tie_text(peaks.model, number, names)
        rows.append({**row, "peak": number, "name": names[number], "note": note, "tie": tie})
    rows.sort(key=lambda row: float(row["center"]))
    return rows


def cell_text(row: dict[str, Any], key: str) -> str:
    """Return a value of a peak as text, with its standard error where it has one."""
    if key in ("name", "note", "tie"):
        return str(row[key])
    if key == "shape":
        names = [name for name in ("eta", "lorentz_share", "inverse_q", "asymmetry") if name in row]
        return ", ".join(f"{name} {with_error(row[name], row[f'{name}_error'])}" for name in names)
    if key not in row:
        return ""
    if key == "significance":
        return f"{row[key]:.1f}"
    return with_error(row[key], row.get(f"{key}_error"))


def with_error(value: float, error: float | None) -> str:
    """Return a number with its standard error, both to two digits of the error: "520.46 ± 0.12"."""
    if error is None or not error > 0 or error != error:
        return f"{value:.2f}" if abs(value) < 1e5 else f"{value:.4g}"
    import math

    digits = max(0, 1 - math.floor(math.log10(error)))
    if abs(value) >= 1e5 or digits > 6:
        return f"{value:.4g} ± {error:.2g}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"
