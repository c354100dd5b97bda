"""The rows of the list: which entries are shown, in which order, and the text of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from ramanstudio.gui.common.texts import Snr, State, median_snr, size_of
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry, Project, Result

Index = QModelIndex | QPersistentModelIndex

ENTRY: Final = int(Qt.ItemDataRole.UserRole)
STATE: Final = ENTRY + 1
SNR: Final = ENTRY + 2

SORTS: Final = (
    ("opened", "As opened"),
    ("name", "Name"),
    ("points", "Points"),
    ("before", "SNR before"),
    ("after", "SNR after"),
    ("gain", "Gain"),
    ("state", "State"),
)


class EntryModel(QAbstractListModel):
    """Filters and sorts by itself: a proxy model calls `data` for every row of 10 000 at each change."""

    count_changed = Signal()
    appearance_changed = Signal()  # dataChanged over 5000 rows asks for each of them; the rows in sight are enough

    def __init__(self, session: Session, is_pending: Callable[[Entry], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_pending = is_pending
        self._project = session.project
        self._rows: list[Entry] = []
        self._row_of: dict[int, int] = {}
        self._snr_cache: dict[int, tuple[Result, Snr | None]] = {}  # a median of a map is not taken at every repaint
        self._filter_text = ""
        self._sort = "opened"
        self._sort_timer = QTimer(self)
        self._sort_timer.setSingleShot(True)
        self._sort_timer.setInterval(400)
        self._sort_timer.timeout.connect(self._rearrange)
        self._repaint_timer = QTimer(self)  # results come many times a second
        self._repaint_timer.setSingleShot(True)
        self._repaint_timer.setInterval(100)
        self._repaint_timer.timeout.connect(self.repaint)
        session.changed.connect(self._follow)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 (Qt's own signature)
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Return name, entry, state, SNR, tooltip or description of a row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        entry = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == ENTRY:
            return entry
        if role == STATE:
            return self.state(entry)
        if role == SNR:
            return self.snr(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(entry)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.description(entry)
        return None

    def state(self, entry: Entry) -> State:
        """Return the state of an entry."""
        if entry.source is None:
            return "problem"
        result = self._project.result(entry)
        if result is not None:
            return "not denoised" if result.denoised is None else "denoised"
        return "waiting" if self._is_pending(entry) else "raw"

    def result(self, entry: Entry) -> Result | None:
        """Return the denoising result of an entry."""
        return self._project.result(entry)

    def snr(self, entry: Entry) -> Snr | None:
        """Return the signal-to-noise ratio of an entry; the median of a set."""
        result = self._project.result(entry)
        if result is None:
            return None
        cached, snr = self._snr_cache.get(entry.id, (None, None))
        if cached is not result:
            snr = median_snr([result])
            self._snr_cache[entry.id] = (result, snr)
        return snr

    def sentence(self, entry: Entry) -> str:
        """Return what went wrong with an entry; empty where nothing did."""
        if entry.problem:
            return entry.problem
        result = self._project.result(entry)
        return result.problem if result is not None else ""

    def description(self, entry: Entry) -> str:
        """Return the row as a sentence for screen readers."""
        if sentence := self.sentence(entry):
            return f"{entry.name}: {sentence}"
        snr = self.snr(entry)
        snr_text = f", SNR {snr.arrow}" if snr else ""
        return f"{entry.name}, {size_of(entry)}{snr_text}"

    def row_of(self, entry_id: int) -> int | None:
        """Return the row of an entry; None where the filter hides it."""
        return self._row_of.get(entry_id)

    def entry_at(self, row: int) -> Entry:
        """Return the entry of a row."""
        return self._rows[row]

    def filter(self, text: str) -> None:
        """Show the entries whose name, folder or state contains all these words."""
        text = text.casefold().strip()
        if text != self._filter_text:
            self._filter_text = text
            self._rearrange()

    def sort_by(self, sort: str) -> None:
        """Order the rows by one of SORTS."""
        if sort != self._sort:
            self._sort = sort
            self._rearrange()

    def repaint(self) -> None:
        """Announce that every row may look different."""
        self.appearance_changed.emit()

    def _follow(self, before: Project, now: Project) -> None:
        self._project = now
        if now.entries is before.entries:
            if not self._repaint_timer.isActive():
                self._repaint_timer.start()
            if self._sort in ("before", "after", "gain", "state") or self._filter_text:
                self._sort_timer.start()
            return
        old, new = before.entries, now.entries
        grown = len(new) > len(old) and all(after is other for after, other in zip(old, new, strict=False))
        if grown and self._sort == "opened":
            self._append([entry for entry in new[len(old) :] if self._passes(entry)])
        else:
            self._rearrange()
        self.count_changed.emit()

    def _append(self, entries: list[Entry]) -> None:
        if not entries:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(entries) - 1)
        self._rows += entries
        self._row_of.update({entry.id: first + row for row, entry in enumerate(entries)})
        self.endInsertRows()

    def _rearrange(self) -> None:
        rows = [entry for entry in self._project.entries if self._passes(entry)]
        if self._sort != "opened":
            keys = {entry.id: self._key(entry) for entry in rows}
            rows.sort(key=lambda entry: keys[entry.id])
        if len(rows) == len(self._rows) and all(one is other for one, other in zip(rows, self._rows, strict=True)):
            return
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        ids = [self._rows[index.row()].id for index in persistent]
        self._rows = rows
        self._row_of = {entry.id: row for row, entry in enumerate(rows)}
        new_rows = [self._row_of.get(entry_id) for entry_id in ids]
        self.changePersistentIndexList(
            persistent, [QModelIndex() if row is None else self.index(row) for row in new_rows]
        )
        self.layoutChanged.emit()
        self.count_changed.emit()

    def _passes(self, entry: Entry) -> bool:
        if not self._filter_text:
            return True
        text = f"{entry.name} {entry.path.parent.name} {self.state(entry)}".casefold()
        return all(word in text for word in self._filter_text.split())

    def _key(self, entry: Entry) -> tuple[Any, ...]:
        if self._sort == "name":
            return _natural(entry.name)
        if self._sort == "points":
            return (-(entry.source.points if entry.source is not None else 0),)
        if self._sort == "state":
            return (self.state(entry),)
        snr = self.snr(entry)
        value = getattr(snr, self._sort) if snr is not None else np.nan
        return (np.inf if np.isnan(value) else -value,)

    def _tooltip(self, entry: Entry) -> str:
        lines = [str(entry.path)]
        if sentence := self.sentence(entry):
            lines += [sentence, entry.remedy]
        return "\n".join(line for line in lines if line)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """`a2` before `a10`."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for letter in name.casefold() + "\0":
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, letter))
    return tuple(parts)
