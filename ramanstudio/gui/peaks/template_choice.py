"""The templates of the panel: fit one, and save, import, export and delete the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QMenu, QPushButton, QVBoxLayout, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.peaks.editing import model_to_fit
from ramanstudio.gui.peaks.peaks_page import PeaksPage

if TYPE_CHECKING:
    from ramanstudio.peaks.templates import Template

FILTER: Final = "Templates (*.toml)"


class TemplateChoice(QWidget):
    """A box of all templates, what is to be known of the chosen one, and buttons."""

    def __init__(self, page: PeaksPage, messages: Messages) -> None:
        super().__init__()
        self._page, self._messages = page, messages
        self._templates: list[tuple[Path, Template]] = []
        self.box = QComboBox(self)
        self.box.setAccessibleName("Template")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(8)
        self.about = label("quiet", wrap=True)
        self.fit = QPushButton("Fit template", self)
        self.more = QPushButton("Templates", self)
        self.more.setToolTip("Save the labelled peaks as a template; import, export or delete one")
        menu = QMenu(self.more)
        self.save_action = menu.addAction("Save peaks as template…", self._ask_to_save)
        menu.addAction("Import template…", self._ask_to_import)
        self.export_action = menu.addAction("Export template…", self._ask_to_export)
        self.delete_action = menu.addAction("Delete template", self.delete)
        self.more.setMenu(menu)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.fit, 1)
        buttons.addWidget(self.more, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.box)
        column.addWidget(self.about)
        column.addLayout(buttons)
        self.box.currentIndexChanged.connect(lambda _: self.refresh())
        self.fit.clicked.connect(self._fit)
        self.read()

    @property
    def chosen(self) -> Template | None:
        """The template that is chosen."""
        index = self.box.currentIndex()
        return self._templates[index][1] if 0 <= index < len(self._templates) else None

    def read(self, select: Path | None = None) -> None:
        """Read all templates again, and choose the one of a file."""
        from ramanstudio.peaks import templates

        read = []
        for path in templates.available():
            try:
                read.append((path, templates.read(path)))
            except StudioError as error:
                self._messages.show_error(error)
        read.sort(key=lambda item: templates.is_own(item[0]))  # those that come with the program first
        self._templates = read
        self.box.blockSignals(True)
        self.box.clear()
        for path, template in read:
            self.box.addItem(f"{template.title} (own)" if templates.is_own(path) else template.title)
        paths = [path for path, _ in read]
        self.box.setCurrentIndex(paths.index(select) if select in paths else 0)
        self.box.blockSignals(False)
        self.refresh()

    def refresh(self) -> None:
        """Show what is to be known of the chosen template, and what can be done."""
        from ramanstudio.peaks import templates

        template = self.chosen
        self.fit.setEnabled(self._page.input is not None and template is not None)
        self.export_action.setEnabled(template is not None)
        own = template is not None and templates.is_own(self._templates[self.box.currentIndex()][0])
        self.delete_action.setEnabled(own)
        self.save_action.setEnabled(self._page.peaks is not None and bool(self._page.peaks.model.peaks))
        if template is None:
            self.about.setText("")
            return
        lines = [template.about, template.not_for and f"Not for: {template.not_for}", template.reference]
        self.about.setText("\n".join(line for line in lines if line))

    def save(self, title: str) -> None:
        """Save the labelled peaks, with their limits, locks and ties, as a template of the user's own."""
        from ramanstudio.peaks import templates

        peaks, source = self._page.peaks, self._page.input
        if peaks is None or source is None:
            return
        model = model_to_fit(peaks.model, self._page.options, self._page.within)
        low = min(peak.center.value - 3 * peak.fwhm.value for peak in model.peaks)
        high = max(peak.center.value + 3 * peak.fwhm.value for peak in model.peaks)
        axis = source.measured.axis
        within = self._page.within or (max(low, float(axis[0])), min(high, float(axis[-1])))
        about = f"{len(model.peaks)} peaks, saved from {source.name}."
        self._attempt(lambda: templates.keep(templates.of_model(title, model, within, about)), "Saved as")

    def import_file(self, path: Path) -> None:
        """Add a template file to those of the user."""
        from ramanstudio.peaks import templates

        self._attempt(lambda: templates.keep(templates.read(path)), "Added")

    def export(self, path: Path) -> None:
        """Write the chosen template to a file."""
        from ramanstudio.peaks import templates

        template = self.chosen
        if template is not None:
            try:
                templates.write(path, template)
            except StudioError as error:
                self._messages.show_error(error)
                return
            self._messages.info(f"Saved the template '{template.title}' as '{path.name}'.")

    def delete(self) -> None:
        """Delete the chosen template, if it is one of the user's."""
        from ramanstudio.peaks import templates

        path, template = self._templates[self.box.currentIndex()]
        if templates.is_own(path):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._messages.show_error(StudioError(f"'{path.name}' cannot be deleted: {error.strerror}."))
                return
            self.read()
            self._messages.info(f"Deleted the template '{template.title}'.")

    def _attempt(self, make: Callable[[], Path], done: str) -> None:
        try:
            path = make()
        except StudioError as error:
            self._messages.show_error(error)
            return
        self.read(path)
        template = self.chosen
        self._messages.info(f"{done} the template '{template.title if template is not None else path.stem}'.")

    def _fit(self) -> None:
        if self.chosen is not None:
            self._page.apply_template(self.chosen)

    def _ask_to_save(self) -> None:
        title, is_given = QInputDialog.getText(self, "Save peaks as template", "Title of the template")
        if is_given:
            self.save(title)

    def _ask_to_import(self) -> None:
        for path in dialogs.ask_any_files(self, "Import template", FILTER):
            self.import_file(path)

    def _ask_to_export(self) -> None:
        if self.chosen is not None:
            path = dialogs.ask_name(self, "Export template", Path.home() / f"{self.chosen.key}.toml", FILTER)
            if path is not None:
                self.export(path)
