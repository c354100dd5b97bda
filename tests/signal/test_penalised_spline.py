"""Penalised splines for many spectra at once."""

from __future__ import annotations

import numpy as np

from ramanstudio.signal import penalised_spline
from ramanstudio.signal.penalised_spline import N_COEFFICIENTS, basis, cell_centres, fit

GRID = 256
CENTRES = cell_centres(GRID)


def fitted(values, weights=None, second=1e-6, third=0.0, fourth=0.0):
    rows = np.atleast_2d(values)
    weights = np.ones(rows.shape) if weights is None else np.atleast_2d(weights)
    penalties = (
        np.full((len(rows), N_COEFFICIENTS - order), float(penalty))
        for order, penalty in ((2, second), (3, third), (4, fourth))
    )
    coefficients = fit(rows, weights, *penalties)
    return coefficients @ basis(CENTRES).T


def test_b_splines_add_up_to_one():
    assert np.allclose(basis(np.linspace(0, 1, 101)).sum(axis=1), 1)


def test_a_soft_spline_follows_a_smooth_curve():
    curve = np.sin(6 * CENTRES)
    assert np.abs(fitted(curve) - curve).max() < 1e-4


def test_a_stiff_spline_is_a_straight_line():
    noisy = 2 - 3 * CENTRES + np.random.default_rng(0).normal(0, 0.01, GRID)
    line = np.polyval(np.polyfit(CENTRES, noisy, 1), CENTRES)
    assert np.abs(fitted(noisy, second=1e9) - line).max() < 1e-4


def test_a_spline_stiff_in_third_differences_is_a_parabola():
    curve = 1 + CENTRES - 4 * CENTRES**2
    assert np.abs(fitted(curve, second=0.0, third=1e9) - curve).max() < 1e-3


def test_a_spline_stiff_in_fourth_differences_is_a_cubic():
    curve = 1 + CENTRES - 4 * CENTRES**2 + 3 * CENTRES**3
    assert np.abs(fitted(curve, second=0.0, fourth=1e9) - curve).max() < 1e-3


def test_points_without_weight_do_not_pull():
    curve = 1 + CENTRES
    spoiled, weights = curve.copy(), np.ones(GRID)
    spoiled[100:130] += 5
    weights[100:130] = 0
    assert np.abs(fitted(spoiled, weights, second=1.0) - curve).max() < 1e-6


def test_the_banded_solution_is_that_of_the_dense_system():
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=(3, GRID)), rng.random((3, GRID))
    penalties = [np.exp(rng.normal(0, 3, (3, N_COEFFICIENTS - order))) for order in (2, 3, 4)]
    coefficients = fit(values, weights, *penalties)
    splines = basis(CENTRES)
    for row in range(3):
        system = splines.T @ (weights[row][:, None] * splines) + penalised_spline.RIDGE * np.eye(N_COEFFICIENTS)
        for order, penalty in zip((2, 3, 4), penalties, strict=True):
            differences = np.diff(np.eye(N_COEFFICIENTS), n=order, axis=0)
            system += differences.T @ (penalty[row][:, None] * differences)
        assert np.allclose(coefficients[row], np.linalg.solve(system, splines.T @ (weights[row] * values[row])))
