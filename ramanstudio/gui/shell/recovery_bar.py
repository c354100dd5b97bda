"""The bar below the toolbar that offers to restore what was open when the program ended unexpectedly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QSizePolicy, QToolBar, QToolButton, QWidget

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.autosave import Autosave
from ramanstudio.project.recovery import Recovered, Recovery


class RecoveryBar(QToolBar):
    """A sentence about what was open and when, with *Restore* and *Discard*; hidden while there is nothing to offer."""

    def __init__(self, autosave: Autosave, after_saving: Callable[[Callable[[], object]], object]) -> None:
        """`after_saving` calls its argument once nothing that is open now would be lost."""
        super().__init__("Session to restore")
        self._autosave, self._after_saving = autosave, after_saving
        self._recovery: Recovery | None = None
        self.setObjectName("recovery")  # the key under which QMainWindow remembers its place
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.sentence = ElidedLabel(self)
        self.sentence.setContentsMargins(8, 0, 8, 0)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.sentence.setAccessibleName("Session to restore")
        self.restore_button = QPushButton("Restore", self)
        self.restore_button.setProperty("role", "primary")
        self.restore_button.setToolTip("Open what was open, with its groups and settings")
        self.restore_button.clicked.connect(self._restore)
        self.discard_button = QPushButton("Discard", self)
        self.discard_button.setToolTip("Forget that session; the files with the spectra stay")
        self.discard_button.clicked.connect(self._discard)
        later = QToolButton(self)
        later.setText("✕")
        later.setToolTip("Not now: it is offered again at the next start")
        later.setAccessibleName("Not now")
        later.clicked.connect(self.hide)
        for widget in (self.sentence, self.restore_button, self.discard_button, later):
            self.addWidget(widget)
        autosave.offered.connect(self._show)
        autosave.files_missing.connect(self._ask_for_folder)
        self.hide()

    def _show(self, recovery: Recovery | None) -> None:
        self._recovery = recovery
        self.setVisible(recovery is not None)
        if recovery is not None:
            self.sentence.setText(_sentence(recovery))

    def _restore(self) -> None:
        if self._recovery is not None:
            recovery = self._recovery
            self._after_saving(lambda: self._autosave.restore(recovery))

    def _discard(self) -> None:
        if self._recovery is not None:
            self._autosave.discard(self._recovery)

    def _ask_for_folder(self, recovery: Recovery, recovered: Recovered) -> None:
        """Ask once where the files are now that are no longer where they were."""
        box = ask_for_moved_files(self.window(), recovered.missing)

        def choose() -> None:
            folder = dialogs.ask_folder(self.window(), "Folder of the spectra", str(Path.home()))
            if folder is None:
                self._autosave.keep(recovery, recovered)
            else:
                self._autosave.restore(recovery, folder)

        box.buttonClicked.connect(
            lambda button: (
                choose()
                if box.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole
                else self._autosave.keep(recovery, recovered)
            )
        )


def ask_for_moved_files(parent: QWidget, missing: Sequence[Path]) -> QMessageBox:
    """Show the question where files are now; accepted to choose a folder, rejected to go on without them."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Files not found")
    is_one = len(missing) == 1
    box.setText(
        f"'{missing[0].name}' is not where it was." if is_one else f"{len(missing)} files are not where they were."
    )
    box.setInformativeText("If they were moved, choose the folder that they are in now; it may be a folder above them.")
    box.setDetailedText("\n".join(str(path) for path in missing))
    box.addButton("Choose folder…", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Continue without them", QMessageBox.ButtonRole.RejectRole)
    box.open()
    return box


def _sentence(recovery: Recovery) -> str:
    when = f"RamanStudio did not close properly on {recovery.saved:%Y-%m-%d at %H:%M}."
    if not recovery.n_entries:
        return f"{when} What was open can be restored."
    groups = f" and {count_of(recovery.n_groups, 'group')}" if recovery.n_groups else ""
    names = ", ".join(recovery.names) + (" and others" if recovery.n_entries > len(recovery.names) else "")
    project = f" of the project '{recovery.project_path.stem}'" if recovery.project_path else ""
    were = "was" if recovery.n_entries == 1 and not groups else "were"
    spectra = count_of(recovery.n_entries, "entry", "entries")
    return f"{when} {spectra}{groups}{project} {were} open: {names}."
