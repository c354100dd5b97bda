"""Writing NeXus files of the application definition NXraman: spectra with axis, positions and the instrument."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import own_metadata
from ramanstudio.formats.hdf5 import write_attribute, write_column
from ramanstudio.formats.nexus_definition import DETECTOR, REQUIRED, URL, VERSION, required_value
from ramanstudio.formats.safe_hdf5 import create_file

if TYPE_CHECKING:
    import h5py

_UNITS: Final = {"x": "um", "y": "um", "z": "um", "time": "s"}


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as NeXus NXraman: intensities and Raman shift in /entry/data, laser, objective and grating beside.

    Required fields that the metadata do not state are left out; `nexus_definition.missing_fields` names them.
    Raises StudioError when the file cannot be written.
    """
    with create_file(path) as file:
        entry = _group(file, "entry", "NXentry")
        file.attrs["default"] = "entry"
        entry.attrs["default"] = "data"
        about = own_metadata.written_about(spectra)
        _text(entry, "definition", "NXraman")
        entry["definition"].attrs["version"], entry["definition"].attrs["URL"] = VERSION, URL
        _text(entry, "experiment_type", "Raman spectroscopy")
        if "title" in about:
            _text(entry, "title", str(about["title"]))
        _write_instrument(entry, spectra)
        _write_sample(entry, about)
        _write_required(entry, spectra)
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
    _known(instrument, "name", about.get("instrument"))
    beam = _group(instrument, "beam_incident", "NXbeam")
    _number(beam, "incident_wavelength", about.get("laser_nm"), "nm")
    _text(beam, "parameter_reliability", "nominal")  # what the instrument's software states was not measured
    _number(beam, "average_power", about.get("laser_power_mw"), "mW")
    laser = _group(instrument, "source_laser", "NXsource")
    _text(laser, "type", "Laser")
    _text(laser, "associated_beam", "/entry/instrument/beam_incident")
    _number(laser, "power", about.get("laser_power_mw"), "mW")
    detector = _group(entry, DETECTOR, "NXdetector")
    _known(detector, "description", about.get("detector"))
    _number(detector, "count_time", about.get("exposure_s"), "s")
    _number(detector, "number_of_cycles", about.get("accumulations"), "")
    if "objective" in about or "numerical_aperture" in about:
        objective = _group(instrument, "objective_lens", "NXlens_opt")
        _text(objective, "type", "objective")
        _known(objective, "name", about.get("objective"))
        _number(objective, "numerical_aperture", about.get("numerical_aperture"), "")
    if "grating" in about:
        monochromator = _group(instrument, "monochromator", "NXmonochromator")
        _text(_group(monochromator, "grating", "NXgrating"), "description", str(about["grating"]))
    if "software" in about:
        _text(_group(instrument, "software_instrument", "NXprogram"), "program", str(about["software"]))


def _write_sample(entry: h5py.Group, about: Mapping[str, Plain]) -> None:
    _known(_group(entry, "sample", "NXsample"), "description", about.get("what"))
    if "operator" in about:
        _text(_group(entry, "user", "NXuser"), "name", str(about["operator"]))


def _write_required(entry: h5py.Group, spectra: SpectrumSet) -> None:
    """Write what the definition requires, as far as it is known."""
    for row in REQUIRED:
        value = required_value(spectra, row.key)
        if isinstance(value, str):
            _text(entry, row.path, value)
        else:
            _number(entry, row.path, value, row.field.unit)


def _known(group: h5py.Group, name: str, value: Plain | None) -> None:
    """Write a text that is known."""
    if value not in (None, ""):
        _text(group, name, str(value))


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
