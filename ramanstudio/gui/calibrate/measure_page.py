"""The page on which a standard is chosen, its lines are matched, and a profile is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.calibration.draft import CalibrationDraft
from ramanstudio.calibration.intensity import IntensityProfile, calibrate_intensity, intensity_standards
from ramanstudio.calibration.profile import Profile
from ramanstudio.calibration.profile_files import StoredProfile, store
from ramanstudio.calibration.standard_lines import average
from ramanstudio.calibration.substances import substances
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.calibrate import charts
from ramanstudio.gui.calibrate.line_table import LineTable
from ramanstudio.gui.calibrate.standard_plot import StandardPlot
from ramanstudio.gui.common.dialogs import ask_any_files
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.viewer.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramanstudio.core.progress import Progress

NOTHING_OPEN: Final = "Open the spectrum of a standard (Ctrl+O): silicon, polystyrene, calcite, a neon lamp, …"
OWN_TABLE: Final = "own table"
INTRODUCTION: Final = (
    "Choose the spectrum of a standard and what it is. Its lines are matched to their true positions; drag a line,"
    " double-click to add one, switch one off in the table."
)


class MeasurePage(QWidget):
    """Makes one profile at a time; `saved` is called after it was saved."""

    def __init__(self, workers: Workers, messages: Messages, saved: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._workers, self._messages, self._saved = workers, messages, saved
        self._spectra: list[tuple[str, SpectrumSet]] = []
        self._profiles: tuple[StoredProfile, ...] = ()
        self.draft: CalibrationDraft | None = None
        self.intensity: IntensityProfile | None = None
        self._make_form()
        self._make_views()
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self._form_area())
        split.addWidget(self._views)
        split.setStretchFactor(1, 1)
        split.setSizes([290, 800])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        self.show_draft(None)

    def _make_form(self) -> None:
        self.spectrum = QComboBox(self)
        self.spectrum.setAccessibleName("Spectrum of the standard")
        self.substance = QComboBox(self)
        self.substance.setAccessibleName("What was measured")
        for key, substance in substances().items():
            self.substance.addItem(substance.title, ("axis", key))
            self.substance.setItemData(
                self.substance.count() - 1, f"{substance.source}. {substance.checked}", Qt.ItemDataRole.ToolTipRole
            )
        self.substance.insertSeparator(self.substance.count())
        for key, standard in intensity_standards().items():
            self.substance.addItem(f"{standard.title} (intensity, {standard.laser_nm:g} nm)", ("intensity", key))
        self.substance.insertSeparator(self.substance.count())
        self.substance.addItem("Table of my own…", ("axis", OWN_TABLE))
        self.substance.addItem("Certificate of a lamp, or correction curve…", ("intensity", OWN_TABLE))
        self.after = QComboBox(self)
        self.after.setAccessibleName("Go on from profile")
        self.after.setToolTip(
            "A profile learned before: first a lamp, then silicon for the zero of the laser (CWA 18133)"
        )
        self.temperature = QDoubleSpinBox(self, minimum=-200, maximum=500, value=20, suffix=" °C", decimals=1)
        self.temperature.setAccessibleName("Temperature")
        self.temperature.setToolTip("Silicon's line moves by −0.022 cm⁻¹ per kelvin")
        self.laser = QDoubleSpinBox(self, minimum=0, maximum=2000, suffix=" nm", decimals=3)
        self.laser.setSpecialValueText("unknown")
        self.laser.setAccessibleName("Laser wavelength")
        for box in (self.spectrum, self.substance, self.after):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        self.match = _button("Match lines", "Find the lines of the standard and match them to their true positions")
        self.match.setProperty("role", "primary")
        self.name = QLineEdit(self, placeholderText="Name of the profile")
        self.name.setAccessibleName("Name of the profile")
        self.save = _button("Save profile", "Keep the profile for this instrument; recipes can use it then")
        self.sentence = label("body", wrap=True)
        self.details = label("quiet", wrap=True)
        self.spectrum.currentIndexChanged.connect(lambda _: self._spectrum_chosen())
        self.substance.currentIndexChanged.connect(lambda _: self._substance_chosen())
        self.match.clicked.connect(self.start)
        self.save.clicked.connect(self.save_profile)

    def _form_area(self) -> QScrollArea:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.addRow("Spectrum", self.spectrum)
        form.addRow("What was measured", self.substance)
        form.addRow("Laser wavelength", self.laser)
        form.addRow("Go on from", self.after)
        form.addRow("Temperature", self.temperature)
        content = QWidget()
        column = QVBoxLayout(content)
        introduction = label("quiet", wrap=True)
        introduction.setText(INTRODUCTION)
        column.addWidget(introduction)
        column.addLayout(form)
        column.addWidget(self.match)
        column.addWidget(self.sentence)
        column.addWidget(self.details)
        column.addWidget(self.name)
        column.addWidget(self.save)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(250)
        area.setWidget(content)
        self._area = area
        return area

    def _make_views(self) -> None:
        self.plot = StandardPlot(self)
        self.residuals = Chart("Raman shift / cm⁻¹", "Off by / cm⁻¹", self)
        self.correction = Chart("Raman shift / cm⁻¹", "Correction / cm⁻¹", self)
        self.table = LineTable(self)
        self.remove = _button("Remove match", "Remove the selected match (Del)")
        self.remove.setEnabled(False)
        lines = QWidget(self)
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        row = QHBoxLayout()
        row.addWidget(self.remove)
        row.addStretch(1)
        column.addLayout(row)
        self.pages = QTabWidget(self)
        self.pages.addTab(lines, "Lines")
        self.pages.addTab(self.residuals, "Residuals")
        self.pages.addTab(self.correction, "Correction")
        self._views = QSplitter(Qt.Orientation.Vertical, self)
        self.empty = label("quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setText(NOTHING_OPEN)
        self._views.addWidget(self.empty)
        self._views.addWidget(self.plot)
        self._views.addWidget(self.pages)
        self._views.setSizes([0, 360, 260])
        self._views.setChildrenCollapsible(False)
        self.plot.line_moved.connect(lambda index, shift: self._change(lambda draft: draft.moved(index, shift)))
        self.plot.line_added.connect(lambda shift: self._change(lambda draft: draft.added(shift)))
        self.table.used_changed.connect(lambda index, used: self._change(lambda draft: draft.with_used(index, used)))
        self.table.line_removed.connect(self._remove)
        self.table.line_selected.connect(self._select)
        self.remove.clicked.connect(lambda: self._remove(self.table.currentRow()))

    # What is shown

    def show_spectra(self, spectra: Sequence[tuple[str, SpectrumSet]], selected: int) -> None:
        """Offer these open spectra."""
        self._spectra = list(spectra)
        self.spectrum.blockSignals(True)
        self.spectrum.clear()
        self.spectrum.addItems([name for name, _ in self._spectra])
        self.spectrum.setCurrentIndex(selected if self._spectra else -1)
        self.spectrum.blockSignals(False)
        self._spectrum_chosen()

    def show_profiles(self, stored: Sequence[StoredProfile]) -> None:
        """Offer these axis profiles to go on from."""
        self._profiles = tuple(entry for entry in stored if isinstance(entry.profile, Profile))
        chosen = self.after.currentText()
        self.after.clear()
        self.after.addItem("nothing (the axis of the file)")
        self.after.addItems([entry.profile.name for entry in self._profiles])
        self.after.setCurrentIndex(max(0, self.after.findText(chosen)))

    def show_draft(self, draft: CalibrationDraft | None, intensity: IntensityProfile | None = None) -> None:
        """Show a calibration of the axis or of the intensity; None for neither."""
        self.draft, self.intensity = draft, intensity
        profile = draft.profile if draft is not None else intensity
        self.save.setEnabled(profile is not None)
        self.name.setEnabled(profile is not None)
        if profile is None:
            self.name.clear()
        self._say(profile.sentence() if profile is not None else "", "body")
        self.details.setText(_describe(draft, intensity))
        self.pages.setVisible(profile is not None)  # rather than empty axes
        self.plot.setVisible(self._chosen() is not None)
        self.empty.setVisible(self._chosen() is None)
        self.pages.setTabEnabled(0, draft is not None)
        self.pages.setTabEnabled(1, draft is not None)
        if profile is not None:
            charts.show_correction(self.correction, profile)
            self.correction.set_axis_titles(
                "Raman shift / cm⁻¹", "Factor" if intensity is not None else "Correction / cm⁻¹"
            )
        if draft is not None:
            self.table.show_lines(draft.lines, draft.remaining())
            charts.show_residuals(self.residuals, draft)
            self.plot.show_standard(*draft.stage, draft.lines)
        else:
            self.table.show_lines((), ())
            spectra = self._chosen()
            if spectra is not None:
                self.plot.show_standard(*average(spectra), ())
            if intensity is not None:
                self.pages.setCurrentIndex(2)

    # What the user does

    def start(self) -> None:
        """Match the lines of the chosen spectrum, or fit the response, in the background."""
        spectra = self._chosen()
        if spectra is None:
            self._messages.warning("Open the spectrum of a standard first.")
            return
        kind, key = self.substance.currentData()
        if key == OWN_TABLE:
            files = ask_any_files(self, "Table of positions and intensities", "Tables (*.txt *.csv *.dat)")
            if not files:
                return
            key = str(files[0])
        if self.laser.value() > 0:
            spectra = spectra.with_about(laser_nm=self.laser.value())
        row = self.after.currentIndex()
        after = self._profiles[row - 1].profile if row > 0 else None
        temperature = self.temperature.value()

        def work(progress: Progress) -> CalibrationDraft | IntensityProfile:
            progress(0, 0)
            if kind == "intensity":
                return calibrate_intensity(spectra, key)
            return CalibrationDraft.begin(spectra, key, after if isinstance(after, Profile) else None, temperature)

        self.match.setEnabled(False)
        job = self._workers.submit(work, "Matching the lines of the standard", "files", key="calibrate")
        job.succeeded.connect(self._learned)
        job.failed.connect(self._failed)
        job.finished.connect(partial(self.match.setEnabled, True))

    def save_profile(self) -> None:
        """Save the profile in the user's folder."""
        profile = self._profile
        if profile is None:
            return
        from dataclasses import replace

        name = self.name.text().strip() or _suggested_name(self._profile)
        try:
            store(replace(profile, name=name))
        except (StudioError, OSError) as error:
            self._messages.show_error(error)
            return
        self._messages.info(f"The profile '{name}' was saved.")
        self._saved()

    def _learned(self, result: CalibrationDraft | IntensityProfile) -> None:
        if isinstance(result, IntensityProfile):
            self.show_draft(None, result)
        else:
            self.show_draft(result)
        self.name.setText(_suggested_name(self._profile))
        self._show_outcome(self.save)

    def _failed(self, error: BaseException) -> None:
        self.show_draft(None)
        if isinstance(error, StudioError):
            self._say(str(error), "error")
            self._show_outcome(self.sentence)
        else:
            self._messages.show_error(error)

    @property
    def _profile(self) -> Profile | IntensityProfile | None:
        return self.draft.profile if self.draft is not None else self.intensity

    def _say(self, text: str, role: str) -> None:
        self.sentence.setText(text)
        self.sentence.setProperty("role", role)
        self.sentence.style().unpolish(self.sentence)
        self.sentence.style().polish(self.sentence)

    def _show_outcome(self, last: QWidget) -> None:
        """Scroll to what came out, down to `last`: in a low window it lies below the form."""

        def scroll() -> None:
            self._area.ensureWidgetVisible(last, 0, 8)
            self._area.ensureWidgetVisible(self.sentence, 0, 8)

        QTimer.singleShot(0, self, scroll)  # once the new text has its height

    def _substance_chosen(self) -> None:
        kind = (self.substance.currentData() or ("axis", ""))[0]
        self.match.setText("Match lines" if kind == "axis" else "Fit response")
        for widget in (self.after, self.temperature):
            widget.setEnabled(kind == "axis")

    def _change(self, change: Callable[[CalibrationDraft], CalibrationDraft]) -> None:
        if self.draft is None:
            return
        try:
            draft = change(self.draft)
        except StudioError as error:
            draft = self.draft
            self._messages.warning(str(error))
        self.show_draft(draft)

    def _remove(self, index: int) -> None:
        if index >= 0:
            self._change(lambda draft: draft.without(index))

    def _select(self, index: int) -> None:
        self.remove.setEnabled(index >= 0 and self.draft is not None)
        self.plot.select(index)

    def _chosen(self) -> SpectrumSet | None:
        index = self.spectrum.currentIndex()
        return self._spectra[index][1] if 0 <= index < len(self._spectra) else None

    def _spectrum_chosen(self) -> None:
        spectra = self._chosen()
        stated = spectra.about.get("laser_nm") if spectra is not None else None
        self.laser.setValue(float(stated) if isinstance(stated, int | float) else 0.0)
        self.match.setEnabled(spectra is not None)
        self.show_draft(None)


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tooltip)
    return button


def _describe(draft: CalibrationDraft | None, intensity: IntensityProfile | None) -> str:
    """How a calibration was made, in a few sentences."""
    if draft is None:
        return "" if intensity is None else intensity.note
    used = sum(line.used for line in draft.lines)
    parts = [f"{draft.profile.curve.model.capitalize()}, from {used} of {len(draft.lines)} matched lines."]
    if draft.profile.curve.left_out_cm == draft.profile.curve.left_out_cm:
        parts.append(f"A line left out is predicted to {draft.profile.curve.left_out_cm:.2f} cm⁻¹.")
    if draft.profile.convention:
        parts.append(f"The axis was made with wavelengths in {draft.profile.convention}.")
    if draft.profile.resolution:
        widths = sorted(width for _, width in draft.profile.resolution)
        parts.append(f"Spectral resolution about {widths[len(widths) // 2]:.1f} cm⁻¹.")
    parts.append("Verify it with a second standard (Profiles) before you use it.")
    return " ".join(parts)


def _suggested_name(profile: Profile | IntensityProfile | None) -> str:
    if profile is None:
        return ""
    what = profile.standard if isinstance(profile, IntensityProfile) else " + ".join(profile.substances)
    laser = f"{profile.laser_nm:g} nm" if profile.laser_nm else ""
    return ", ".join(part for part in (profile.instrument, laser, what, profile.date[:10]) if part)
