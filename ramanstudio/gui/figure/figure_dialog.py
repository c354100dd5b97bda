"""The dialog that exports a figure of the selected spectra: its options beside a live preview."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_config
from ramanstudio.core.progress import Progress
from ramanstudio.core.settings import Settings
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export import spectrum_figure
from ramanstudio.export.figure_options import (
    ARRANGEMENTS,
    COLOURS,
    FONTS,
    STYLE_SUFFIX,
    WIDTHS_MM,
    FigureOptions,
    load_style,
    save_style,
)
from ramanstudio.export.figure_style import FORMATS
from ramanstudio.export.spectrum_figure import FigureSpectrum
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages

PREVIEW_DELAY_MS: Final = 150
MIN_PANEL_MM: Final = 45.0  # height of a panel that a new figure has at least
CUSTOM: Final = "Custom"
_LAST_STYLE: Final = f"last{STYLE_SUFFIX}"  # in the folder of the settings
_CHECKS: Final = {
    "raw": ("Measured spectrum", "Draw what was measured, in grey"),
    "denoised": ("Denoised or processed spectrum", "Draw the result of the recipe"),
    "band": ("90 % confidence band", "Shade where the true intensity is with a probability of 90 %"),
    "title": ("Titles", "Write the name of each spectrum over its panel, and its SNR"),
    "legend": ("Legend", "Say which line is which"),
    "peak_labels": (
        "Peak positions",
        "Write over the lines what the Peaks tab does, or else their Raman shifts",
    ),
    "decreasing": ("Decreasing Raman shift", "Draw large Raman shifts on the left"),
}
_NUMBERS: Final = {
    "width_mm": ("Width", " mm", 20.0, 2000.0, 0),
    "height_mm": ("Height", " mm", 20.0, 2000.0, 0),
    "dpi": ("Resolution", " dpi", 30.0, 2400.0, 0),
    "font_size": ("Font size", " pt", 2.0, 72.0, 1),
    "line_width": ("Line width", " pt", 0.1, 20.0, 1),
}
_RANGES: Final = {
    "shift_range": ("Raman shift", "200-1800", "Range of the axis in cm⁻¹, such as 200-1800; empty for all"),
    "intensity_range": ("Intensity", "0-5000", "Range of the intensity axis, such as 0-5000; empty for all"),
    "inset": ("Enlarged inset", "1000-1100", "Range in cm⁻¹ that is drawn enlarged in a corner; empty for none"),
}
ExportFigure = Callable[[Path, Sequence[FigureSpectrum], FigureOptions], Job]


class FigureDialog(QDialog):
    """Options on the right, the figure as it will be on the left; *Export…* asks for the file."""

    def __init__(
        self,
        spectra: Sequence[FigureSpectrum],
        export: ExportFigure,
        workers: Workers,
        messages: Messages,
        settings: Settings,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export figure")
        self._spectra, self._export = tuple(spectra), export
        self._workers, self._messages, self._settings = workers, messages, settings
        self._editors: dict[str, QWidget] = {}
        self._image = QImage()
        self._preview = QLabel(self, alignment=Qt.AlignmentFlag.AlignCenter)
        self._preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._preview.setMinimumSize(QSize(200, 120))
        self._preview.setAccessibleName("Preview")
        self._timer = QTimer(self, singleShot=True, interval=PREVIEW_DELAY_MS)
        self._timer.timeout.connect(self._draw)
        self._note = QLabel(self, wordWrap=True)
        self._note.setProperty("role", "warning")
        self._lay_out()
        style, n_rows = _last_style(), spectrum_figure.panel_grid(len(self._spectra))[1]
        self._show_options(replace(style, height_mm=max(style.height_mm, MIN_PANEL_MM * n_rows)))
        available = self.screen().availableSize()
        self.resize(QSize(1000, 640).boundedTo(available - QSize(40, 60)))
        self._draw()
        job = workers.submit(partial(_with_peaks, self._spectra), "", "files", key="figure peaks")
        job.succeeded.connect(self._keep_peaks)
        job.failed.connect(messages.show_error)

    def options(self) -> FigureOptions:
        """What the editors say; a range that cannot be read is left out, and a note names it."""
        values: dict[str, Any] = {}
        problems = []
        for name, editor in self._editors.items():
            if isinstance(editor, QCheckBox):
                values[name] = editor.isChecked()
            elif isinstance(editor, QDoubleSpinBox):
                values[name] = editor.value()
            elif isinstance(editor, QComboBox):
                values[name] = editor.currentData()
            elif isinstance(editor, QLineEdit):
                values[name], is_good = _parse_range(editor.text())
                if not is_good:
                    problems.append(f"'{editor.text()}' is no range: write two numbers, such as {_RANGES[name][1]}.")
        self._note.setText(" ".join(problems))
        self._note.setVisible(bool(problems))
        return FigureOptions(**values)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the preview."""
        super().resizeEvent(event)
        self._fit()

    def done(self, result: int) -> None:
        """Remember the options for the next figure."""
        self._timer.stop()
        with contextlib.suppress(StudioError):
            save_style(self.options(), user_config() / _LAST_STYLE)
        super().done(result)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(8)
        self._preset = QComboBox(self)
        for name, width in WIDTHS_MM.items():
            self._preset.addItem(f"{name} ({width:.0f} mm)", width)
        self._preset.addItem(CUSTOM, None)
        self._preset.setAccessibleName("Width of the page")
        self._preset.activated.connect(self._apply_preset)
        form.addRow("Size", self._preset)
        for name, (title, unit, low, high, decimals) in _NUMBERS.items():
            number = QDoubleSpinBox(self, minimum=low, maximum=high, decimals=decimals, suffix=unit)
            number.valueChanged.connect(self._change)
            self._add(form, name, title, number)
        self._add_choice(form, "font", "Font", {font: font for font in FONTS})
        self._add_choice(form, "colours", "Colours", COLOURS)
        self._add_choice(form, "arrangement", "Spectra", ARRANGEMENTS)
        for name, (title, example, tooltip) in _RANGES.items():
            line = QLineEdit(self, placeholderText=f"{example}" if name != "inset" else "none")
            line.setToolTip(tooltip)
            line.textChanged.connect(self._change)
            self._add(form, name, title, line)
        for name, (title, tooltip) in _CHECKS.items():
            check = QCheckBox(title, self)
            check.setToolTip(tooltip)
            check.toggled.connect(self._change)
            self._editors[name] = check
            form.addRow("", check)
        self._editors["peak_labels"].setEnabled(False)  # until they are found
        contents = QWidget(self)
        contents.setLayout(form)
        scroll = QScrollArea(self, widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(contents)
        scroll.setMinimumWidth(contents.sizeHint().width() + 24)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._preview, 1)
        row.addWidget(scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(row, 1)
        column.addWidget(self._note)
        column.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        handlers: Mapping[str, tuple[str, Callable[[], object]]] = {
            "Load style…": ("Use the options of a style file", self._load),
            "Save style…": ("Save these options for other figures and for `ramanstudio figure`", self._save),
            "Copy": ("Copy the figure to the clipboard", self._copy),
        }
        for text, (tooltip, handler) in handlers.items():
            button = QPushButton(text, self)
            button.setToolTip(tooltip)
            button.setAutoDefault(False)
            button.clicked.connect(handler)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        export = QPushButton("Export…", self)
        export.setToolTip("Save the figure as PNG, TIFF, SVG or PDF")
        export.setDefault(True)
        export.clicked.connect(self._ask)
        buttons.addButton(export, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        return buttons

    def _add(self, form: QFormLayout, name: str, title: str, editor: QWidget) -> None:
        editor.setAccessibleName(title)
        self._editors[name] = editor
        form.addRow(title, editor)

    def _add_choice(self, form: QFormLayout, name: str, title: str, choices: Mapping[str, str]) -> None:
        box = QComboBox(self)
        for value, text in choices.items():
            box.addItem(text, value)
        box.currentIndexChanged.connect(self._change)
        self._add(form, name, title, box)

    def _show_options(self, options: FigureOptions) -> None:
        for name, editor in self._editors.items():
            value = getattr(options, name)
            if isinstance(editor, QCheckBox):
                editor.setChecked(value)
            elif isinstance(editor, QDoubleSpinBox):
                editor.setValue(value)
            elif isinstance(editor, QComboBox):
                if editor.findData(value) < 0:
                    editor.addItem(value, value)
                editor.setCurrentIndex(editor.findData(value))
            elif isinstance(editor, QLineEdit):
                editor.setText("" if value is None else f"{value[0]:g}-{value[1]:g}")

    def _change(self) -> None:
        width = self._editors["width_mm"]
        assert isinstance(width, QDoubleSpinBox)
        index = self._preset.findData(width.value())
        self._preset.setCurrentIndex(index if index >= 0 else self._preset.count() - 1)
        self._timer.start()

    def _apply_preset(self) -> None:
        width = self._editors["width_mm"]
        assert isinstance(width, QDoubleSpinBox)
        if (chosen := self._preset.currentData()) is not None:
            width.setValue(chosen)

    def _draw(self) -> None:
        """Draw the preview in the background, at the resolution of the screen."""
        options = self.options()
        pixels = max(200, self._preview.width()) * self.devicePixelRatioF()
        dpi = min(200.0, max(60.0, pixels / (options.width_mm / spectrum_figure.MM_PER_INCH)))
        work = partial(_preview, self._spectra, options, dpi)
        job = self._workers.submit(work, "", "files", key="figure preview")
        job.succeeded.connect(self._show)
        job.failed.connect(self._fail)

    def _keep_peaks(self, spectra: Sequence[FigureSpectrum]) -> None:
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._spectra = tuple(spectra)
            self._editors["peak_labels"].setEnabled(any(spectrum.peaks for spectrum in spectra))
            self._timer.start()

    def _show(self, content: bytes) -> None:
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._image = QImage.fromData(content)
            self._fit()

    def _fail(self, error: BaseException) -> None:
        with contextlib.suppress(RuntimeError):
            self._note.setText(
                str(error) if isinstance(error, StudioError) else "The figure cannot be drawn like this."
            )
            self._note.show()

    def _fit(self) -> None:
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(self._image.scaled(self._preview.size() * ratio, keep, smooth))
        pixmap.setDevicePixelRatio(ratio)
        self._preview.setPixmap(pixmap)

    def _load(self) -> None:
        paths = dialogs.ask_any_files(self, "Load figure style", f"Figure styles (*{STYLE_SUFFIX} *.toml)")
        if paths:
            try:
                self._show_options(load_style(paths[0]))
            except StudioError as error:
                self._messages.show_error(error)
                self._fail(error)

    def _save(self) -> None:
        path = dialogs.ask_export(self, "Save figure style", self._settings, f"style{STYLE_SUFFIX}", "Styles (*.toml)")
        if path is not None:
            try:
                save_style(self.options(), path)
            except StudioError as error:
                self._messages.show_error(error)
                self._fail(error)

    def _copy(self) -> None:
        options = self.options()
        job = self._workers.submit(
            partial(_preview, self._spectra, options, options.dpi), "Drawing the figure", "files"
        )
        job.succeeded.connect(_to_clipboard)
        job.succeeded.connect(lambda _: self._messages.info("The figure was copied to the clipboard."))
        job.failed.connect(self._messages.show_error)

    def _ask(self) -> None:
        filters = ";;".join(f"{title} (*{suffix})" for suffix, title in FORMATS.items())
        name = Path(self._spectra[0].title).stem + ".pdf"
        path = dialogs.ask_export(self, "Export figure", self._settings, name, filters)
        if path is not None:
            self._export(path, self._spectra, self.options())
            self.accept()


def _preview(spectra: Sequence[FigureSpectrum], options: FigureOptions, dpi: float, progress: Progress) -> bytes:
    progress(0, 0)
    return spectrum_figure.preview(spectra, options, dpi)


def _with_peaks(spectra: Sequence[FigureSpectrum], progress: Progress) -> list[FigureSpectrum]:
    """The spectra with the positions of their peaks; those of which none can be found stay as they are."""
    from ramanstudio import peaks

    found = []
    for spectrum in spectra:
        drawn = spectrum.values if spectrum.values is not None else spectrum.raw
        if drawn is None or spectrum.peaks:  # they are known where the Peaks tab has them
            found.append(spectrum)
            continue
        error = spectrum.error[None] if spectrum.error is not None else None
        with contextlib.suppress(StudioError):
            table = peaks.find(SpectrumSet.of(spectrum.shift, drawn), expected_error=error, progress=progress)
            spectrum = replace(spectrum, peaks=tuple(table["position"].tolist()))
        found.append(spectrum)
    return found


def _to_clipboard(content: bytes) -> None:
    QGuiApplication.clipboard().setImage(QImage.fromData(content))


def _last_style() -> FigureOptions:
    """The options of the last figure; the defaults before there was one."""
    try:
        return replace(load_style(user_config() / _LAST_STYLE), shift_range=None, intensity_range=None, inset=None)
    except StudioError:
        return FigureOptions()


def _parse_range(text: str) -> tuple[tuple[float, float] | None, bool]:
    """The range in a text such as "200-1800", and whether it could be read; an empty text is no range."""
    if not text.strip():
        return None, True
    parts = text.replace("–", "-").replace("…", "-").split("-")
    try:
        low, high = sorted(float(part.replace(",", ".")) for part in parts)
    except ValueError:
        return None, False
    return ((low, high), True) if high > low else (None, False)
