"""One recipe gives the same numbers, to the last bit, in Python, the window, its exports and on the command line."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.export.export_plan import ExportOptions, plan_export
from ramanstudio.formats import hdf5
from ramanstudio.formats.registry import read
from ramanstudio.gui.document.denoising import load_engine
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import Recipe, find_recipe
from tests.gui.driver import Starter, Window


def spectra(n: int, points: int, seed: int) -> SpectrumSet:
    """Two lines on fluorescence, each spectrum with a cosmic ray."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(300, 1700, points)
    lines = sum(h * np.exp(-(((axis - shift) / 9) ** 2) / 2) for shift, h in ((620, 90), (1290, 60)))
    values = lines * rng.uniform(0.7, 1.3, (n, 1)) + 300 * np.exp(-axis / 900) + rng.normal(0, 5, (n, points))
    values[np.arange(n), rng.integers(10, points - 10, n)] += 400
    return SpectrumSet(axis, values)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Singles on two axes, a set, and a map."""
    folder = tmp_path / "measured"
    folder.mkdir()
    for number, points in enumerate((260, 333, 260, 260)):
        hdf5.write(folder / f"single{number}.h5", spectra(1, points, number))
    hdf5.write(folder / "repeats.h5", spectra(5, 333, 10))
    pixels, (y, x) = spectra(12, 260, 20), np.divmod(np.arange(12.0), 4)
    hdf5.write(folder / "map.h5", SpectrumSet(pixels.axis, pixels.values, {"x": x, "y": y}))
    return folder


def export(window: Window, folder: Path, format: str) -> None:
    """Export the processed spectra of the selection."""
    exporting = window.services.exporting
    exporting.write(plan_export(exporting.items("selected"), ExportOptions(("processed",), (), format), folder), [])
    window.wait_settled()


@pytest.mark.parametrize("name", ["Routine", "SERS map", "Quantitative"])
def test_python_window_exports_and_command_line_agree_to_the_last_bit(
    name: str, folder: Path, tmp_path: Path, start: Starter
) -> None:
    recipe, engine = find_recipe(name), Engine.load()
    files = sorted(folder.glob("*.h5"))
    # a set is asked for by the recipe "SERS map": one spectrum alone has none, and is the same
    expected = {file.stem: recipe.apply(read(file)[0], engine) for file in files}
    assert all(processed.replaced.any() for processed in expected.values()), "each has a cosmic ray"

    window = start(*files, loader=load_engine)
    session, denoising = window.services.session, window.services.denoising
    window.wait_until(lambda: len(session.project.entries) == len(files))
    session.edit_recipes([entry.id for entry in session.project.entries], lambda _: recipe, name)
    window.wait_until(lambda: all(map(denoising.is_processed, session.project.entries)))
    for entry in session.project.entries:
        result, python = session.project.result(entry), expected[Path(entry.path).stem]
        assert result is not None and result.processed is not None
        np.testing.assert_array_equal(result.final.axis, python.spectra.axis)
        np.testing.assert_array_equal(result.final.values, python.spectra.values, entry.name)
        np.testing.assert_array_equal(result.processed.expected_error, python.expected_error, entry.name)
        np.testing.assert_array_equal(result.processed.snr_after, python.snr_after, entry.name)

    session.select([entry.id for entry in session.project.entries])
    for format in ("h5", "csv"):
        export(window, tmp_path / f"window {format}", format)
        out = tmp_path / f"command line {format}"
        arguments = ["process", str(folder), "--recipe", str(tmp_path / "window h5" / "recipe.toml")]
        assert main.main([*arguments, "--out", str(out), "--format", format]) == exit_codes.DONE
    for stem, python in expected.items():
        for file in (f"window h5/{stem}-processed.h5", f"command line h5/{stem}-processed.h5"):
            with h5py.File(tmp_path / file) as stored:
                group = next(iter(stored.values()))
                np.testing.assert_array_equal(group["values"][:], python.spectra.values, file)
                np.testing.assert_array_equal(group["expected_error"][:], python.expected_error, file)
        for file in (f"window csv/{stem}-processed.csv", f"command line csv/{stem}-processed.csv"):
            (written,) = read(tmp_path / file)
            np.testing.assert_array_equal(written.axis, python.spectra.axis)
            rows = written.values if len(python.spectra) > 1 else written.values[:1]
            np.testing.assert_array_equal(rows, python.spectra.values, file)


def test_the_exported_recipe_says_that_a_set_was_denoised_one_by_one(
    folder: Path, tmp_path: Path, start: Starter
) -> None:
    window = start(folder / "repeats.h5")
    window.wait_until(lambda: window.snr != "")
    session = window.services.session
    session.select([1])
    session.set_denoising_as_sets([1], False)
    window.wait_until(lambda: window.services.denoising.is_processed(session.project.entries[0]))
    export(window, tmp_path, "h5")
    assert Recipe.load(tmp_path / "recipe.toml").steps[1].step == Denoise("no")
