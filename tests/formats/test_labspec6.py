"""LabSpec 6 files: what damage costs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM
from tests.formats.vendor_sample_files import labspec6_bytes

SET = np.outer([1.0, 2.0, 3.0], SPECTRUM)


def test_damage_behind_the_spectra_costs_the_settings_only(tmp_path: Path) -> None:
    content = labspec6_bytes(SET, axes={"Time": np.arange(3.0)})
    (tmp_path / "a.l6m").write_bytes(content[: len(content) - 400])
    (spectra,) = read(tmp_path / "a.l6m")
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)
    assert spectra.table["time"].tolist() == [0, 1, 2] and "settings" in str(spectra.about["notes"])


def test_a_file_that_ends_within_its_spectra_is_refused(tmp_path: Path) -> None:
    content = labspec6_bytes(SET)
    (tmp_path / "a.l6m").write_bytes(content[: content.index(SET.astype("<f4").tobytes()) + 300])
    with pytest.raises(StudioError, match="ends after"):
        read(tmp_path / "a.l6m")


def test_points_of_any_outline_have_a_position_each(tmp_path: Path) -> None:
    x, y = np.array([0.0, 5.0, 2.0]), np.array([1.0, 1.0, 7.0])
    (tmp_path / "a.l6m").write_bytes(labspec6_bytes(SET, axes={"X": x, "Y": y}))
    (spectra,) = read(tmp_path / "a.l6m")
    assert spectra.table["x"].tolist() == x.tolist() and spectra.table["y"].tolist() == y.tolist()


def test_an_axis_in_nm_is_converted_by_the_laser_of_the_file_or_of_the_user(tmp_path: Path) -> None:
    nm = 1e7 / (1e7 / 532.0 - AXIS)
    (tmp_path / "a.l6s").write_bytes(labspec6_bytes(SPECTRUM[None], nm, unit="nm"))
    np.testing.assert_allclose(read(tmp_path / "a.l6s")[0].axis, AXIS, atol=2e-3)
    (spectra,) = read(tmp_path / "a.l6s", 531.0)
    np.testing.assert_allclose(spectra.axis, AXIS + 1e7 / 531.0 - 1e7 / 532.0, atol=2e-3)
    assert spectra.about["laser_nm"] == 531.0
