"""The demo spectra: simulated and said to be, true to the spectra that their lines were fitted to."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ramanstudio import demo
from ramanstudio.formats import registry

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "data" / "corpus.h5"
FOLDER = ROOT / "resources" / "demo"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools that make the demo spectra can be imported."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))


def substances() -> list[str]:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from line_tables import read_tables

        return list(read_tables())
    finally:
        sys.path.pop(0)


def test_a_dozen_substances_at_three_exposures_and_a_map() -> None:
    files = demo.demo_files()
    assert len(files) == 12 * 3 + 1
    sets = [registry.read(file) for file in files]
    assert all(len(found) == 1 for found in sets)
    single = [found[0] for found in sets if not found[0].is_map]
    assert len(single) == 36
    assert all(spectra.points == 1024 and len(spectra) == 1 for spectra in single)
    (crust,) = (found[0] for found in sets if found[0].is_map)
    assert (len(crust), len(np.unique(crust.table["x"])), len(np.unique(crust.table["y"]))) == (400, 20, 20)


def test_opening_the_folder_opens_the_demo_spectra_and_nothing_else() -> None:
    assert registry.find_files([FOLDER]) == demo.demo_files()


def test_every_file_says_that_it_is_simulated() -> None:
    for file in demo.demo_files():
        assert b"SIMULATED" in file.read_bytes(), file.name
    assert "simulated" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 2_000_000


def test_what_differs_from_the_truth_is_shot_noise_and_read_noise() -> None:
    for file in demo.demo_files():
        (raw,) = registry.read(file)
        truth = demo.true_spectra(file)
        assert truth.shape == raw.values.shape, file.name
        spread = np.sqrt(np.mean((raw.values - truth) ** 2 / (truth + 6.0**2)))
        assert spread == pytest.approx(1, abs=0.1), file.name


def test_the_true_gain_is_the_ratio_of_errors() -> None:
    from ramanstudio.denoising.denoised import Denoised

    file = demo.demo_files()[0]
    (raw,) = registry.read(file)
    truth = demo.true_spectra(file)
    closer = raw.with_values(truth + (raw.values - truth) / 4)
    one = np.ones(1, dtype=np.float32)
    assert demo.true_gain(raw, Denoised(closer, np.abs(raw.values), one, one), truth) == pytest.approx(4, rel=1e-3)


def test_the_same_tables_make_the_same_files(tmp_path: Path) -> None:
    import make_demo_spectra

    make_demo_spectra.main(tmp_path)
    for file in demo.demo_files():
        if file.suffix == ".h5":
            (made,), (kept,) = registry.read(tmp_path / file.name), registry.read(file)
            np.testing.assert_array_equal(made.values, kept.values)
        else:
            assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.mark.skipif(not CORPUS.exists(), reason="the real spectra are not here")
@pytest.mark.parametrize("substance", substances())
def test_the_simulated_spectrum_looks_like_the_real_one(substance: str) -> None:
    from fit_lines import real_spectrum
    from line_tables import read_tables

    from ramanstudio.signal.snr import subtract_local_baseline

    table = read_tables()[substance]
    axis, values, label, _ = real_spectrum(CORPUS, table.group, table.spectrum)
    assert label == table.label
    inside = (axis >= table.low_cm) & (axis <= table.high_cm)
    axis, values = axis[inside], values[inside]
    pair = subtract_local_baseline(axis, np.stack([values, table.spectrum_at(axis)]))
    assert np.corrcoef(pair)[0, 1] > 0.95


def test_the_fit_finds_the_lines_of_a_known_spectrum() -> None:
    from fit_lines import fitted
    from line_tables import pseudo_voigt

    known = np.array([[300.0, 1.0, 12.0, 0.3], [345.0, 0.4, 20.0, 0.8], [800.0, 0.6, 8.0, 0.0]])
    axis = np.linspace(100, 1200, 1100)
    noise = np.random.default_rng(1).normal(0, 0.002, axis.shape)
    lines = fitted(axis, pseudo_voigt(axis, known).sum(axis=0) + axis / 4000 + noise)
    for position, height, width, _ in known:
        nearest = lines[np.argmin(np.abs(lines[:, 0] - position))]
        assert nearest[0] == pytest.approx(position, abs=0.3)
        assert nearest[1] == pytest.approx(height, rel=0.1)
        assert nearest[2] == pytest.approx(width, rel=0.12)
