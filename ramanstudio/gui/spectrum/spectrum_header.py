"""The header of the Spectrum tab: names what is shown; in a set, steps through its spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpinBox, QToolButton, QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectral_units import common_laser_nm
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.texts import count_of, kind_of
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.display_menu import DisplayButton
from ramanstudio.gui.viewer.flow_layout import FlowLayout
from ramanstudio.project.project import Entry

NO_UNIT: Final = " · axis in cm⁻¹"


class SpectrumHeader(QWidget):
    """Names what is shown; in a set, steps through its spectra."""

    def __init__(self, session: Session, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._session = session
        self._name = ElidedLabel(self)
        self._name.setProperty("role", "heading")
        self._detail = ElidedLabel(self)
        self._detail.setProperty("role", "quiet")
        self._number = QSpinBox(self)
        self._number.setAccessibleName("Number of the spectrum in the set")
        self._number.setToolTip("Spectrum of the set that is shown (Ctrl+Left, Ctrl+Right); 0 shows all (Ctrl+Up)")
        self._number.setMinimumWidth(112)
        self._number.setMaximumWidth(184)
        self._number.setPrefix("spectrum ")
        self._number.setSpecialValueText("all spectra")
        self._number.setKeyboardTracking(False)
        self._number.lineEdit().setTextMargins(6, 0, 0, 0)
        self._previous, self._next = (
            _step_button(actions[name], text) for name, text in (("spectrum_before", "‹"), ("spectrum_after", "›"))
        )
        names, steps = QWidget(self), QWidget(self)
        name_row, step_row = QHBoxLayout(names), QHBoxLayout(steps)
        for row in (name_row, step_row):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
        for label in (self._name, self._detail):
            name_row.addWidget(label)
        self.display = DisplayButton(actions)
        self._axis_unit = "shift"
        self.laser_nm: float | None = None  # of all that is shown
        self._laser_problem = ""
        for widget in (self._previous, self._number, self._next):
            step_row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 0)
        lines = QWidget(self)
        layout.addWidget(lines)
        flow = FlowLayout(lines, last_at_end=True)
        flow.addWidget(names)
        flow.addWidget(steps)
        flow.addWidget(self.display)
        self._steps = steps
        self.setMinimumHeight(44)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._number.valueChanged.connect(self._choose)

    def show_entries(self, entries: list[Entry]) -> None:
        """Show the names of these entries."""
        n_spectra = 0
        if len(entries) == 1:
            source = entries[0].source
            n_spectra = len(source) if source is not None and len(source) > 1 else 0
            self._name.setText(entries[0].name)
            self._detail.setText(f"{kind_of(entries[0])} of {format_number(n_spectra)} spectra" if n_spectra else "")
            if n_spectra and kind_of(entries[0]) == "spectra":
                self._detail.setText(f"{format_number(n_spectra)} spectra")
            n_selected = len(self._session.rows_of(entries[0]))
            if 1 < n_selected < n_spectra:
                of_all = f"{format_number(n_selected)} of the {format_number(n_spectra)} spectra"
                self._detail.setText(f"{of_all} of this {kind_of(entries[0])}")
        else:
            self._name.setText(count_of(len(entries), "entry", "entries") if entries else "Nothing is selected")
            self._detail.setText("selected" if entries else "Select a spectrum in the list.")
        stated = [entry.source.about.get("laser_nm") for entry in entries if entry.source is not None]
        self.laser_nm, self._laser_problem = common_laser_nm(stated)
        self._show_laser(bool(entries))
        self._steps.setVisible(bool(n_spectra))
        self._number.blockSignals(True)
        self._number.setRange(0, n_spectra)
        self._number.setSuffix(f" of {format_number(n_spectra)}")
        spectrum = self._session.single_row
        self._number.setValue(0 if spectrum is None else spectrum + 1)
        self._number.blockSignals(False)

    @property
    def has_laser(self) -> bool:
        """Whether one laser wavelength is known for all that is shown."""
        return self.laser_nm is not None

    @property
    def detail(self) -> str:
        """What is said beside the name."""
        return self._detail.text()

    def show_axis_unit(self, unit: str) -> None:
        """Take the unit that the axis should have; it is said where it cannot."""
        self._axis_unit = unit
        self._show_laser(bool(self._name.text()))

    def _show_laser(self, has_spectra: bool) -> None:
        problem = self._laser_problem if has_spectra else ""
        self.display.show_laser_problem(problem)
        if problem and self._axis_unit != "shift":
            detail = self._detail.text().split(NO_UNIT)[0]
            self._detail.setText(f"{detail}{NO_UNIT}: {problem[0].lower()}{problem[1:].rstrip('.')}")
        else:
            self._detail.setText(self._detail.text().split(NO_UNIT)[0])

    def _choose(self, number: int) -> None:
        self._session.select_spectrum(number - 1 if number else None)


def _step_button(action: QAction, text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.clicked.connect(action.trigger)
    return button
