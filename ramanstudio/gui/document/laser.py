"""Setting the laser wavelength of spectra: what the user says wins, and is said in their metadata."""

from __future__ import annotations

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.metadata import EDITED, edited_keys
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats.axis import HIGHEST_SHIFT_CM
from ramanstudio.project.project import Entry


def has_shift_axis(entry: Entry, laser_nm: float) -> bool:
    """Whether the file of an entry has Raman shifts, which the instrument computed with another laser wavelength."""
    if entry.source is None or "axis_in_file" in entry.source.about:
        return False
    stated = entry.source.about.get("laser_nm")
    return isinstance(stated, int | float) and abs(float(stated) - laser_nm) > 1e-6


def with_laser(spectra: SpectrumSet, laser_nm: float, moves_shift_axis: bool = False) -> SpectrumSet:
    """Return spectra measured with a laser of `laser_nm`, set by the user.

    An axis that was converted from nm, absolute wavenumbers or eV is converted with it: each Raman shift moves by
    10⁷ (1 / new − 1 / old). A Raman shift axis of the file moves only with `moves_shift_axis`. Raises StudioError where
    the axis would be outside the Raman range of the laser.
    """
    stated = spectra.about.get("laser_nm")
    old_nm = float(stated) if isinstance(stated, int | float) and stated else None
    in_file = spectra.about.get("laser_in_file_nm", stated)
    about: dict[str, Plain] = {name: value for name, value in spectra.about.items() if name != "laser_in_file_nm"}
    about["laser_nm"] = laser_nm
    if in_file is not None and in_file != laser_nm:
        about["laser_in_file_nm"] = in_file
    about[EDITED] = with_edited(about, "laser_nm")
    axis = spectra.axis
    if old_nm is not None and ("axis_in_file" in about or moves_shift_axis):
        axis = axis + 1e7 * (1.0 / laser_nm - 1.0 / old_nm)
        if np.count_nonzero((axis > 0) & (axis < HIGHEST_SHIFT_CM)) * 2 < axis.size:
            raise StudioError(
                f"With a laser of {laser_nm:g} nm the axis would run from {axis[0]:.0f} to {axis[-1]:.0f} cm⁻¹,"
                " outside the Raman range.",
                remedy="Check the laser wavelength.",
            )
    return SpectrumSet(axis, spectra.values, spectra.table, about)


def with_edited(about: dict[str, Plain], name: str) -> str:
    """Return the names of the metadata that the user set, with `name` among them."""
    return ", ".join(dict.fromkeys([*edited_keys(about), name]))
