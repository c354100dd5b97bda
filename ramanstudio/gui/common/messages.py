"""What the user is told: info, warning and error, which anyone on the window's side may say at any time."""

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
    """A sentence, how grave it is, and the details that one may ask for."""

    level: Level
    sentence: str
    details: str = ""


class Messages(QObject):
    """Says messages to whoever listens; what is said before the window listens waits for it."""

    said = Signal(object)  # Message
    settled = Signal(str)  # a sentence that holds no longer
    unexpected = Signal(str, str)  # a sentence, and the details to copy

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[Message] = []
        self._listening = False

    def info(self, sentence: str, details: str = "") -> None:
        """Say that something went well, or is worth knowing."""
        self._say(Message("info", sentence, details))

    def warning(self, sentence: str, details: str = "") -> None:
        """Say that something did not go as asked; the work goes on."""
        self._say(Message("warning", sentence, details))

    def error(self, sentence: str, details: str = "") -> None:
        """Say that something failed."""
        self._say(Message("error", sentence, details))

    def show_error(self, error: BaseException) -> None:
        """Tell an error: a StudioError by its own sentence, anything else as unexpected, with its traceback."""
        if isinstance(error, StudioError):
            self.error(str(error))
            return
        details = "".join(traceback.format_exception(error))
        log.error("unexpected\n%s", details)
        self.error(f"Something unexpected happened: {type(error).__name__}.", details)
        self.unexpected.emit(f"{type(error).__name__}: {error}", details)

    def settle(self, error: StudioError) -> None:
        """Say no more of an error: what was wrong has been put right."""
        self._waiting = [message for message in self._waiting if message.sentence != str(error)]
        self.settled.emit(str(error))

    def listen(self) -> None:
        """From now on messages are said at once; first those that waited."""
        self._listening = True
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self.said.emit(message)

    def _say(self, message: Message) -> None:
        log.log({"info": 20, "warning": 30, "error": 40}[message.level], "%s", message.sentence)
        if self._listening:
            self.said.emit(message)
        else:
            self._waiting.append(message)
