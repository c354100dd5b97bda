"""The rows of the list: which entries are shown, in which order, and the text of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from ramanstudio.gui.common.texts import Snr, State, count_of, median_snr, size_of
from ramanstudio.gui.document.quality_checking import QualityChecking, cosmic_ray_count
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectra_list.columns import BY_KEY, COLUMNS, sort_key
from ramanstudio.gui.spectra_list.entry_filter import EntryFilter
from ramanstudio.project.project import Entry, Project, Result
from ramanstudio.signal.quality import CHECKS, Quality

Index = QModelIndex | QPersistentModelIndex

ENTRY: Final = int(Qt.ItemDataRole.UserRole)
STATE: Final = ENTRY + 1
SNR: Final = ENTRY + 2

SORTS: Final = (("opened", "As opened"), *((column.key, column.title) for column in COLUMNS))
_FIXED: Final = ("opened", "name", "points", "spectra", "laser", "exposure")  # sorts that no result changes


class EntryModel(QAbstractListModel):
    """Filters and sorts by itself: a proxy model calls `data` for every row of 10 000 at each change."""

    count_changed = Signal()
    appearance_changed = Signal()  # dataChanged over 5000 rows asks for each of them; the rows in sight are enough

    def __init__(
        self,
        session: Session,
        is_pending: Callable[[Entry], bool],
        checking: QualityChecking,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._checking = session, checking
        self._is_pending = is_pending
        self._project = session.project
        self._rows: list[Entry] = []
        self._row_of: dict[int, int] = {}
        self._snr_cache: dict[int, tuple[Result, Snr | None]] = {}  # a median of a map is not taken at every repaint
        self._filter = EntryFilter()
        self._sort, self._is_reversed = "opened", False
        self._sort_timer = QTimer(self)
        self._sort_timer.setSingleShot(True)
        self._sort_timer.setInterval(400)
        self._sort_timer.timeout.connect(self._rearrange)
        self._repaint_timer = QTimer(self)  # results come many times a second
        self._repaint_timer.setSingleShot(True)
        self._repaint_timer.setInterval(100)
        self._repaint_timer.timeout.connect(self.repaint)
        session.changed.connect(self._follow)
        checking.changed.connect(lambda _: self._follow_values())

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

    def quality(self, entry: Entry) -> Quality | None:
        """Return what the checks found in an entry; None while that is not known."""
        return self._checking.quality(entry)

    def cosmic_rays(self, entry: Entry) -> int | None:
        """Return how many cosmic rays the spectra of an entry hold; None while that is not known."""
        return cosmic_ray_count(self._project.result(entry), self.quality(entry))

    def substance(self, entry: Entry) -> tuple[str, float | None]:
        """Return the substance that an entry was identified as, empty where it is unknown, and its probability in %.

        Of a set it is the most frequent one.
        """
        identifications = self._project.identifications.get(entry.id)
        if identifications is None or identifications.source is not entry.source:
            return "", None
        best = [item.matches[0] for item in identifications.results if item and not item.unknown and item.matches]
        if not best:
            return "", None
        names = [match.name for match in best]
        name = max(set(names), key=names.count)
        return name, 100 * float(np.median([match.probability for match in best if match.name == name]))

    def facts(self, entry: Entry) -> list[str]:
        """Return words about an entry that the filter finds: what the checks found, and what it was identified as."""
        quality = self.quality(entry)
        codes = quality.values if quality is not None else ()
        facts = [check.title for check in CHECKS if check.code in codes and check.code != "cosmic_rays"]
        if self.cosmic_rays(entry):
            facts.append("with cosmic rays")
        if substance := self.substance(entry)[0]:
            facts += ["identified", substance]
        return facts

    def shown_value(self, entry: Entry) -> str:
        """Return the value that the rows are sorted by, where it is not in the row anyway."""
        column = BY_KEY.get(self._sort)
        return column.text(self, entry) if column is not None and column.shows else ""

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
        return ". ".join([f"{entry.name}, {size_of(entry)}{snr_text}", *quality_sentences(self, entry)])

    def row_of(self, entry_id: int) -> int | None:
        """Return the row of an entry; None where the filter hides it."""
        return self._row_of.get(entry_id)

    def entry_at(self, row: int) -> Entry:
        """Return the entry of a row."""
        return self._rows[row]

    def filter(self, text: str) -> None:
        """Show the entries that pass a filter as EntryFilter reads it."""
        entry_filter = EntryFilter.parse(text)
        if entry_filter != self._filter:
            self._filter = entry_filter
            self._rearrange()

    def set_reversed(self, is_reversed: bool) -> None:
        """Show the rows in the opposite order; what is not known stays at the end."""
        if is_reversed != self._is_reversed:
            self._is_reversed = is_reversed
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
            self._follow_values()
            return
        old, new = before.entries, now.entries
        grown = len(new) > len(old) and all(after is other for after, other in zip(old, new, strict=False))
        if grown and self._sort == "opened" and not self._is_reversed:
            self._append([entry for entry in new[len(old) :] if self._passes(entry)])
        else:
            self._rearrange()
        self.count_changed.emit()

    def _follow_values(self) -> None:
        """Results or checks have come: rows look different, and may pass the filter or stand elsewhere."""
        if not self._repaint_timer.isActive():
            self._repaint_timer.start()
        if self._sort not in _FIXED or self._filter:
            self._sort_timer.start()

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
            n_known = sum(not keys[entry.id][0] for entry in rows)
        else:
            n_known = len(rows)
        if self._is_reversed:
            rows = [*reversed(rows[:n_known]), *rows[n_known:]]
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
        return not self._filter or self._filter.passes(self, entry)

    def _key(self, entry: Entry) -> tuple[bool, Any]:
        column = BY_KEY[self._sort]
        return sort_key(column, column.value(self, entry), _natural)

    def _tooltip(self, entry: Entry) -> str:
        lines = [str(entry.path)]
        if sentence := self.sentence(entry):
            lines += [sentence, entry.remedy]
        lines += quality_sentences(self, entry)
        return "\n".join(line for line in lines if line)


def quality_sentences(model: EntryModel, entry: Entry) -> list[str]:
    """Return what the checks found in an entry as sentences, with the cosmic rays as its recipe counts them."""
    quality = model.quality(entry)
    findings = quality.sentences() if quality is not None else ()
    sentences = [finding.sentence for finding in findings if finding.code != "cosmic_rays"]
    if count := model.cosmic_rays(entry):
        sentences.append(f"{count_of(count, 'cosmic ray')}.")
    return sentences


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
