"""Waits with exports, figures and copies until the recipes of the selection have been applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.project.entry_processing import is_current
from ramanstudio.project.project import Entry


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    title: str
    ids: tuple[int, ...]
    action: Callable[[], object]
    first: bool


class WhenProcessed(QObject):
    """Does something with spectra once what their present recipe makes of them is there; says that it waits."""

    def __init__(self, session: Session, denoising: Denoising, messages: Messages) -> None:
        super().__init__()
        self._session, self._denoising, self._messages = session, denoising, messages
        self._waiting: list[_Waiting] = []
        self._soon = QTimer(self, singleShot=True, interval=0)  # the views redraw first
        self._soon.timeout.connect(self._check)
        session.changed.connect(self._soon_if_waiting)
        denoising.settled.connect(self._soon_if_waiting)

    def do(self, title: str, action: Callable[[], object], first: bool = True) -> None:
        """Do `action` now, or once the selected entries are processed; `title` says what it does.

        Without `first` it does not wait for entries that have no result yet, only for those whose result is outdated.
        """
        ids = self._session.selected_ids
        pending = self.pending(ids, first)
        if not pending:
            action()
            return
        self._denoising.denoise(pending)  # nothing new where they wait already
        self._messages.info(f"{title} waits until {count_of(len(pending), 'entry is', 'entries are')} processed.")
        self._waiting.append(_Waiting(title, ids, action, first))
        self._soon.start()

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._waiting.clear()
        self._soon.stop()

    def pending(self, ids: Iterable[int], first: bool = True) -> list[Entry]:
        """The entries whose result is older than their recipe; with `first` also those whose first is on its way."""
        entries = [entry for entry_id in ids if (entry := self._session.entry(entry_id)) is not None]
        return [entry for entry in entries if entry.source is not None and self._is_pending(entry, first)]

    def _is_pending(self, entry: Entry, first: bool) -> bool:
        result = self._session.project.result(entry)
        if result is None:
            return first and self._denoising.is_queued(entry)
        return not is_current(entry, result)

    def _soon_if_waiting(self) -> None:
        if self._waiting:
            self._soon.start()

    def _check(self) -> None:
        waiting, self._waiting = self._waiting, []
        for item in waiting:
            pending = self.pending(item.ids, item.first)
            if not pending:
                item.action()
            elif self._denoising.busy:
                self._waiting.append(item)
            else:
                recipes = count_of(len(pending), "entry has", "entries have")
                self._messages.warning(
                    f"{item.title} was given up: {recipes} a recipe that has not been applied."
                    " Choose 'Denoise selected spectra', then repeat it."
                )
