"""The widgets for the parameters of a step; each emits `edited(field, value, gesture)`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.plot_tools import Tool
from ramanstudio.gui.processing.parameters import (
    PARAMETERS,
    Choice,
    File,
    Flag,
    Number,
    Parameter,
    Ranges,
    ToolButton,
)
from ramanstudio.processing.calibration import AUTOMATIC, stored_profile_files
from ramanstudio.processing.step import Step

SLIDER_STEPS: Final = 400
AUTOMATIC_TEXT: Final = "automatic: the saved profile that fits"
PROFILE_FILTER: Final = "Calibration profiles (*.toml)"
OTHER_FILE: Final = "Choose a file…"
OpenFiles = Callable[[], Sequence[tuple[str, Path]]]  # names and paths of the open spectra


class ParameterEditor(QWidget):
    """All parameters of one kind of step; those that its present values do not use are hidden."""

    edited = Signal(str, object, object)  # field, value, and the gesture: edits of one gesture are one change
    tool_chosen = Signal(str)

    def __init__(self, kind: type[Step], open_files: OpenFiles) -> None:
        super().__init__()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(20, 4, 0, 8)
        self._form.setHorizontalSpacing(8)
        self._form.setVerticalSpacing(6)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._rows: list[tuple[Parameter, _Field]] = []
        for parameter in PARAMETERS[kind]:
            field = _field(parameter, open_files)
            field.edited.connect(self.edited)
            field.tool_chosen.connect(self.tool_chosen)
            if isinstance(parameter, Flag | ToolButton):
                self._form.addRow(field)
            else:
                name = label("quiet")
                name.setText(parameter.label)
                self._form.addRow(name, field)
            self._rows.append((parameter, field))

    def show_step(self, step: Step, tool: Tool) -> None:
        """Show the values of a step."""
        for parameter, field in self._rows:
            on = parameter.is_shown(step)
            self._form.setRowVisible(field, on)
            if not on:
                continue
            if isinstance(parameter, ToolButton):
                field.show_value(parameter.tool == tool)
            else:
                field.show_value(getattr(step, parameter.field))

    def field(self, name: str) -> QWidget:
        """The widget of a parameter."""
        return next(
            field
            for parameter, field in self._rows
            if not isinstance(parameter, ToolButton) and parameter.field == name
        )


class _Field(QWidget):
    edited = Signal(str, object, object)
    tool_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(self, value: Any) -> None:
        """Show a value without emitting it."""

    def _single(self, widget: QWidget) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(widget)


def _field(parameter: Parameter, open_files: OpenFiles) -> _Field:
    if isinstance(parameter, Choice):
        return ChoiceField(parameter)
    if isinstance(parameter, Number):
        return NumberField(parameter)
    if isinstance(parameter, Flag):
        return FlagField(parameter)
    if isinstance(parameter, Ranges):
        return RangesField(parameter)
    if isinstance(parameter, File):
        return FileField(parameter, open_files)
    return ToolField(parameter)


class ChoiceField(_Field):
    """A combo box."""

    def __init__(self, parameter: Choice) -> None:
        super().__init__()
        self.box = QComboBox(self)
        self.box.setAccessibleName(parameter.label)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.setMinimumContentsLength(4)
        self.box.setMinimumWidth(64)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for value, text in parameter.choices.items():
            self.box.addItem(text, value)
        self._single(self.box)
        self.box.activated.connect(lambda _: self.edited.emit(parameter.field, self.box.currentData(), None))

    def show_value(self, value: Any) -> None:
        """Choose a value."""
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))


class NumberField(_Field):
    """A spin box, with a slider below it where the parameter has one."""

    def __init__(self, parameter: Number) -> None:
        super().__init__()
        self._parameter, self._gesture = parameter, 0
        self.box = QDoubleSpinBox(self)
        self.box.setAccessibleName(parameter.label)
        self.box.setDecimals(parameter.decimals)
        self.box.setSingleStep(10 ** -min(parameter.decimals, 1))
        lowest = parameter.low - 10**-parameter.decimals if parameter.unset else parameter.low
        self._lowest = lowest
        self.box.setRange(lowest, max(parameter.high, 1e5 if parameter.is_log else parameter.high))
        self.box.setSuffix(f" {parameter.unit}" if parameter.unit else "")
        self.box.setSpecialValueText(parameter.unset)
        self.box.setKeyboardTracking(False)
        self.box.setMinimumWidth(72)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.box)
        self.slider: QSlider | None = None
        if parameter.has_slider:
            self.slider = QSlider(Qt.Orientation.Horizontal, self)
            self.slider.setRange(0, SLIDER_STEPS)
            self.slider.setAccessibleName(f"{parameter.label}, slider")
            self.slider.sliderPressed.connect(self._begin_gesture)
            self.slider.valueChanged.connect(self._slide)
            column.addWidget(self.slider)
        self.box.valueChanged.connect(self._type)

    def show_value(self, value: Any) -> None:
        """Show a number, or that none is set."""
        shown = self._lowest if value is None else float(value)
        with QSignalBlocker(self.box):
            self.box.setValue(shown)
        if self.slider is not None and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._position(max(shown, self._parameter.low)))

    def _position(self, value: float) -> int:
        low, high = self._parameter.low, self._parameter.high
        if self._parameter.is_log:
            value, low, high = math.log(max(value, low)), math.log(low), math.log(high)
        return round(SLIDER_STEPS * min(1.0, max(0.0, (value - low) / (high - low))))

    def _value_at(self, position: int) -> float:
        low, high, share = self._parameter.low, self._parameter.high, position / SLIDER_STEPS
        value = low * (high / low) ** share if self._parameter.is_log else low + share * (high - low)
        return round(value, self._parameter.decimals)

    def _begin_gesture(self) -> None:
        self._gesture += 1

    def _slide(self, position: int) -> None:
        value = self._value_at(position)
        with QSignalBlocker(self.box):
            self.box.setValue(value)
        self._emit(value, ("slider", self._parameter.field, self._gesture))

    def _type(self, value: float) -> None:
        is_unset = bool(self._parameter.unset) and value <= self._lowest
        self._emit(None if is_unset else value, ("number", self._parameter.field))

    def _emit(self, value: float | None, gesture: object) -> None:
        whole = self._parameter.decimals == 0 and not self._parameter.unit
        self.edited.emit(self._parameter.field, int(value) if whole and value is not None else value, gesture)


class FlagField(_Field):
    """A check box."""

    def __init__(self, parameter: Flag) -> None:
        super().__init__()
        self.box = QCheckBox(parameter.label, self)
        self._single(self.box)
        self.box.clicked.connect(lambda on: self.edited.emit(parameter.field, on, None))

    def show_value(self, value: Any) -> None:
        """Check the box, or not."""
        self.box.setChecked(bool(value))


class RangesField(_Field):
    """A line of ranges."""

    def __init__(self, parameter: Ranges) -> None:
        super().__init__()
        self.line = QLineEdit(self)
        self.line.setAccessibleName(parameter.label)
        self.line.setPlaceholderText("500–520, 900–950")
        self.line.setToolTip("Ranges of Raman shift in cm⁻¹, such as 500–520, 900–950")
        self._single(self.line)
        self.line.editingFinished.connect(lambda: self._read(parameter.field))

    def show_value(self, value: Any) -> None:
        """Show ranges."""
        if not self.line.hasFocus() or not self.line.isModified():
            self.line.setText(", ".join(f"{low:g}–{high:g}" for low, high in value))

    def _read(self, field: str) -> None:
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", self.line.text())]
        pairs = [tuple(sorted(numbers[start : start + 2])) for start in range(0, len(numbers) - 1, 2)]
        self.line.setModified(False)
        self.edited.emit(field, tuple(pair for pair in pairs if pair[1] > pair[0]), None)


class FileField(_Field):
    """A combo box of the open spectra, or of the saved profiles, and a choice of another file."""

    def __init__(self, parameter: File, open_files: OpenFiles) -> None:
        super().__init__()
        self._parameter, self._open_files = parameter, open_files
        self.box = QComboBox(self)
        self.box.setAccessibleName(parameter.label)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.setMinimumContentsLength(4)
        self.box.setMinimumWidth(64)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._single(self.box)
        self.box.activated.connect(self._choose)

    def show_value(self, value: Any) -> None:
        """Show a path among those that are offered."""
        kind = self._parameter.profiles_of
        files = self._open_files() if kind is None else stored_profile_files(kind)
        choices = [("none chosen", ""), *([] if kind is None else [(AUTOMATIC_TEXT, AUTOMATIC)])]
        choices += [(name, str(path)) for name, path in files]
        if value and value not in {path for _, path in choices}:
            choices.insert(1, (Path(value).name, str(value)))
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, path in choices:
                self.box.addItem(name, path)
            self.box.addItem(OTHER_FILE, None)
            self.box.setCurrentIndex(max(0, self.box.findData(value)))
            self.box.setToolTip(str(value))

    def _choose(self, index: int) -> None:
        value = self.box.itemData(index)
        if value is None:
            if self._parameter.profiles_of is None:
                paths = dialogs.ask_files(self.window(), str(Path.home()))
            else:
                paths = dialogs.ask_any_files(self.window(), "Choose a calibration profile", PROFILE_FILTER)
            if not paths:
                self.box.setCurrentIndex(0)
                return
            value = str(paths[0])
        self.edited.emit(self._parameter.field, value, None)


class ToolField(_Field):
    """A button that stays pressed while its tool is in use."""

    def __init__(self, parameter: ToolButton) -> None:
        super().__init__()
        self.button = QPushButton(parameter.label, self)
        self.button.setToolTip(parameter.tooltip)
        self.button.setCheckable(True)
        self._single(self.button)
        self.button.clicked.connect(lambda on: self.tool_chosen.emit(parameter.tool if on else ""))

    def show_value(self, value: Any) -> None:
        """Press the button, or not."""
        self.button.setChecked(bool(value))
