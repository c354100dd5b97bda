"""The side panel of Spectrum: SNR of the selection, what is shown of it, its metadata, and export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.texts import Snr, count_of, median_snr
from ramanstudio.gui.common.theme import Theme, with_alpha, with_tabular_figures
from ramanstudio.gui.common.widgets import SidePanel, ThemedWidget, button, label, panel_heading
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.quality_checking import QualityChecking
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.findings import findings_text, is_unsound
from ramanstudio.gui.spectrum.texts import metadata_rows, noise_region_text, requested_mode_text, set_mode_text
from ramanstudio.project import predictions
from ramanstudio.project.project import Entry, Project, Result, look_like_repeats

CURVES: Final = ("show_raw", "show_denoised", "show_residual", "show_band")
EXPORT_ACTIONS: Final = ("export_spectra", "export_picture", "copy")
CHECK_BOX_INDENT: Final = 24  # px from the edge of a check box to its text
MARGIN: Final = 12
HEADLINE_PX: Final = (28, 24, 21, 18, 16)
GAIN_SCALE: Final = 0.72  # of the gain beside the SNR

SNR_HELP: Final = (
    "Signal: the height of the strongest line above its local baseline, in the denoised spectrum.\n"
    "Before: signal / noise of a raw sample, which is what was taken off and what is expected to be left.\n"
    "After: signal / expected error of the denoised spectrum, an estimate calibrated on repeated measurements.\n"
    "The noise was measured {where}."
)


class MetadataPanel(SidePanel):
    """Describes the selection."""

    def __init__(
        self,
        session: Session,
        denoising: Denoising,
        checking: QualityChecking,
        actions: Mapping[str, QAction],
        processing: ThemedWidget | None = None,
    ) -> None:
        super().__init__(panel_heading("Signal-to-noise ratio"))
        self.processing = processing
        self._session, self._denoising, self._checking = session, denoising, checking
        self._snr: Snr | None = None
        self._snr_text = ""
        self._headline = label("headline")
        self._headline.setFont(with_tabular_figures(self._headline.font()))
        self._headline.setTextFormat(Qt.TextFormat.RichText)
        self._headline.setAccessibleName("Signal-to-noise ratio before and after")
        self._exposure = label("", wrap=True)
        self._findings = label("warning", wrap=True)
        self._findings.setAccessibleName("What the checks of the measured spectra found")
        self._scope = label("quiet", wrap=True)
        self._noise_region = label("quiet", wrap=True)
        self._set_mode = label("quiet", wrap=True)
        self._lower = QWidget(self)
        self._metadata = QFormLayout()
        self._metadata.setContentsMargins(0, 0, 0, 0)
        self._metadata.setHorizontalSpacing(12)
        self._metadata.setVerticalSpacing(6)
        self._shown_rows: list[tuple[str, str]] = []
        self._check_boxes = {
            name: ActionCheckBox(actions[name]) for name in (*CURVES, "show_noise_region", "whole_set")
        }
        self._one_set_button = button(actions["one_set"])
        self._region_buttons = [button(actions[name]) for name in ("noise_everywhere", "noise_automatic")]
        self._export_buttons = [button(actions[name]) for name in EXPORT_ACTIONS]
        self._all_metadata = button(actions["all_metadata"])
        self._accent = "#2563EB"
        self._lay_out()
        session.changed.connect(self._follow)
        session.selection_changed.connect(self.refresh)
        denoising.engine_changed.connect(self.refresh)
        denoising.settled.connect(self.refresh)
        checking.changed.connect(self._follow_checks)
        self.refresh()

    @property
    def snr_text(self) -> str:
        """The SNR in large type: `12 → 31  ×2.6`."""
        return self._snr_text

    @property
    def findings(self) -> str:
        """What the checks found in the selection, as lines."""
        return self._findings.text()

    def text(self) -> str:
        """Return what the panel says about the SNR, as lines."""
        return "\n".join(part.text() for part in (self._headline, self._exposure, self._findings, self._scope))

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._accent = theme.accent
        if self.processing is not None:
            self.processing.set_theme(theme)
        colours = (theme.raw, theme.accent, theme.residual)
        for name, colour in zip(CURVES, colours, strict=False):
            self._check_boxes[name].setIcon(_line_icon(QColor(colour), 2))
        self._check_boxes["show_band"].setIcon(_line_icon(with_alpha(theme.accent, 0.35), 10))
        self._check_boxes["show_noise_region"].setIcon(_line_icon(with_alpha(theme.quiet, 0.35), 10))
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        selected = self._session.selected_ids
        if now.entries is not before.entries or any(
            now.results.get(entry_id) is not before.results.get(entry_id)
            or now.predictions.get(entry_id) is not before.predictions.get(entry_id)
            for entry_id in selected
        ):
            self.refresh()

    def _follow_checks(self, ids: frozenset[int]) -> None:
        if not ids.isdisjoint(self._session.selected_ids):
            self.refresh()

    def refresh(self) -> None:
        """Show the present selection."""
        entries = [entry for entry in self._session.selected if entry.source is not None]
        results = [result for _, result in self._session.selected_results]
        self._headline.setVisible(bool(entries))
        self._lower.setVisible(bool(entries))
        self._show_snr(entries, results)
        self._show_findings(entries)
        self._show_sets(entries, results)
        self._show_metadata(entries, results)

    def _show_snr(self, entries: list[Entry], results: list[Result]) -> None:
        snr = median_snr(results)
        spectra = sum(len(self._session.rows_of(entry)) for entry in entries)
        self._scope.setText(self._scope_text(entries, spectra))
        self._scope.setVisible(bool(self._scope.text()))
        region_text = noise_region_text(results)
        self._noise_region.setText(f"Noise measured {region_text}" if region_text else "")
        self._noise_region.setVisible(bool(region_text))
        for region_button in self._region_buttons:
            region_button.setVisible(any(entry.noise_region is not None for entry in entries))
        self._snr = snr
        if snr is not None:
            self._show_snr_values(snr, region_text)
            return
        self._snr_text = ""
        self._headline.setText("–" if not self._is_pending(entries) else "…")
        self._headline.setToolTip("")
        problems = [result.problem for result in results if result.problem]
        self._exposure.setText(problems[0] if problems else self._state_text(entries))

    def _show_findings(self, entries: list[Entry]) -> None:
        """Say what the checks found; where there is no sound measurement, no gain is claimed."""
        checked = [
            (quality, self._session.rows_of(entry))
            for entry in entries
            if (quality := self._checking.quality(entry)) is not None
        ]
        self._findings.setText(findings_text(checked))
        self._findings.setVisible(bool(self._findings.text()))
        if self._snr is not None and is_unsound(checked):
            self._exposure.setText("No SNR can be trusted here.")

    def _show_sets(self, entries: list[Entry], results: list[Result]) -> None:
        has_sets = any(entry.is_set or entry.set_id for entry in entries)
        self._check_boxes["whole_set"].setVisible(has_sets)
        self._one_set_button.setVisible(look_like_repeats(entries))
        text = set_mode_text(results)
        if text and self._is_pending(entries):
            text = f"Denoising {requested_mode_text(entries)}…"
        elif text:
            text = f"Denoised {text}"
        self._set_mode.setText(text)
        self._set_mode.setVisible(bool(text))
        self._set_mode.setContentsMargins(CHECK_BOX_INDENT if has_sets else 0, 0, 0, 4)

    def _show_snr_values(self, snr: Snr, region_text: str) -> None:
        self._snr, self._snr_text = snr, f"{snr.arrow}  {snr.times}"
        self._fit_headline()
        self._headline.setToolTip(SNR_HELP.format(where=region_text))
        self._exposure.setText(snr.exposure)

    def _fit_headline(self) -> None:
        """Show the SNR as large as fits on one line; the gain goes to the next line where nothing does."""
        if self._snr is None:
            return
        arrow, times = self._snr.arrow.replace(" ", "\u00a0"), self._snr.times.replace(" ", "\u00a0")
        available = self.viewport().width() - 2 * MARGIN
        fitting = [size for size in HEADLINE_PX if self._headline_width(arrow, times, size) <= available]
        size, gap = (fitting[0], "&nbsp;&nbsp;") if fitting else (HEADLINE_PX[-1], "<br>")
        gain = f"<span style='color:{self._accent}; font-size:{round(GAIN_SCALE * size)}px;'>{times}</span>"
        self._headline.setText(f"<span style='font-size:{size}px;'>{arrow}</span>{gap}{gain}")

    def _headline_width(self, arrow: str, times: str, size: int) -> int:
        """Return the width of the headline in pixels, with numbers of `size` pixels."""
        self._headline.ensurePolished()
        widths = []
        for text, pixels in ((arrow, size), ("\u00a0\u00a0", size), (times, round(GAIN_SCALE * size))):
            font = QFont(self._headline.font())
            font.setPixelSize(pixels)
            widths.append(QFontMetrics(font).horizontalAdvance(text))
        return sum(widths) + 2

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the headline to the width."""
        super().resizeEvent(event)
        self._fit_headline()

    def _scope_text(self, entries: list[Entry], spectra: int) -> str:
        if spectra > 1:
            return f"median of {count_of(spectra, 'spectrum', 'spectra')}"
        if self._session.single_row is not None and entries[0].source is not None:
            return f"spectrum {format_number(self._session.single_row + 1)} of {format_number(len(entries[0].source))}"
        return ""

    def _is_pending(self, entries: list[Entry]) -> bool:
        return any(self._denoising.is_pending(entry) for entry in entries)

    def _state_text(self, entries: list[Entry]) -> str:
        if not entries:
            unreadable = any(entry.problem for entry in self._session.selected)
            if unreadable:
                return "This file could not be read."
            return "Select a spectrum in the list." if self._session.project.entries else "Nothing is open yet."
        if self._is_pending(entries):
            return "Loading the model…" if self._denoising.loading else "Denoising…"
        if self._denoising.loading:
            return "Loading the model…"
        return "Not denoised. Ctrl+Shift+D denoises it, Ctrl+D all spectra."

    def _show_metadata(self, entries: list[Entry], results: list[Result]) -> None:
        rows = metadata_rows(entries, results)
        if len(entries) == 1:
            entry_predictions = self._session.project.predictions_for(entries[0])
            rows = [*predictions.summarise_predictions(entry_predictions, self._session.rows_of(entries[0])), *rows]
        if rows == self._shown_rows:
            return
        self._shown_rows = rows
        while self._metadata.rowCount():
            self._metadata.removeRow(0)
        for name, value in rows:
            heading = label("quiet")
            heading.setText(name)
            text = label("", wrap=True)
            text.setText(value)
            text.setToolTip(value.replace("\u200b", ""))
            # a long name must not make the panel's contents wider than the panel
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._metadata.addRow(heading, text)

    def _lay_out(self) -> None:
        content = QWidget(self)
        content.setProperty("panel", "true")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 12, 12)
        layout.setSpacing(4)
        for line in (self._headline, self._exposure, self._findings, self._scope, self._noise_region):
            layout.addWidget(line)
        if self.processing is not None:
            layout.addSpacing(16)
            layout.addWidget(self.processing)
        self._lay_out_lower(QVBoxLayout(self._lower))
        layout.addWidget(self._lower)
        layout.addStretch()
        self.setWidget(content)

    def _lay_out_lower(self, layout: QVBoxLayout) -> None:
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        for widget in (self._check_boxes["whole_set"], self._set_mode, self._one_set_button):
            layout.addWidget(widget)
        layout.addWidget(self._check_boxes["show_noise_region"])
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for region_button, text in zip(self._region_buttons, ("Use for all", "Automatic"), strict=True):
            region_button.setText(text)
            buttons.addWidget(region_button)
        layout.addLayout(buttons)
        _add_heading(layout, "Show")
        for name in CURVES:
            layout.addWidget(self._check_boxes[name])
        _add_heading(layout, "Metadata")
        layout.addLayout(self._metadata)
        layout.addSpacing(4)
        layout.addWidget(self._all_metadata)
        _add_heading(layout, "Export")
        for export_button in self._export_buttons:
            layout.addWidget(export_button)
            layout.addSpacing(4)


class ActionCheckBox(QCheckBox):
    """A check box that mirrors a checkable action."""

    def __init__(self, action: QAction) -> None:
        super().__init__(action.text())
        self.setToolTip(action.toolTip())
        self.setChecked(action.isChecked())
        action.toggled.connect(self.setChecked)
        self.toggled.connect(action.setChecked)


def _add_heading(layout: QVBoxLayout, text: str) -> None:
    layout.addSpacing(20)
    heading = label("heading")
    heading.setText(text)
    layout.addWidget(heading)
    layout.addSpacing(4)


def _line_icon(colour: QColor, height: int) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(0, 8 - height // 2, 16, height, colour)
    painter.end()
    return QIcon(pixmap)
