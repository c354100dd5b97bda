"""The window that says how entries came about: file and hash, edits, every step of the recipe, model and version."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry, Project
from ramanstudio.project.provenance import ProvenanceRow, provenance_of, provenance_text

MAX_ENTRIES = 50
Rows = Sequence[Sequence[ProvenanceRow]]


class ProvenanceDialog(QDialog):
    """Shows the rows of each entry, to be read, selected and copied."""

    def __init__(self, rows: Rows, n_left_out: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("How it came about")
        self.text = "\n\n".join(provenance_text(each) for each in rows) + "\n"
        self.browser = QTextBrowser(self)
        self.browser.setAccessibleName("How it came about")
        note = f"<p>{n_left_out} more selected entries are not shown; exports list them all.</p>" if n_left_out else ""
        self.browser.setHtml("<hr>".join(map(_page, rows)) + note)
        self.browser.document().setDocumentMargin(12)
        copy = QPushButton("Copy", self)
        copy.setToolTip("Copy the text to the clipboard")
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        whole.addWidget(self.browser)
        whole.addWidget(buttons)
        self.resize(QSize(680, 560).boundedTo(parent.size() - QSize(48, 48)))


def show_provenance(session: Session, workers: Workers, messages: Messages, parent: QWidget) -> Job:
    """Show how the selected entries came about, once their files have been read for the hash."""
    entries = session.selected
    job = workers.submit(
        partial(_collect, entries[:MAX_ENTRIES], session.project), "Reading the files", "files", key="provenance"
    )
    left_out = max(0, len(entries) - MAX_ENTRIES)
    job.succeeded.connect(lambda rows: ProvenanceDialog(rows, left_out, parent).open())
    job.failed.connect(messages.show_error)
    return job


def _collect(entries: Sequence[Entry], project: Project, progress: Progress) -> Rows:
    return [provenance_of(entry, project, progress) for entry in progress.steps(list(entries), "entries")]


def _page(rows: Sequence[ProvenanceRow]) -> str:
    """The rows of one entry as a table under the headings of their groups."""
    lines, group = [], ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f'<tr><td colspan="2" style="padding-top: 10px;"><b>{escape(group)}</b></td></tr>')
        name, text = escape(row.name), escape(row.text)
        lines.append(f'<tr><td style="padding-right: 16px;">{name}</td><td>{text}</td></tr>')
    return f'<table cellspacing="0" cellpadding="3">{"".join(lines)}</table>'
