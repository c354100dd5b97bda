"""The dialog that writes a report of the selected spectra: its header, logo and template."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import Settings
from ramanstudio.export.report import TEMPLATE, ReportHeader, copy_template
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.exporting import Exporting
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.session import Session

CHOICES = {"full": "All in one report", "each": "One report for each", "summary": "Summary: one row for each"}
_REMEMBERED = ("author", "laboratory", "logo", "template")  # in the settings, as report_author, …


class ReportDialog(QDialog):
    """Asks what stands above the report, and *Save report…* for the file: .pdf or .html."""

    def __init__(
        self,
        session: Session,
        libraries: Libraries,
        exporting: Exporting,
        messages: Messages,
        settings: Settings,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._libraries, self._exporting = session, libraries, exporting
        self._messages, self._settings = messages, settings
        self.setWindowTitle("Report")
        n_entries = len([entry for entry in session.selected if entry.source is not None])
        scope = QLabel(
            f"Reports {count_of(n_entries, 'selected entry', 'selected entries')}: spectrum with peaks, signal-to-noise"
            " ratio, processing, identification with the difference to the reference, map and groups, calibration,"
            " measurement conditions, origin, and what was edited by hand.",
            self,
        )
        scope.setWordWrap(True)
        self.lines = {name: QLineEdit(self) for name in ("title", *_REMEMBERED)}
        self.lines["title"].setText("Raman report")
        for name in _REMEMBERED:
            self.lines[name].setText(str(settings[f"report_{name}"]))
        self.lines["template"].setPlaceholderText("the one that comes with the program")
        self.layout_choice = QComboBox(self)
        for key, title in CHOICES.items():
            self.layout_choice.addItem(title, key)
        self.layout_choice.setAccessibleName("Contents")
        self.layout_choice.setCurrentIndex(max(0, self.layout_choice.findData(settings["report_layout"])))
        self.notes = QPlainTextEdit(self)
        self.notes.setAccessibleName("Notes")
        self.notes.setTabChangesFocus(True)
        self.notes.setMaximumHeight(72)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.addRow("Contents", self.layout_choice)
        for name, title in (("title", "Title"), ("author", "Author"), ("laboratory", "Laboratory")):
            form.addRow(title, self.lines[name])
        form.addRow("Notes", self.notes)
        pictures, templates = "Pictures (*.png *.jpg *.jpeg *.gif)", "Templates (*.j2 *.html)"
        form.addRow("Logo", self._with_browse("logo", "Choose a logo", pictures))
        form.addRow("Template", self._with_browse("template", "Choose a template", templates))
        for name, line in self.lines.items():
            line.setAccessibleName(name.capitalize())
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(scope)
        column.addLayout(form)
        column.addStretch()
        column.addWidget(self._buttons())
        self.resize(QSize(560, 420).boundedTo(self.screen().availableSize() - QSize(40, 60)))

    def header(self) -> ReportHeader:
        """What stands above the report."""
        texts = {name: line.text().strip() for name, line in self.lines.items()}
        logo = Path(texts["logo"]) if texts["logo"] else None
        notes = self.notes.toPlainText().strip()
        return ReportHeader(texts["title"] or "Raman report", texts["author"], texts["laboratory"], notes, logo)

    def _with_browse(self, name: str, title: str, filters: str) -> QHBoxLayout:
        button = QPushButton("Browse…", self)
        button.setAutoDefault(False)
        button.setAccessibleName(title)

        def browse() -> None:
            if paths := dialogs.ask_any_files(self, title, filters):
                self.lines[name].setText(str(paths[0]))

        button.clicked.connect(browse)
        row = QHBoxLayout()
        row.addWidget(self.lines[name])
        row.addWidget(button)
        return row

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = QPushButton("Copy template…", self)
        copy.setToolTip("Save a copy of the template, to change it")
        copy.setAutoDefault(False)
        copy.clicked.connect(self._copy_template)
        save = QPushButton("Save report…", self)
        save.setToolTip("Write the report as PDF or HTML")
        save.setDefault(True)
        save.clicked.connect(self._save)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(save, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        return buttons

    def _copy_template(self) -> None:
        path = dialogs.ask_export(self, "Save a copy of the template", self._settings, TEMPLATE, "Templates (*.j2)")
        if path is None:
            return
        try:
            copy_template(path)
        except StudioError as error:
            self._messages.show_error(error)
        else:
            self.lines["template"].setText(str(path))

    def _save(self) -> None:
        for name in _REMEMBERED:
            self._settings[f"report_{name}"] = self.lines[name].text().strip()
        self._settings["report_layout"] = self.layout_choice.currentData()
        name = f"{self.lines['title'].text().strip() or 'report'}.pdf"
        path = dialogs.ask_export(self, "Save report", self._settings, name, "PDF (*.pdf);;Web page (*.html)")
        if path is not None:
            template = self.lines["template"].text().strip()
            layout = self.layout_choice.currentData()
            own = Path(template) if template else None
            self._exporting.report(path, self.header(), own, self._libraries.all, layout)
            self.accept()
