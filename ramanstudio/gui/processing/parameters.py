"""The parameters of each processing step as rows: what the panel asks for, in which unit and between which limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.plot_tools import Tool
from ramanstudio.processing.background import Background
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.calibration import AUTOMATIC, CorrectIntensity, Shift, has_fitting_profile
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.recipe import STEPS
from ramanstudio.processing.resample import Resample
from ramanstudio.processing.smooth import METHODS as SMOOTHING_METHODS
from ramanstudio.processing.smooth import Derivative, Smooth
from ramanstudio.processing.step import Step
from ramanstudio.signal.baseline import METHODS as BASELINE_METHODS
from ramanstudio.signal.baseline import PENALISED, POLYNOMIAL, WINDOWED

IsShown = Callable[[Any], bool]


def _always(_step: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words; `choices` maps each to what is shown."""

    field: str
    label: str
    choices: Mapping[Any, str]
    is_shown: IsShown = _always


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a slider, logarithmic where `is_log`; `unset` is what is shown for None."""

    field: str
    label: str
    unit: str
    low: float
    high: float
    decimals: int = 1
    is_log: bool = False
    unset: str = ""
    has_slider: bool = True
    is_shown: IsShown = _always


@dataclass(frozen=True, slots=True)
class Flag:
    """A check box."""

    field: str
    label: str
    is_shown: IsShown = _always


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges of Raman shift as text: "500–520, 900–950"."""

    field: str
    label: str
    is_shown: IsShown = _always


@dataclass(frozen=True, slots=True)
class File:
    """A file of spectra, one that is open or another one; or a calibration profile of the step `profiles_of`."""

    field: str
    label: str
    profiles_of: type[Step] | None = None
    is_shown: IsShown = _always


@dataclass(frozen=True, slots=True)
class ToolButton:
    """A button that lets the mouse on the plot set parameters."""

    tool: Tool
    label: str
    tooltip: str
    is_shown: IsShown = _always


Parameter = Choice | Number | Flag | Ranges | File | ToolButton

_NAMES: Final = {
    "arpls": "arPLS",
    "airpls": "airPLS",
    "aspls": "asPLS",
    "asls": "asymmetric least squares",
    "modpoly": "ModPoly",
    "imodpoly": "improved ModPoly",
    "snip": "SNIP",
    "savitzky-golay": "Savitzky-Golay",
    "median": "moving median",
    "anchors": "anchor points",
    "snv": "SNV",
    "min-max": "min–max",
    "msc": "MSC (sets)",
    "emsc": "EMSC (sets)",
    "band": "a band",
}


def _named(words: tuple[str, ...]) -> dict[str, str]:
    return {word: _NAMES.get(word, word) for word in words}


PARAMETERS: Final[Mapping[type, tuple[Parameter, ...]]] = {
    RemoveCosmicRays: (
        Flag("automatic", "Find automatically"),
        ToolButton("cosmic rays", "Mark on the plot", "A click on the plot adds a cosmic ray, or removes one"),
    ),
    Shift: (
        Number("offset_cm", "Offset", "cm⁻¹", -20, 20, 2),
        File("profile", "Profile", profiles_of=Shift),
    ),
    CorrectIntensity: (File("profile", "Profile", profiles_of=CorrectIntensity),),
    Crop: (
        Number("low_cm", "From", "cm⁻¹", -5000, 20_000, 0, has_slider=False),
        Number("high_cm", "To", "cm⁻¹", -5000, 20_000, 0, has_slider=False),
        ToolButton("range", "Drag on the plot", "Drag over the range of the plot that is kept"),
    ),
    CutOut: (
        Ranges("ranges_cm", "Ranges"),
        ToolButton("range", "Drag on the plot", "Drag over a range of the plot to cut it out; click one to keep it"),
    ),
    Background: (
        File("file", "Spectrum"),
        Number("factor", "Factor", "×", 1e-3, 10, 3, is_log=True, unset="fitted"),
    ),
    Denoise: (
        Choice("as_set", "As a set", {"auto": "as chosen below", "yes": "always", "no": "never"}),
    ),
    SubtractBaseline: (
        Choice("method", "Method", _named(BASELINE_METHODS)),
        Number(
            "length_cm", "Length", "cm⁻¹", 5, 5000, 0, is_log=True,
            is_shown=lambda step: step.method in PENALISED + WINDOWED,
        ),
        Number("degree", "Degree", "", 0, 12, 0, is_shown=lambda step: step.method in POLYNOMIAL),
        ToolButton(
            "anchors", "Place anchor points", "Click to add a point of the baseline or to remove it, drag to move it",
            is_shown=lambda step: step.method == "anchors",
        ),
    ),
    Smooth: (
        Choice("method", "Method", _named(SMOOTHING_METHODS)),
        Number("width_cm", "Width", "cm⁻¹", 1, 200, 1, is_log=True),
    ),
    Derivative: (
        Choice("order", "Order", {1: "first", 2: "second"}),
        Number("width_cm", "Width", "cm⁻¹", 1, 200, 1, is_log=True),
    ),
    Resample: (
        Number("step_cm", "Step", "cm⁻¹", 0.05, 50, 2, is_log=True, is_shown=lambda step: not step.like),
        File("like", "Axis of"),
    ),
    Normalise: (
        Choice(
            "method", "By", _named(("maximum", "band", "area", "vector", "snv", "min-max", "msc", "emsc")),
        ),
        Number(
            "low_cm", "From", "cm⁻¹", -5000, 20_000, 0, unset="start", has_slider=False,
            is_shown=lambda step: step.method == "band",
        ),
        Number(
            "high_cm", "To", "cm⁻¹", -5000, 20_000, 0, unset="end", has_slider=False,
            is_shown=lambda step: step.method == "band",
        ),
        ToolButton(
            "range", "Drag on the plot", "Drag over the band on the plot", is_shown=lambda step: step.method == "band"
        ),
    ),
}  # fmt: skip


def new_step(kind: type[Step], spectra: SpectrumSet | None) -> Step:
    """Return a step of this kind with parameters that suit `spectra`."""
    first, last = (float(spectra.axis[0]), float(spectra.axis[-1])) if spectra is not None else (0.0, 4000.0)
    step_cm = (last - first) / max(1, spectra.points - 1) if spectra is not None else 1.0
    required: dict[type[Any], dict[str, Any]] = {
        Crop: {"low_cm": float(round(first)), "high_cm": float(round(last))},
        CutOut: {"ranges_cm": ()},
        Background: {"file": ""},
        Resample: {"step_cm": float(f"{step_cm:.2g}")},
        CorrectIntensity: {"profile": AUTOMATIC},
    }
    if kind is Shift and spectra is not None and has_fitting_profile(spectra, kind):
        required[kind] = {"profile": AUTOMATIC}
    return kind(**required.get(kind, {}))


assert set(PARAMETERS) == set(STEPS), "every step has its row"
