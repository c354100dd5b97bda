from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.library import starter_library
from ramanstudio.library.starter_library import PeakTable, simulate, starter_references
from ramanstudio.signal.spectral_features import baseline

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "corpus.h5"


def one_line(position: float, width: float, lorentz: float) -> PeakTable:
    source = ("corpus", 3, "Si wafer", "A1", "somewhere", "MIT", "", 1.0)
    lines = np.array([[position, 0.5, width, lorentz]])
    return PeakTable("Silicon", "Calibration standards", "Si", 532.0, 100, 1000, *source, lines)


@pytest.mark.parametrize("lorentz", [0.0, 0.4, 1.0])
def test_a_simulated_line_has_its_position_and_width(lorentz: float) -> None:
    spectrum = simulate(one_line(520.0, 8.0, lorentz), step=0.5)
    values = spectrum.values[0]
    assert spectrum.axis[np.argmax(values)] == 520.0
    assert values.max() == pytest.approx(1.0)
    assert np.interp([516.0, 524.0], spectrum.axis, values) == pytest.approx(0.5, abs=1e-3)
    assert spectrum.about["laser_nm"] == 532.0


def test_the_starter_library_has_more_than_sixty_substances_of_all_kinds() -> None:
    references = starter_references()
    assert len({reference.name for reference in references}) >= 100
    assert {"Polymers", "Minerals", "Solvents and reagents", "Medicines", "Calibration standards"} <= {
        reference.group for reference in references
    }


def test_every_starter_spectrum_is_marked_as_simulated_and_says_what_it_was_fitted_to() -> None:
    for reference in starter_references():
        assert reference.note == reference.spectrum.about["note"] == "simulated from a peak table"
        assert "fitted to" in reference.source
        assert len(reference.spectrum) == 1
        assert np.all(np.isfinite(reference.spectrum.values))
        assert reference.spectrum.values.max() == pytest.approx(1.0)
    calcite = next(reference for reference in starter_references() if reference.name == "Calcite")
    assert "Lafuente et al. 2015" in calcite.source
    assert calcite.spectrum.axis[np.argmax(calcite.spectrum.values)] == pytest.approx(1086, abs=3)


def test_every_table_explains_its_own_spectrum() -> None:
    assert all(table.r2 >= 0.9 for table in starter_library.peak_tables())
    assert np.median([table.r2 for table in starter_library.peak_tables()]) > 0.99


def test_a_table_matches_the_spectrum_that_it_cites() -> None:
    if not CORPUS.exists():
        pytest.skip("the real spectra are not here")
    with h5py.File(CORPUS) as file:
        for table in starter_library.peak_tables()[::12]:
            part = file[table.collection]
            assert part["label"].asstr()[table.spectrum] == table.label
            if "offsets" in part:
                span = slice(*(int(end) for end in part["offsets"][table.spectrum : table.spectrum + 2]))
                axis, values = part["axis"][span], part["values"][span]
            else:
                axis, values = part["axis"][:], part["values"][table.spectrum]
            simulated = simulate(table)
            real = np.interp(simulated.axis, axis, values)
            real = real - baseline(simulated.axis, real[None])[0]
            assert np.corrcoef(real, simulated.values[0])[0, 1] > 0.9, table.name


def test_a_damaged_file_of_tables_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "lines.toml"
    damaged.write_text("[[substance]]\nname = 'Calcite'\n")
    monkeypatch.setattr(starter_library, "tables_file", lambda: damaged)
    starter_library.peak_tables.cache_clear()
    with pytest.raises(StudioError, match="cannot be read"):
        starter_references()
    starter_library.peak_tables.cache_clear()


def test_sources_are_in_letters_that_the_window_can_show() -> None:
    tables = starter_library.peak_tables()
    assert any(not table.label.isascii() for table in tables), "the corpus keeps some names as they were written"
    assert [table.source for table in tables if not table.source.replace("é", "e").isascii()] == []
    assert next(table.source for table in tables if table.name == "Acetone").startswith(
        "lines fitted to spectrum 16 of reagents (whenfung/"
    )
