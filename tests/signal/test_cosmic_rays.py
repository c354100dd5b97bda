"""Cosmic rays: spikes are found on one spectrum and with neighbours; lines, however narrow, are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.cosmic_rays import (
    SpikeCandidates,
    classify_spikes,
    count_spikes,
    find_cosmic_rays,
    interpolate,
    spike_thresholds,
)

TRUTH = Path(__file__).resolve().parents[3] / "shared" / "data" / "truth" / "spikes.h5"
AXIS = np.linspace(200.0, 1800.0, 801)


def lorentz(shift: float, height: float, width: float) -> np.ndarray:
    return height / (1 + ((AXIS - shift) / (width / 2)) ** 2)


def clean(n: int = 20, seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lines = lorentz(464, 200, 14) + lorentz(1001, 400, 9) + lorentz(1450, 100, 30) + 0.05 * (AXIS - 200)
    return lines + rng.normal(0, 2, (n, len(AXIS)))


def test_spikes_of_one_to_four_points_are_found_and_nothing_else() -> None:
    values = clean()
    truth = np.zeros(values.shape, dtype=bool)
    for row in range(len(values)):
        width = row % 4 + 1
        truth[row, 300 : 300 + width] = True
        values[row, 300 : 300 + width] += np.array([90, 60, 75, 50])[:width]
    detected = find_cosmic_rays(SpectrumSet(AXIS, values))
    assert (detected & truth).sum() >= 0.9 * truth.sum()
    assert (detected & ~truth).sum() <= 0.05 * truth.sum()


def test_spectra_without_spikes_have_none() -> None:
    assert find_cosmic_rays(SpectrumSet(AXIS, clean(60, seed=9))).sum() == 0


def test_a_spike_on_the_flank_of_a_line_is_found() -> None:
    values = clean(1)
    point = int(np.argmin(np.abs(AXIS - 1012)))
    values[0, point] += 150
    assert find_cosmic_rays(SpectrumSet(AXIS, values))[0, point]


def test_a_line_that_the_neighbours_show_too_is_no_spike() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(6.0), np.arange(6.0)))
    values = clean(36) + lorentz(700, 120, 3.5)
    values[14, 200:202] += (150, 120)
    detected = find_cosmic_rays(SpectrumSet(AXIS, values, {"x": x, "y": y}))
    assert np.flatnonzero(detected.any(axis=1)).tolist() == [14]
    assert set(np.flatnonzero(detected[14])) == {200, 201}


def test_what_two_neighbours_show_at_half_the_height_is_no_spike() -> None:
    """A grain under three pixels: its line is as narrow as a spike, and two of the neighbours have a part of it."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(6.0), np.arange(6.0)))
    alone, shared = clean(36), clean(36)
    point = int(np.argmin(np.abs(AXIS - 700)))
    for values, beside in ((alone, 0), (shared, 1)):
        values[14, point] += 60
        values[[13, 15], point] += 30 * beside
    detected = [find_cosmic_rays(SpectrumSet(AXIS, values, {"x": x, "y": y}))[14, point] for values in (alone, shared)]
    assert detected == [True, False]


def test_spectra_with_holes_or_few_points_are_left_alone() -> None:
    values = clean(2)
    values[0, 100] = np.nan
    values[1, 300] += 500
    detected = find_cosmic_rays(SpectrumSet(AXIS, values))
    assert not detected[0].any() and detected[1].any()
    assert not find_cosmic_rays(SpectrumSet(AXIS[:10], np.eye(10)[:1] * 100)).any()


def test_replaced_points_lie_on_the_line_between_their_neighbours() -> None:
    mask = np.zeros((1, 5), dtype=bool)
    mask[0, 2:4] = True
    repaired = interpolate(np.array([0.0, 1, 2, 3, 4]), np.array([[0.0, 1, 90, 80, 4]]), mask)
    assert repaired[0].tolist() == [0, 1, 2, 3, 4]
    assert count_spikes(mask).tolist() == [1]


@pytest.mark.skipif(not TRUTH.is_file(), reason="the spectra with known spikes are not beside the project")
@pytest.mark.parametrize(
    ("group", "recall", "precision", "cut"),
    [
        ("mixture", 0.93, 0.97, 0.005), ("single_cells", 0.93, 0.97, 0.005), ("polystyrene", 0.80, 0.90, 0.005),
        ("minerals", 0.85, 0.92, 0.005), ("narrow", 0.6, 0.6, 0.05),
    ],
)  # fmt: skip
def test_spikes_put_into_real_spectra_are_found_with_one_setting(
    group: str, recall: float, precision: float, cut: float
) -> None:
    import h5py

    with h5py.File(TRUTH) as file:
        part = file[group]
        spectra = SpectrumSet(part["axis"][:], part["values"][:])
        truth, without = part["mask"][:], part["clean"][:]
    detected = classify_spikes(spectra).spikes
    right = (detected & truth).sum()
    assert right / truth.sum() >= recall and right / detected.sum() >= precision
    lost = [
        detected[row, max(0, top - 1) : top + 2].any() and not truth[row, max(0, top - 2) : top + 3].any()
        for row, top in enumerate(without.argmax(axis=1))
    ]
    assert np.mean(lost) <= cut


@pytest.mark.skipif(not TRUTH.is_file(), reason="the spectra with known spikes are not beside the project")
def test_spikes_put_into_a_real_map_are_found_by_its_neighbours() -> None:
    import h5py
    from scipy.ndimage import median_filter

    with h5py.File(TRUTH) as file:
        part = file["cell_map"]
        spectra = SpectrumSet(part["axis"][:], part["values"][:], {"x": part["x"][:], "y": part["y"][:]})
        truth, without, sigma = part["mask"][:], part["clean"][:], part["sigma"][:]
    own_spikes = (without - median_filter(without, (1, 7)) > 6 * sigma[:, None]).any(axis=1)
    detected, truth = find_cosmic_rays(spectra)[~own_spikes], truth[~own_spikes]
    assert (detected & truth).sum() / truth.sum() >= 0.92
    assert (detected & truth).sum() / detected.sum() >= 0.97


def test_where_lines_are_narrow_a_run_must_be_surer_to_count_as_a_spike() -> None:
    values, noise = clean(1), np.full((1, len(AXIS)), 2.0)
    run = SpikeCandidates(np.array([0]), np.array([300]), np.array([301]), np.array([300]))
    values[0, 300:302] += 20
    narrow = values + sum(lorentz(shift, 300, 4) for shift in (500, 560, 700, 1100, 1200, 1500))
    likely = np.array([0.85])
    assert spike_thresholds(values, noise, run, likely)[0] < likely[0] < spike_thresholds(narrow, noise, run, likely)[0]


def test_a_spike_on_a_band_that_all_neighbours_have_is_found() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(6.0), np.arange(6.0)))
    values = clean(36) + lorentz(700, 60, 20)
    point = int(np.argmin(np.abs(AXIS - 700)))
    values[20, point] += 200
    detected = find_cosmic_rays(SpectrumSet(AXIS, values, {"x": x, "y": y}))
    assert np.argwhere(detected).tolist() == [[20, point]]
