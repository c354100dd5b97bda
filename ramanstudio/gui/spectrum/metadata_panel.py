"""The panel on the right: how good the selection is, what is shown of it, its facts, and taking it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
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
from ramanstudio.gui.common.widgets import SidePanel, button, label, panel_heading
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.texts import metadata_rows, noise_region_text, requested_mode_text, set_mode_text
from ramanstudio.project import predictions
from ramanstudio.project.project import Entry, Project, Result, look_like_repeats

SHOWN: Final = ("show_raw", "show_denoised", "show_residual", "show_band")
EXPORTS: Final = ("export_spectra", "export_picture", "export_table", "copy")
TICK: Final = 24  # px from the edge of a tick to its words
WIDE: Final = 13  # characters of the SNR that fit the panel at 28 px

MEASURED: Final = (
    "Signal: the height of the strongest line above its local baseline, in the denoised spectrum.\n"
    "Before: signal / noise of a raw sample, which is what was taken off and what is expected to be left.\n"
    "After: signal / expected error of the denoised spectrum, an estimate calibrated on repeated measurements.\n"
    "Both were measured {where}."
)


class MetadataPanel(SidePanel):
    """Speaks of the selection."""

    def __init__(self, session: Session, denoising: Denoising, actions: Mapping[str, QAction]) -> None:
        super().__init__(panel_heading("Signal-to-noise ratio"))
        self._session, self._denoising = session, denoising
        self._snr_words = ""
        self._headline = label("headline")
        self._headline.setFont(with_tabular_figures(self._headline.font()))
        self._headline.setTextFormat(Qt.TextFormat.RichText)
        self._headline.setAccessibleName("Signal-to-noise ratio before and after")
        self._worth = label("", wrap=True)
        self._scope = label("quiet", wrap=True)
        self._where = label("quiet", wrap=True)
        self._together = label("quiet", wrap=True)
        self._below = QWidget(self)
        self._facts = QFormLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(6)
        self._said: list[tuple[str, str]] = []
        self._ticks = {name: ActionCheckBox(actions[name]) for name in (*SHOWN, "show_noise_region", "whole_set")}
        self._one_set = button(actions["one_set"])
        self._regions = [button(actions[name]) for name in ("noise_everywhere", "noise_automatic")]
        self._exports = [button(actions[name]) for name in EXPORTS]
        self._accent = "#2563EB"
        self._lay_out()
        session.changed.connect(self._follow)
        session.selection_changed.connect(self.refresh)
        denoising.engine_changed.connect(self.refresh)
        denoising.settled.connect(self.refresh)
        self.refresh()

    @property
    def snr_words(self) -> str:
        """What the large line says: `12 → 31  ×2.6`."""
        return self._snr_words

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._accent = theme.accent
        colours = (theme.raw, theme.accent, theme.residual)
        for name, colour in zip(SHOWN, colours, strict=False):
            self._ticks[name].setIcon(_swatch(QColor(colour), 2))
        self._ticks["show_band"].setIcon(_swatch(with_alpha(theme.accent, 0.35), 10))
        self._ticks["show_noise_region"].setIcon(_swatch(with_alpha(theme.quiet, 0.35), 10))
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        chosen = self._session.selected_ids
        if now.entries is not before.entries or any(
            now.results.get(entry_id) is not before.results.get(entry_id)
            or now.predictions.get(entry_id) is not before.predictions.get(entry_id)
            for entry_id in chosen
        ):
            self.refresh()

    def refresh(self) -> None:
        """Say what is true now."""
        entries = [entry for entry in self._session.selected if entry.source is not None]
        results = [result for _, result in self._session.selected_results]
        self._headline.setVisible(bool(entries))
        self._below.setVisible(bool(entries))
        self._show_snr(entries, results)
        self._show_sets(entries, results)
        self._show_facts(entries, results)

    def _show_snr(self, entries: list[Entry], results: list[Result]) -> None:
        snr = median_snr(results)
        spectra = sum(len(self._session.rows_of(entry)) for entry in entries)
        self._scope.setText(self._scope_words(entries, spectra))
        self._scope.setVisible(bool(self._scope.text()))
        where = noise_region_text(results)
        self._where.setText(f"Noise measured {where}" if where else "")
        self._where.setVisible(bool(where))
        for one in self._regions:
            one.setVisible(any(entry.noise_region is not None for entry in entries))
        if snr is not None:
            self._say_snr(snr, where)
            return
        self._snr_words = ""
        self._headline.setText("–" if not self._on_its_way(entries) else "…")
        self._headline.setToolTip("")
        problems = [result.problem for result in results if result.problem]
        self._worth.setText(problems[0] if problems else self._state_words(entries))

    def _show_sets(self, entries: list[Entry], results: list[Result]) -> None:
        switch = any(entry.is_set or entry.set_id for entry in entries)
        self._ticks["whole_set"].setVisible(switch)
        self._one_set.setVisible(look_like_repeats(entries))
        words = set_mode_text(results)
        if words and self._on_its_way(entries):
            words = f"Denoising {requested_mode_text(entries)}…"
        elif words:
            words = f"Denoised {words}"
        self._together.setText(words)
        self._together.setVisible(bool(words))
        self._together.setContentsMargins(TICK if switch else 0, 0, 0, 4)

    def _say_snr(self, snr: Snr, where: str) -> None:
        self._snr_words = f"{snr.arrow}  {snr.times}"
        size = 28 if len(self._snr_words) <= WIDE + 2 else 21
        times = f"<span style='color:{self._accent}; font-size:{round(0.72 * size)}px;'>{snr.times}</span>"
        self._headline.setText(f"<span style='font-size:{size}px;'>{snr.arrow}</span>&nbsp;&nbsp;{times}")
        self._headline.setToolTip(MEASURED.format(where=where))
        self._worth.setText(snr.exposure)

    def _scope_words(self, entries: list[Entry], spectra: int) -> str:
        if spectra > 1:
            return f"median of {count_of(spectra, 'spectrum', 'spectra')}"
        if self._session.single_row is not None and entries[0].source is not None:
            return f"spectrum {format_number(self._session.single_row + 1)} of {format_number(len(entries[0].source))}"
        return ""

    def _on_its_way(self, entries: list[Entry]) -> bool:
        return any(self._denoising.is_pending(entry) for entry in entries)

    def _state_words(self, entries: list[Entry]) -> str:
        if not entries:
            bad = any(entry.problem for entry in self._session.selected)
            if bad:
                return "This file could not be read."
            return "Select a spectrum in the list." if self._session.project.entries else "Nothing is open yet."
        if self._on_its_way(entries):
            return "Loading the model…" if self._denoising.loading else "Denoising…"
        if self._denoising.loading:
            return "Loading the model…"
        return "Not denoised. Ctrl+Shift+D denoises it, Ctrl+D everything."

    def _show_facts(self, entries: list[Entry], results: list[Result]) -> None:
        said = metadata_rows(entries, results)
        if len(entries) == 1:
            answers = self._session.project.predictions_for(entries[0])
            said = [*predictions.summarise_predictions(answers, self._session.rows_of(entries[0])), *said]
        if said == self._said:
            return
        self._said = said
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for name, value in said:
            heading = label("quiet")
            heading.setText(name)
            words = label("", wrap=True)
            words.setText(value)
            words.setToolTip(value.replace("\u200b", ""))
            # a long name must not make the panel's contents wider than the panel
            words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addRow(heading, words)

    def _lay_out(self) -> None:
        inside = QWidget(self)
        inside.setProperty("panel", "true")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(12, 0, 12, 12)
        whole.setSpacing(4)
        for line in (self._headline, self._worth, self._scope, self._where):
            whole.addWidget(line)
        self._lay_out_below(QVBoxLayout(self._below))
        whole.addWidget(self._below)
        whole.addStretch()
        self.setWidget(inside)

    def _lay_out_below(self, below: QVBoxLayout) -> None:
        below.setContentsMargins(0, 4, 0, 0)
        below.setSpacing(4)
        for widget in (self._ticks["whole_set"], self._together, self._one_set):
            below.addWidget(widget)
        below.addWidget(self._ticks["show_noise_region"])
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for one, words in zip(self._regions, ("Use for all", "Automatic"), strict=True):
            one.setText(words)
            buttons.addWidget(one)
        below.addLayout(buttons)
        _head(below, "Show")
        for name in SHOWN:
            below.addWidget(self._ticks[name])
        _head(below, "Facts")
        below.addLayout(self._facts)
        _head(below, "Take away")
        for one in self._exports:
            below.addWidget(one)
            below.addSpacing(4)


class ActionCheckBox(QCheckBox):
    """A tick box that is one with a checkable action."""

    def __init__(self, action: QAction) -> None:
        super().__init__(action.text())
        self.setToolTip(action.toolTip())
        self.setChecked(action.isChecked())
        action.toggled.connect(self.setChecked)
        self.toggled.connect(action.setChecked)


def _head(layout: QVBoxLayout, words: str) -> None:
    layout.addSpacing(20)
    heading = label("heading")
    heading.setText(words)
    layout.addWidget(heading)
    layout.addSpacing(4)


def _swatch(colour: QColor, height: int) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(0, 8 - height // 2, 16, height, colour)
    painter.end()
    return QIcon(pixmap)
