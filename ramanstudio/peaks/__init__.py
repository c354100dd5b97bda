"""Peaks: found, fitted and measured, with uncertainties, on any number of spectra at once.

>>> from ramanstudio import peaks
>>> table = peaks.fit(spectra, profile="lorentz")
>>> table["center"], table["center_error"]
"""

from ramanstudio.peaks.detection import find
from ramanstudio.peaks.fitting import fit
from ramanstudio.peaks.measures import measure, ratio
from ramanstudio.peaks.model import Parameter, Peak, PeakModel, Tie
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.series import fit_series

__all__ = ["Parameter", "Peak", "PeakModel", "PeakTable", "Tie", "find", "fit", "fit_series", "measure", "ratio"]
