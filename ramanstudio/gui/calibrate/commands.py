"""What the actions of calibration do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import Session

if TYPE_CHECKING:
    from ramanstudio.gui.calibrate.calibrate_window import CalibrateWindow


class CalibrateCommands:
    """Opens the calibration window, of which there is one."""

    def __init__(self, session: Session, workers: Workers, messages: Messages, window: QWidget) -> None:
        self._session, self._workers, self._messages, self._window = session, workers, messages, window
        self._calibrate_window: CalibrateWindow | None = None

    def calibrate(self) -> None:
        """Open the calibration window."""
        from ramanstudio.gui.calibrate.calibrate_window import CalibrateWindow

        if self._calibrate_window is None:
            self._calibrate_window = CalibrateWindow(self._session, self._workers, self._messages, self._window)
            self._calibrate_window.destroyed.connect(self._forget)
        self._calibrate_window.show()
        self._calibrate_window.raise_()
        self._calibrate_window.activateWindow()

    def _forget(self) -> None:
        self._calibrate_window = None
