"""Calibration: the Raman shift axis and the relative intensity of an instrument, measured once, saved and reused.

>>> from ramanstudio import calibration
>>> profile = calibration.calibrate(spectra, substance="polystyrene")
>>> corrected = profile.apply(spectra)
>>> profile.save("instrument.toml")
>>> print(calibration.verify(profile, silicon, "silicon").sentence())
"""

from ramanstudio.calibration.axis_calibration import calibrate, fit_profile
from ramanstudio.calibration.intensity import IntensityProfile, calibrate_intensity, intensity_standards
from ramanstudio.calibration.profile import Profile
from ramanstudio.calibration.profile_files import fitting_profile, load_profile, stored_profiles
from ramanstudio.calibration.substances import Substance, find_substance, substances
from ramanstudio.calibration.verification import Verification, verify

__all__ = [
    "IntensityProfile",
    "Profile",
    "Substance",
    "Verification",
    "calibrate",
    "calibrate_intensity",
    "find_substance",
    "fit_profile",
    "fitting_profile",
    "intensity_standards",
    "load_profile",
    "stored_profiles",
    "substances",
    "verify",
]
