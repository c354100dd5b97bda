"""The dialog that exports spectra and tables: it shows what would be written, and asks before a file is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_number
from ramanstudio.core.settings import Settings
from ramanstudio.export.export_plan import ExportItem, ExportPlan, plan_export
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.exporting import Exporting
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.export.export_choices import SCOPES, ExportChoices
from ramanstudio.gui.export.required_fields import RequiredFieldsForm, with_values

if TYPE_CHECKING:
    from ramanstudio.project.project import Entry

PREVIEW_MS: Final = 150
PREVIEWED: Final = 50  # entries whose names are made for the preview
SHOWN_NAMES: Final = 4


class ExportDialog(QDialog):
    """Says what *Export* would write, and asks before it replaces a file. The choices are remembered."""

    def __init__(
        self,
        session: Session,
        denoising: Denoising,
        exporting: Exporting,
        libraries: Libraries,
        messages: Messages,
        settings: Settings,
        shown: Callable[[], Iterable[int]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._denoising, self._exporting, self._libraries = session, denoising, exporting, libraries
        self._messages, self._settings, self._shown = messages, settings, shown
        self._is_waiting = False  # for recipes that are being applied
        self._is_planning = False
        self.setWindowTitle("Export")
        self.choices = ExportChoices(self)
        self.note = label("warning", wrap=True)
        self.required = RequiredFieldsForm(self)
        self.export_button = QPushButton("Export", self)
        self._timer = QTimer(self, singleShot=True, interval=PREVIEW_MS)
        self._timer.timeout.connect(self.refresh)
        self._lay_out(parent)
        self.choices.show_settings(settings)
        self._connect()
        self.refresh()

    # What is chosen

    def items(self) -> list[ExportItem]:
        """The entries to export."""
        return self._exporting.items(self.choices.scope.currentData(), self._shown())

    # What is shown

    def refresh(self) -> None:
        """Show which files an export would write, and what is missing or not finished."""
        items = self.items()
        self.choices.count_scopes({key: self._exporting.count(key, self._shown()) for key in SCOPES})
        self.choices.enable(self._session.project)
        options = self.choices.options()
        pending = self._pending(items)
        self.note.setText("\n".join(self._notes(items, pending)))
        self.note.setVisible(bool(self.note.text()))
        self._show_required(items if options.format == "nxs" and options.contents else [])
        can_export = bool(self.choices.preview.text() or pending)
        self.export_button.setEnabled(can_export and not self._is_planning and not self._is_waiting)
        self.export_button.setText("Waiting…" if self._is_waiting else "Export")
        if self._is_waiting and not pending:
            self._is_waiting = False
            self._begin()
        elif self._is_waiting and not self._denoising.busy:
            self._give_up(pending)

    def _notes(self, items: Sequence[ExportItem], pending: Sequence[Entry]) -> list[str]:
        """Show the names of the files, and return what is to be known before they are written."""
        options = self.choices.options()
        self.choices.preview.setText("")
        try:
            plan = plan_export(items[:PREVIEWED], options, self.choices.target)
            self.choices.preview.setText(_preview(plan, len(items)))
            n_missing = plan.n_missing
        except StudioError as error:
            if not pending:
                return [str(error)]
            n_missing = 0
        if pending:
            count = f"{format_number(len(pending))} of {count_of(len(items), 'entry', 'entries')}"
            return [f"The recipe is still being applied to {count}; Export waits for them."]
        if not n_missing:
            return []
        if "raw" in options.contents:
            return ["Some of these spectra are not denoised; of those only the raw ones are exported."]
        return ["Some of these spectra are not denoised, and are left out."]

    def _show_required(self, items: Iterable[ExportItem]) -> None:
        self.required.show_for([item.entry.source for item in items if item.entry.source is not None])

    # Exporting

    def _export(self) -> None:
        """Export now, or once the recipes have been applied."""
        self.choices.remember(self._settings)
        if not self._waits():
            self._begin()

    def _waits(self) -> bool:
        """Begin to wait for the recipes that are still to be applied; returns whether there are any."""
        pending = self._pending(self.items())
        if pending:
            self._is_waiting = True
            self._denoising.denoise(pending)  # nothing new where they wait already
            self.refresh()
        return bool(pending)

    def _pending(self, items: Sequence[ExportItem]) -> list[Entry]:
        """The entries whose results are needed, and not there yet."""
        options = self.choices.options()
        needs_results = bool(set(options.contents) - {"raw"}) or "snr" in options.tables
        if not needs_results:
            return []
        pending = self._exporting.pending(items)
        if not self._denoising.busy:
            return pending
        # a result that was computed a moment ago is on its way here, and its entry no longer in the queue
        known = {entry.id for entry in pending}
        entries = [self._session.entry(item.entry.id) for item in items if item.result is None]
        return [*pending, *(entry for entry in entries if entry is not None and entry.id not in known)]

    def _give_up(self, pending: Sequence[Entry]) -> None:
        """Wait no longer: what is pending was stopped, or cannot be computed."""
        self._is_waiting = False
        self.export_button.setText("Export")
        self.export_button.setEnabled(True)
        recipes = count_of(len(pending), "entry has", "entries have")
        self.note.setText(
            f"{recipes} a recipe that was not applied. Export again to try once more, or only the raw ones."
        )
        self.note.show()

    def _begin(self) -> None:
        try:
            if self.required.isVisible():
                self._fill_in()
        except StudioError as error:
            self.note.setText(str(error))
            self.note.show()
            return
        if not self._waits():  # a laser that was filled in is another measurement
            self._plan(keep_existing=False)

    def _fill_in(self) -> None:
        """Take what was typed for NeXus into the metadata of the entries that lack it."""
        values = self.required.values()
        entries = [self._session.entry(item.entry.id) for item in self.items()]
        sources = {
            entry.id: with_values(entry.source, values)
            for entry in entries
            if values and entry is not None and entry.source is not None
        }
        if sources:
            self._session.replace_sources(sources, "Fill in metadata", keep_results=True)

    def _plan(self, keep_existing: bool) -> None:
        self._is_planning = True
        self.export_button.setEnabled(False)
        job = self._exporting.plan(self.items(), self.choices.options(), self.choices.target, keep_existing)
        job.succeeded.connect(self._ask_or_write)
        job.failed.connect(self._fail)

    def _ask_or_write(self, planned: tuple[ExportPlan, tuple[Path, ...]]) -> None:
        plan, existing = planned
        self._is_planning = False
        self.export_button.setEnabled(True)
        if existing:
            dialogs.ask_to_replace(
                self, existing, len(plan.paths), partial(self._write, plan), partial(self._plan, keep_existing=True)
            )
        else:
            self._write(plan)

    def _write(self, plan: ExportPlan) -> None:
        self._exporting.write(plan, self._libraries.all)
        self.accept()

    def _fail(self, error: BaseException) -> None:
        self._is_planning = False
        self.export_button.setEnabled(True)
        if isinstance(error, StudioError):
            self.note.setText(str(error))
            self.note.show()
        else:
            self._messages.show_error(error)

    # Life of the dialog

    def _connect(self) -> None:
        self.choices.changed.connect(self.refresh)
        self.choices.typed.connect(self._timer.start)
        self.export_button.clicked.connect(self._export)
        self._session.changed.connect(self._follow)
        self._session.selection_changed.connect(self._follow)
        self._denoising.settled.connect(self._follow)
        self.finished.connect(self._stop)

    def _follow(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _stop(self, _result: int) -> None:
        self._timer.stop()
        self._session.changed.disconnect(self._follow)
        self._session.selection_changed.disconnect(self._follow)
        self._denoising.settled.disconnect(self._follow)
        self.deleteLater()

    def _lay_out(self, parent: QWidget) -> None:
        content = QWidget(self)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(12)
        inner.addWidget(self.choices)
        inner.addWidget(self.required)
        inner.addStretch()
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(content)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        self.export_button.setDefault(True)
        buttons.addButton(self.export_button, QDialogButtonBox.ButtonRole.ActionRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(scroll, 1)
        column.addWidget(self.note)
        column.addWidget(buttons)
        self.resize(QSize(620, 680).boundedTo(parent.size() - QSize(40, 40)))


def _preview(plan: ExportPlan, n_items: int) -> str:
    """The first names, and how many files there are in all, as far as that is known."""
    paths = [path for path in plan.paths if path not in {table for _, table in plan.tables}]
    shown = [path.name for path in paths[:SHOWN_NAMES]]
    if len(plan.items) < n_items:
        shown.append(f"… and so on for {count_of(n_items, 'entry', 'entries')}")
    elif len(paths) > SHOWN_NAMES:
        shown.append(f"… {count_of(len(paths), 'file')} of spectra in all")
    others = [path.name for _, path in plan.tables]
    others += ["recipe.toml"] if {"denoised", "processed"} & set(plan.options.contents) else []
    return "\n".join([*shown, ", ".join([*others, "provenance.txt"])])
