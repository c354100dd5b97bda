"""Writing NeXus files of the application definition NXraman: spectra with axis, positions and the instrument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import own_metadata
from ramanstudio.formats.hdf5 import write_attribute, write_column
from ramanstudio.formats.safe_hdf5 import create_file

if TYPE_CHECKING:
    import h5py

_UNITS: Final = {"x": "um", "y": "um", "z": "um", "time": "s"}


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as NeXus NXraman: intensities and Raman shift in /entry/data, laser, objective and grating beside.

    Raises StudioError when the file cannot be written.
    """
    with create_file(path) as file:
        entry = _group(file, "entry", "NXentry")
        file.attrs["default"] = "entry"
        entry.attrs["default"] = "data"
        _text(entry, "definition", "NXraman")
        _text(entry, "experiment_type", "Raman spectroscopy")
        about = own_metadata.written_about(spectra)
        for name, key in (("title", "title"), ("start_time", "date")):
            if key in about:
                _text(entry, name, str(about[key]))
        _write_instrument(entry, spectra)
        sample = _group(entry, "sample", "NXsample")
        _text(sample, "name", str(about.get("sample", about.get("title", ""))))
        data = _group(entry, "data", "NXdata")
        data.attrs["signal"] = "values"
        data.attrs["axes"] = [".", "axis"]
        axis = data.create_dataset("axis", data=spectra.axis)
        axis.attrs["units"], axis.attrs["long_name"] = "1/cm", "Raman shift"
        values = data.create_dataset(
            "values", data=spectra.values, compression="gzip", compression_opts=1, shuffle=True
        )
        values.attrs["long_name"] = "Intensity"
        values.attrs["units"] = str(about.get("intensity_unit", ""))
        for name, entries in spectra.table.items():
            write_column(data, name, entries)
            if name in _UNITS:
                data[name].attrs["units"] = _UNITS[name]
        for name, value in about.items():
            write_attribute(data, name, value)


def _write_instrument(entry: h5py.Group, spectra: SpectrumSet) -> None:
    about = spectra.about
    instrument = _group(entry, "instrument", "NXinstrument")
    _text(instrument, "name", str(about.get("instrument", "")))
    beam = _group(instrument, "beam_incident", "NXbeam")
    _number(beam, "incident_wavelength", about.get("laser_nm"), "nm")
    laser = _group(instrument, "source", "NXsource")
    _number(laser, "power", about.get("laser_power_mw"), "mW")
    detector = _group(instrument, "detector", "NXdetector")
    _number(detector, "count_time", about.get("exposure_s"), "s")
    _number(detector, "number_of_cycles", about.get("accumulations"), "")
    for name, kind, key in (("objective_lens", "NXlens_opt", "objective"), ("grating", "NXgrating", "grating")):
        if key in about:
            _text(_group(instrument, name, kind), "name", str(about[key]))


def _group(parent: h5py.Group, name: str, kind: str) -> h5py.Group:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group


def _text(group: h5py.Group, name: str, text: str) -> None:
    group[name] = text


def _number(group: h5py.Group, name: str, value: object, unit: str) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        group[name] = np.float64(value)
        if unit:
            group[name].attrs["units"] = unit
