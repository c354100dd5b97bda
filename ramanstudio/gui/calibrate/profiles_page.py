"""The page of saved profiles: what each does, import and export, verification by a standard, and its history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.calibration.profile import SUFFIX, Profile
from ramanstudio.calibration.profile_files import StoredProfile, import_profile
from ramanstudio.calibration.substances import substances
from ramanstudio.calibration.verification import TOLERANCE_CM, Verification, verify
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.calibrate import charts
from ramanstudio.gui.common.dialogs import ask_any_files, ask_name
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.viewer.chart import Chart

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress

FILTER: Final = f"Calibration profiles (*{SUFFIX})"
HEADERS: Final = ("True / cm⁻¹", "Before", "After", "Result")
NO_PROFILES: Final = "No profile yet: make one under 'Calibrate', or import one."


class ProfilesPage(QWidget):
    """Lists profiles and verifies them; `changed` is called after the folder of profiles was changed."""

    def __init__(self, workers: Workers, messages: Messages, changed: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._workers, self._messages, self._changed = workers, messages, changed
        self._stored: tuple[StoredProfile, ...] = ()
        self._spectra: list[tuple[str, SpectrumSet]] = []
        self._make_widgets()
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self.profiles, 1)
        for row in ((self.add, self.export), (self.delete,)):
            line = QHBoxLayout()
            for button in row:
                line.addWidget(button)
            column.addLayout(line)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 0, 0, 0)
        column.addWidget(self.sentence)
        column.addWidget(self.details)
        for pair in ((self.spectrum, self.substance), (self.tolerance, self.check)):
            line = QHBoxLayout()
            for widget in pair:
                line.addWidget(widget, 1 if isinstance(widget, QComboBox) else 0)
            if pair[1] is self.check:
                line.addStretch(1)
            column.addLayout(line)
        column.addWidget(self.verdict)
        column.addWidget(self.lines, 1)
        column.addWidget(self.history, 1)
        column.addStretch(0)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(340)
        area.setWidget(right)
        split.addWidget(area)
        split.setStretchFactor(1, 1)
        split.setSizes([280, 800])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        self._show_profile()

    def _make_widgets(self) -> None:
        self.profiles = QListWidget(self)
        self.profiles.setAccessibleName("Profiles")
        self.profiles.setMinimumWidth(180)
        self.profiles.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.add = _button("Import…", "Add a profile from a file")
        self.export = _button("Export…", "Save a copy of the profile elsewhere")
        self.delete = _button("Delete", "Delete the profile and its file")
        self.sentence = label("body", wrap=True)
        self.details = label("quiet", wrap=True)
        self.spectrum = QComboBox(self)
        self.spectrum.setAccessibleName("Spectrum to verify with")
        self.substance = QComboBox(self)
        self.substance.setAccessibleName("Standard to verify with")
        for key, substance in substances().items():
            self.substance.addItem(substance.title, key)
        self.substance.setCurrentIndex(max(0, self.substance.findData("calcite")))
        for box in (self.spectrum, self.substance):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
        self.tolerance = QDoubleSpinBox(self, minimum=0.05, maximum=50, value=TOLERANCE_CM, decimals=2, singleStep=0.1)
        self.tolerance.setPrefix("± ")
        self.tolerance.setSuffix(" cm⁻¹")
        self.tolerance.setAccessibleName("Tolerance")
        self.check = _button(
            "Verify", "Hold the profile against this standard, preferably another than it was made with"
        )
        self.verdict = label("body", wrap=True)
        self.lines = QTableWidget(0, len(HEADERS), self)
        self.lines.setAccessibleName("Verified lines")
        self.lines.setHorizontalHeaderLabels(list(HEADERS))
        self.lines.verticalHeader().hide()
        self.lines.setShowGrid(False)
        self.lines.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.lines.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.lines.setMinimumHeight(130)
        self.history = Chart("Verification", "Mean deviation / cm⁻¹", self)
        self.history.setMinimumHeight(150)
        self.profiles.currentRowChanged.connect(lambda _: self._show_profile())
        self.add.clicked.connect(self.import_file)
        self.export.clicked.connect(self.export_file)
        self.delete.clicked.connect(self.delete_profile)
        self.check.clicked.connect(self.verify)

    @property
    def chosen(self) -> StoredProfile | None:
        """The profile that is selected."""
        row = self.profiles.currentRow()
        return self._stored[row] if 0 <= row < len(self._stored) else None

    def show_profiles(self, stored: Sequence[StoredProfile]) -> None:
        """List these profiles."""
        chosen = self.chosen.path if self.chosen is not None else None
        self._stored = tuple(stored)
        self.profiles.blockSignals(True)
        self.profiles.clear()
        for entry in self._stored:
            self.profiles.addItem(entry.profile.name)
            self.profiles.item(self.profiles.count() - 1).setToolTip(f"{entry.profile.name}\n{entry.path}")
        paths = [entry.path for entry in self._stored]
        self.profiles.setCurrentRow(paths.index(chosen) if chosen in paths else len(paths) - 1)
        self.profiles.blockSignals(False)
        self._show_profile()

    def show_spectra(self, spectra: Sequence[tuple[str, SpectrumSet]], selected: int) -> None:
        """Offer these open spectra to verify with."""
        self._spectra = list(spectra)
        self.spectrum.clear()
        self.spectrum.addItems([name for name, _ in self._spectra])
        self.spectrum.setCurrentIndex(selected if self._spectra else -1)
        self._enable()

    def verify(self) -> None:
        """Hold the selected profile against the chosen standard, and keep the outcome in its history."""
        entry, index = self.chosen, self.spectrum.currentIndex()
        if entry is None or not isinstance(entry.profile, Profile) or not 0 <= index < len(self._spectra):
            return
        profile, spectra = entry.profile, self._spectra[index][1]
        substance, tolerance = str(self.substance.currentData()), self.tolerance.value()

        def work(progress: Progress) -> Verification:
            progress(0, 0)
            verification = verify(profile, spectra, substance, tolerance)
            profile.with_check(verification.check()).save(entry.path)
            return verification

        self.check.setEnabled(False)
        job = self._workers.submit(work, "Verifying the profile", "files", key="verify profile")
        job.succeeded.connect(self._verified)
        job.failed.connect(self._failed)
        job.finished.connect(self._enable)

    def import_file(self) -> None:
        """Add profiles from files."""
        for path in ask_any_files(self, "Import calibration profiles", FILTER):
            try:
                import_profile(path)
            except StudioError as error:
                self._messages.show_error(error)
        self._changed()

    def export_file(self) -> None:
        """Save a copy of the selected profile."""
        entry = self.chosen
        path = None if entry is None else ask_name(self, "Export the profile", entry.path, FILTER)
        if entry is not None and path is not None and path != entry.path:
            try:
                entry.profile.save(path)
            except StudioError as error:
                self._messages.show_error(error)

    def delete_profile(self) -> None:
        """Delete the selected profile."""
        if self.chosen is not None:
            self.chosen.path.unlink(missing_ok=True)
            self._changed()

    def _verified(self, verification: Verification) -> None:
        self._changed()
        self._show(self.verdict, verification.sentence(), "error" if verification.worsens else
                   "body" if verification.passed else "warning")  # fmt: skip
        self.lines.setRowCount(len(verification.lines))
        self.lines.setVisible(True)
        for row, line in enumerate(verification.lines):
            outcome = ("pass" if line.passed else "FAIL") + ("" if line.known else " (not known here)")
            cells = (f"{line.reference_cm:.2f}", f"{line.before_cm:+.2f}", f"{line.after_cm:+.2f}", outcome)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text.replace("-", "−"))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setToolTip(f"{text}: the profile has no line there" if text.endswith(")") else text)
                self.lines.setItem(row, column, item)

    def _failed(self, error: BaseException) -> None:
        self.lines.setRowCount(0)
        self.lines.hide()
        if isinstance(error, StudioError):
            self._show(self.verdict, str(error), "error")
        else:
            self._messages.show_error(error)

    def _show_profile(self) -> None:
        entry = self.chosen
        self.lines.setRowCount(0)
        self.lines.hide()
        self._show(self.verdict, "", "body")
        checks = entry.profile.checks if entry is not None and isinstance(entry.profile, Profile) else ()
        self.history.setVisible(bool(checks))
        if checks:
            charts.show_history(self.history, checks)
        self.sentence.setText(entry.profile.sentence() if entry is not None else NO_PROFILES)
        self.details.setText("" if entry is None else _describe(entry))
        self._enable()

    def _enable(self) -> None:
        entry = self.chosen
        is_axis = entry is not None and isinstance(entry.profile, Profile)
        self.check.setEnabled(is_axis and bool(self._spectra))
        for widget in (self.spectrum, self.substance, self.tolerance):
            widget.setEnabled(is_axis)
        self.export.setEnabled(entry is not None)
        self.delete.setEnabled(entry is not None)

    @staticmethod
    def _show(widget: QWidget, text: str, role: str) -> None:
        widget.setText(text)  # type: ignore[attr-defined]
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _describe(entry: StoredProfile) -> str:
    profile = entry.profile
    parts = [
        f"Instrument {profile.instrument}" if profile.instrument else "",
        f"serial {profile.serial}" if profile.serial else "",
        profile.optical_path,
        f"grating {profile.grating}" if profile.grating else "",
        f"laser {profile.laser_nm:g} nm" if profile.laser_nm else "laser unknown",
        f"measured {profile.date[:10]}",
    ]
    if isinstance(profile, Profile):
        parts.append(f"{profile.curve.model} from {' + '.join(profile.substances)}")
    else:
        parts.append(f"from {profile.standard}")
    return " · ".join(part for part in parts if part)


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tooltip)
    return button
