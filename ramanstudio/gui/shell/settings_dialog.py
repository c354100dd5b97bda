"""The settings dialog, made from the rows of core.settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.settings import SETTINGS, Setting, Settings


class SettingsDialog(QDialog):
    """One row for each setting that has a label; changes take effect at once."""

    def __init__(self, settings: Settings, offered: Mapping[str, Sequence[str]], parent: QWidget) -> None:
        """`offered` has, for a setting that may be something else than its own choices, what there is to choose."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Settings")
        self._settings, self._offered = settings, offered
        self._editors: dict[str, QWidget] = {}
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(16)
        for setting in SETTINGS:
            if setting.text:
                editor = self._editors[setting.key] = self._editor(setting)
                editor.setToolTip(setting.tooltip)
                editor.setAccessibleName(setting.text)
                hint = QLabel(setting.tooltip, self, wordWrap=True)
                hint.setProperty("role", "quiet")
                column = QVBoxLayout()
                column.setSpacing(4)
                column.addWidget(editor)
                column.addWidget(hint)
                form.addRow("" if isinstance(setting.default, bool) else setting.text, column)
        path = settings.path
        where = QLabel(f"Saved in {path}" if path else "Not saved: the folder cannot be written.", self, wordWrap=True)
        where.setProperty("role", "quiet")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        contents = QWidget(self)
        inside = QVBoxLayout(contents)
        inside.setContentsMargins(24, 24, 24, 8)
        inside.setSpacing(16)
        inside.addLayout(form)
        inside.addStretch()
        inside.addWidget(where)
        scroll = QScrollArea(self)  # at small screens
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(contents)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(24, 8, 24, 16)
        bottom.addWidget(buttons)
        column.addLayout(bottom)
        width = min(560, parent.width() - 48)
        height = inside.heightForWidth(width) + buttons.sizeHint().height() + 32
        self.resize(width, min(height, parent.height() - 48))

    def point_to(self, key: str) -> None:
        """Put the keyboard on one setting."""
        self._editors[key].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _choices(self, setting: Setting) -> list[tuple[str, str]]:
        """Each value that can be chosen, with its words; its own name where it has none."""
        if not setting.is_open_choice:
            return list(setting.choices)
        words = dict(setting.choices)
        there = [*self._offered.get(setting.key, ()), self._settings[setting.key]]
        known = [key for key in words if key in there]
        return [(key, words.get(key, key)) for key in dict.fromkeys([*known, *there])]

    def _editor(self, setting: Setting) -> QWidget:
        value = self._settings[setting.key]
        put = partial(self._settings.__setitem__, setting.key)
        if setting.choices:
            choices = QComboBox(self)
            for key, words in self._choices(setting):
                choices.addItem(words, key)
            choices.setCurrentIndex(choices.findData(value))
            choices.currentIndexChanged.connect(lambda: put(choices.currentData()))
            return choices
        if isinstance(setting.default, bool):
            tick = QCheckBox(setting.text, self)
            tick.setChecked(value)
            tick.toggled.connect(put)
            return tick
        number = QDoubleSpinBox(self)
        number.setRange(setting.low, setting.high)
        number.setDecimals(3)
        number.setSuffix(f" {setting.unit}" if setting.unit else "")
        number.setSpecialValueText("ask")
        number.setValue(value)
        number.valueChanged.connect(put)
        return number
