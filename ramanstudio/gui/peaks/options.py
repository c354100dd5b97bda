"""What is fitted on the Peaks tab, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeakOptions:
    """The choices of the panel; `denoised` fits the processed spectrum instead of the measured one."""

    denoised: bool = False
    profile: str = "pseudo-voigt"
    baseline: str = "linear"
    significance: float = 4.0
    equal_widths: bool = False
    edits_by_click: bool = False
