"""Messages to the user: `info`, `warning` and `error`, which may be called on the GUI thread at any time."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.errors import StudioError

Level = Literal["info", "warning", "error"]

log = logging.getLogger("ramanstudio")


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with its level, and details that the user can open."""

    level: Level
    sentence: str
    details: str = ""


class Messages(QObject):
    """Passes messages on to the message bar; those from before it is there are kept until then."""

    posted = Signal(object)  # Message
    retracted = Signal(str)  # a sentence that no longer holds
    unexpected = Signal(str, str)  # a sentence, and details to copy

    def __init__(self) -> None:
        super().__init__()
        self._pending: list[Message] = []
        self._delivers = False

    def info(self, sentence: str, details: str = "") -> None:
        """Report success, or something worth knowing."""
        self._post(Message("info", sentence, details))

    def warning(self, sentence: str, details: str = "") -> None:
        """Report that something could not be done as requested; work continues."""
        self._post(Message("warning", sentence, details))

    def error(self, sentence: str, details: str = "") -> None:
        """Report a failure."""
        self._post(Message("error", sentence, details))

    def show_error(self, error: BaseException) -> None:
        """Report an exception: a StudioError by its sentence, any other as unexpected, with its traceback."""
        if isinstance(error, StudioError):
            self.error(str(error))
            return
        details = "".join(traceback.format_exception(error))
        log.error("unexpected\n%s", details)
        self.error(f"Something unexpected happened: {type(error).__name__}.", details)
        self.unexpected.emit(f"{type(error).__name__}: {error}", details)

    def retract(self, error: StudioError | str) -> None:
        """Remove the message of an error, or with a sentence, whose cause has been fixed."""
        self._pending = [message for message in self._pending if message.sentence != str(error)]
        self.retracted.emit(str(error))

    def start_delivery(self) -> None:
        """Emit the messages that are pending, and from now on each at once."""
        self._delivers = True
        pending, self._pending = self._pending, []
        for message in pending:
            self.posted.emit(message)

    def _post(self, message: Message) -> None:
        log.log({"info": 20, "warning": 30, "error": 40}[message.level], "%s", message.sentence)
        if self._delivers:
            self.posted.emit(message)
        else:
            self._pending.append(message)
