"""The actions of calibration, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action

CALIBRATE_ACTIONS: Final = (
    Action(
        "calibrate",
        "Calibrate…",
        "Analyse",
        "Ctrl+Shift+K",
        "Correct the Raman shift axis or the relative intensity of an instrument by a standard, and verify it",
        "ph.ruler",
        synonyms="calibration silicon polystyrene neon lamp standard shift offset wavenumber axis intensity drift",
    ),
)
