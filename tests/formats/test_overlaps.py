"""A small file whose parts all point to the same bytes must not take memory for each of them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from tests.formats.sample_files import SPECTRUM
from tests.formats.vendor_sample_files import labspec5_bytes, omnic_bytes, opus_bytes


def test_omnic_spectra_that_overlap_are_refused(tmp_path: Path) -> None:
    content = bytearray(omnic_bytes(np.tile(SPECTRUM, (20, 1)), 1000.0, 100.0))
    start = len(content) - 4 * SPECTRUM.size
    n_entries = struct.unpack_from("<H", content, 294)[0]
    content += bytes(200_000)
    for index in range(n_entries):
        key, _, _ = struct.unpack_from("<BxII", content, 304 + 16 * index)
        if key == 3:
            struct.pack_into("<BxII", content, 304 + 16 * index, 3, start, 100_000)
    (tmp_path / "a.spg").write_bytes(content)
    with pytest.raises(StudioError, match="overlap"):
        read(tmp_path / "a.spg")


def test_opus_spectra_that_overlap_are_refused(tmp_path: Path) -> None:
    content = bytearray(opus_bytes(SPECTRUM[None, ::-1], 1000.0, 100.0))
    data, status = (struct.unpack_from("<Iii", content, 24 + 12 * index) for index in (3, 4))
    directory = len(content)
    entries = [(data[0], data[1], data[2])] * 100 + [status]
    content += b"".join(struct.pack("<Iii", *entry) for entry in entries)
    struct.pack_into("<iii", content, 12, directory, len(entries), len(entries))
    (tmp_path / "a.0").write_bytes(content)
    with pytest.raises(StudioError, match="overlap"):
        read(tmp_path / "a.0")


def test_zeros_behind_the_spectra_of_a_labspec5_file_cost_no_time(tmp_path: Path) -> None:
    content = labspec5_bytes(SPECTRUM[None])
    end = content.index(SPECTRUM.astype("<f4").tobytes()) + 4 * SPECTRUM.size
    (tmp_path / "a.ngc").write_bytes(content[:end] + bytes(30_000_000) + content[end:])
    np.testing.assert_allclose(read(tmp_path / "a.ngc")[0].values[0], SPECTRUM, rtol=1e-6)
