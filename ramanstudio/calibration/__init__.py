"""Calibration: the Raman shift axis and the relative intensity of an instrument, measured once, saved and reused.

>>> from ramanstudio import calibration
>>> profile = calibration.calibrate(spectra, substance="polystyrene")
>>> corrected = profile.apply(spectra)
>>> profile.save("instrument.toml")
>>> print(calibration.verify(profile, silicon, "silicon").sentence())
"""

from ramanstudio.calibration.axis_calibration import calibrate, fit_profile
from ramanstudio.calibration.profile import Profile
from ramanstudio.calibration.substances import Substance, find_substance, substances
from ramanstudio.calibration.verification import Verification, verify

__all__ = ["Profile", "Substance", "Verification", "calibrate", "find_substance", "fit_profile", "substances", "verify"]
