"""Text, JCAMP-DX, SPC and WiRE files of instruments: spectra, axis, laser, exposure, accumulations and date are right.

The values in tests/data/vendor_readings.csv were checked one by one against the headers of the files and other readers.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.formats.registry import read
from tests.formats.sample_files import VENDOR_FILES, needs_vendor_files

pytestmark = needs_vendor_files
TABLE = Path(__file__).resolve().parents[1] / "data" / "vendor_readings.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    READINGS = {row["file"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", READINGS)
def test_a_file_reads_as_it_was_measured(name: str) -> None:
    wanted = READINGS[name]
    (spectra,) = read(VENDOR_FILES / name)
    assert (len(spectra), spectra.points) == (int(wanted["spectra"]), int(wanted["points"]))
    half_step = 0.5 * float(np.median(np.diff(spectra.axis)))
    ends = [float(wanted["first"]), float(wanted["last"])]
    np.testing.assert_allclose([spectra.axis[0], spectra.axis[-1]], ends, atol=half_step)
    for key in ("laser_nm", "exposure_s", "accumulations"):
        stated = spectra.about.get(key)
        assert stated == (pytest.approx(float(wanted[key]), rel=1e-4) if wanted[key] else None), key
    assert str(spectra.about.get("date", ""))[:16] == wanted["date"]
