"""The side panel of Peaks: what is fitted and how, templates, and what they compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.axis_uncertainty import COVERAGE, axis_sd_cm
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.widgets import SidePanel, button, label, panel_heading
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.peak_finding import PeakFinding, SpectrumPeaks
from ramanstudio.gui.document.peak_label import LABEL_FIELDS
from ramanstudio.gui.peaks.peak_model import with_error
from ramanstudio.gui.peaks.peaks_page import PeaksPage
from ramanstudio.gui.peaks.template_choice import TemplateChoice

if TYPE_CHECKING:
    pass

PROFILES: Final = (
    ("pseudo-voigt", "pseudo-Voigt"),
    ("lorentz", "Lorentz"),
    ("gauss", "Gauss"),
    ("voigt", "Voigt"),
    ("bwf", "Breit-Wigner-Fano"),
    ("split-pseudo-voigt", "split pseudo-Voigt"),
)
BASELINES: Final = (("linear", "linear"), ("flat", "flat"), ("none", "none"), ("cubic", "cubic"))


class PeaksPanel(SidePanel):
    """Shows and changes what `page` fits."""

    def __init__(
        self,
        page: PeaksPage,
        finding: PeakFinding,
        libraries: Libraries,
        messages: Messages,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__(panel_heading("Peaks"))
        self._page, self._finding, self._libraries, self._messages = page, finding, libraries, messages
        self._matched: SpectrumPeaks | None = None
        self._waits_for_libraries = False
        self.source = self._combo("What is fitted", (("measured", "Measured"), ("denoised", "Denoised")))
        self.source.setToolTip("Measured: unbiased. Denoised: smoother, with errors from the expected error")
        self.profile = self._combo("Profile of the peaks", PROFILES)
        self.baseline = self._combo("Baseline under the peaks", BASELINES)
        self.significance = QDoubleSpinBox(self)
        self.significance.setRange(2.0, 100.0)
        self.significance.setDecimals(1)
        self.significance.setSingleStep(0.5)
        self.significance.setValue(4.0)
        self.significance.setAccessibleName("Least significance of a peak")
        self.significance.setToolTip("Height over its standard error, from which a peak is found")
        self.equal_widths = QCheckBox("Equal widths", self)
        self.equal_widths.setToolTip("Fit one width for all peaks that are fitted together")
        self.by_click = QCheckBox("Add and remove by click", self)
        self.by_click.setToolTip("Click on the plot where a peak is, or on a peak to remove it")
        self.labels = self._labels_button(actions["reset_peak_labels"])
        self.with_range = QCheckBox("Fit only a range", self)
        self.with_range.setToolTip("Show a range that can be dragged; Fit here fits the peaks in it")
        self.templates = TemplateChoice(page, messages)
        self.template, self.apply = self.templates.box, self.templates.fit
        self._about, self._quantities = self.templates.about, label("", wrap=True)
        self._quantities.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._status = label("quiet", wrap=True)
        self.match = QPushButton("Match with libraries", self)
        self.match.setToolTip("Which references have lines at these positions")
        self._matches = label("", wrap=True)
        self._matches.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = [button(actions[name]) for name in ("find_peaks", "fit_peaks", "fit_peaks_here")]
        self._ends = [button(actions[name]) for name in ("remove_peaks", "export_peaks")]
        self._lay_out()
        for box in (self.source, self.profile, self.baseline):
            box.currentIndexChanged.connect(self._take_options)
        self.significance.valueChanged.connect(self._take_options)
        for check in (self.equal_widths, self.by_click):
            check.toggled.connect(self._take_options)
        self.with_range.toggled.connect(page.show_range)
        self.match.clicked.connect(self._match)
        libraries.changed.connect(self._match_when_loaded)
        page.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known of the spectrum that is shown."""
        page = self._page
        has_denoised = page.input is not None and page.input.error is not None
        model: Any = self.source.model()
        model.item(1).setEnabled(has_denoised)
        if not has_denoised and self.source.currentIndex() == 1:
            self.source.setCurrentIndex(0)
        peaks = page.peaks
        self._quantities.setVisible(peaks is not None and peaks.template is not None)
        if peaks is not None and peaks.template is not None:
            self._quantities.setText(_quantity_text(peaks.template))
        self.templates.refresh()
        self.match.setEnabled(peaks is not None and bool(peaks.model.peaks))
        self._matches.setVisible(peaks is not None and peaks is self._matched)
        self._status.setText(self._status_text())

    def _status_text(self) -> str:
        page = self._page
        peaks = page.peaks
        if page.input is None:
            return "Select a spectrum in the list."
        if peaks is None:
            return "Find peaks finds what is there. Or add peaks by click, then Fit all."
        what = "the denoised spectrum" if peaks.denoised else "the measured spectrum"
        n_peaks = len(peaks.model.peaks)
        if not n_peaks:
            return f"No peak in {what} is as significant. Lower the significance, or add peaks by click."
        if peaks.fit is None:
            return f"{n_peaks} {'peak' if n_peaks == 1 else 'peaks'} in {what}. Fit all fits them."
        chi = peaks.table["reduced_chi2"] if peaks.table is not None else ()
        shown = f"{min(chi):.2f}–{max(chi):.2f}" if len(chi) and max(chi) - min(chi) > 0.01 else f"{max(chi):.2f}"
        axis_sd = axis_sd_cm(page.input.spectrum(peaks.denoised)[0].about)
        axis = (
            f" Errors of positions hold the ± {COVERAGE * axis_sd:.2g} cm⁻¹ of the calibrated axis." if axis_sd else ""
        )
        return f"Fitted to {what}. Reduced χ² {shown}: 1 where the noise explains what is left over.{axis}"

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 4, 12, 12)
        column.setSpacing(8)
        for text, widget in (
            ("Fit", self.source),
            ("Profile", self.profile),
            ("Baseline", self.baseline),
            ("Significance", self.significance),
            ("Labels", self.labels),
        ):
            row = QHBoxLayout()
            caption = label("quiet")
            caption.setText(text)
            caption.setFixedWidth(80)
            widget.setMinimumWidth(80)
            caption.setBuddy(widget)
            row.addWidget(caption)
            row.addWidget(widget, 1)
            column.addLayout(row)
        for check in (self.equal_widths, self.by_click, self.with_range):
            column.addWidget(check)
        for push_button in self._buttons:
            column.addWidget(push_button)
        column.addWidget(self._status)
        for push_button in self._ends:
            column.addWidget(push_button)
        column.addWidget(self.match)
        column.addWidget(self._matches)
        heading = label("heading")
        heading.setText("Template")
        column.addWidget(heading)
        column.addWidget(self.templates)
        column.addWidget(self._quantities)
        column.addStretch()
        content.setProperty("panel", "true")
        self.setWidget(content)

    def _combo(self, name: str, rows: tuple[tuple[str, str], ...]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        for key, title in rows:
            box.addItem(title, key)
        return box

    def _labels_button(self, reset: QAction) -> QPushButton:
        """A button whose menu says what labels show beside the position."""
        push_button = QPushButton("Position", self)
        push_button.setAccessibleName("What labels show")
        push_button.setToolTip("What labels show beside the position. Drag a label to move it")
        menu = QMenu(push_button)
        for key, (_, title) in LABEL_FIELDS.items():
            check = menu.addAction(title)
            check.setCheckable(True)
            check.setData(key)
            check.setChecked(key in self._finding.label_fields)
            check.toggled.connect(self._take_label_fields)
        menu.addSeparator()
        menu.addAction(reset)
        push_button.setMenu(menu)
        return push_button

    def _take_label_fields(self) -> None:
        checked = [action for action in self.labels.menu().actions() if action.isCheckable() and action.isChecked()]
        self.labels.setText(f"Position + {len(checked)}" if checked else "Position")
        self._finding.set_label_fields(tuple(str(action.data()) for action in checked))

    def _match(self) -> None:
        peaks = self._page.peaks
        if peaks is None:
            return
        self._waits_for_libraries = self._libraries.loading
        if self._waits_for_libraries:
            self._libraries.load()
            return
        self._finding.match(peaks, self._libraries.searched, partial(self._show_matches, peaks))

    def _match_when_loaded(self) -> None:
        if self._waits_for_libraries and not self._libraries.loading:
            self._match()

    def _show_matches(self, peaks: SpectrumPeaks, matches: Any) -> None:
        lines = [
            f"{item.name}: {len(item.matched)} of {len(item.matched) + len(item.missing)} lines, score {item.score:.2f}"
            for item in matches[:6]
        ]
        self._matches.setText("\n".join(lines) or "No reference has lines at these positions.")
        self._matched = peaks
        self.refresh()

    def _take_options(self) -> None:
        options = replace(
            self._page.options,
            denoised=self.source.currentData() == "denoised",
            profile=str(self.profile.currentData()),
            baseline=str(self.baseline.currentData()),
            significance=self.significance.value(),
            equal_widths=self.equal_widths.isChecked(),
            edits_by_click=self.by_click.isChecked(),
        )
        self._page.set_options(options)


def _quantity_text(fit: Any) -> str:
    lines = []
    for item in fit.quantities:
        quantity = item.quantity
        if not item.is_valid[0]:
            lines.append(f"{quantity.name}: does not hold here")
            continue
        unit = f" {quantity.unit}" if quantity.unit else ""
        lines.append(f"{quantity.name}: {with_error(float(item.value[0]), float(item.error[0]))}{unit}")
    return "\n".join(lines)
