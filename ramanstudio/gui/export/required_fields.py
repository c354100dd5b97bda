"""The form of the fields that NeXus NXraman requires and the metadata do not state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLabel, QLineEdit, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.metadata import Field, value_from_text, with_fact
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats.nexus_definition import iso_date, missing_fields, required_value
from ramanstudio.gui.document.laser import with_laser

LEAD = (
    "The definition NXraman requires these fields, which the files do not state. What you fill in becomes part of the"
    " metadata, marked as edited; what stays empty is left out of the file."
)


class RequiredFieldsForm(QGroupBox):
    """Asks for the fields that some of the spectra lack; hidden where none is missing."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Missing for NeXus NXraman", parent)
        self._fields: tuple[Field, ...] = ()
        self.editors: dict[str, QLineEdit | QComboBox] = {}
        self._form = QFormLayout(self)
        self._form.setVerticalSpacing(8)
        lead = QLabel(LEAD, self)
        lead.setWordWrap(True)
        lead.setProperty("role", "quiet")
        self._form.addRow(lead)
        self.hide()

    def show_for(self, sets: Sequence[SpectrumSet]) -> None:
        """Show an editor for each field that any of these sets lacks; what was typed stays."""
        fields = missing_fields(sets)
        if fields != self._fields:
            typed = {key: text_of(editor) for key, editor in self.editors.items()}
            while self._form.rowCount() > 1:
                self._form.removeRow(1)
            self._fields, self.editors = fields, {}
            for field in fields:
                editor = self.editors[field.key] = _editor(field, self)
                _set_text(editor, typed.get(field.key, ""))
                unit = f" / {field.unit}" if field.unit else ""
                self._form.addRow(f"{field.name}{unit}", editor)
        self.setVisible(bool(fields))

    def values(self) -> dict[str, Plain]:
        """The fields that were filled in. Raises StudioError when one cannot be read."""
        values: dict[str, Plain] = {}
        for field in self._fields:
            value = value_from_text(field, text_of(self.editors[field.key]))
            if field.key == "date" and value is not None and iso_date(str(value)) is None:
                raise StudioError(f"'{value}' is no date.", remedy=f"Write it as {field.hint}.")
            if value is not None:
                values[field.key] = value
        return values


def with_values(source: SpectrumSet, values: Mapping[str, Plain]) -> SpectrumSet:
    """Return spectra with the `values` that they lack in their metadata, marked as edited."""
    for key, value in values.items():
        if required_value(source, key) is not None:
            continue
        if key == "laser_nm" and isinstance(value, int | float):
            source = with_laser(source, float(value))
        else:
            source = source.with_metadata(with_fact(source.about, key, value))
    return source


def text_of(editor: QLineEdit | QComboBox) -> str:
    """What was typed or chosen."""
    return editor.text() if isinstance(editor, QLineEdit) else editor.currentText()


def _set_text(editor: QLineEdit | QComboBox, text: str) -> None:
    if isinstance(editor, QLineEdit):
        editor.setText(text)
    else:
        editor.setEditText(text)


def _editor(field: Field, parent: QWidget) -> QLineEdit | QComboBox:
    editor: QLineEdit | QComboBox
    if field.choices:
        editor = QComboBox(parent)
        editor.setEditable(True)
        editor.addItems(["", *field.choices])
        line = editor.lineEdit()
        if line is not None:
            line.setPlaceholderText("not stated")
        editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        editor.setMinimumContentsLength(20)
    else:
        editor = QLineEdit(parent)
        editor.setPlaceholderText(f"such as {field.hint}" if field.hint else "not stated")
    editor.setToolTip(field.hint)
    editor.setAccessibleName(field.name)
    return editor
