"""Penalised splines for many spectra at once."""

from __future__ import annotations

import numpy as np

from ramanstudio.signal import penalised_spline
from ramanstudio.signal.penalised_spline import N_COEFFICIENTS, basis, cell_centres, fit

GRID = 256
CENTRES = cell_centres(GRID)


def fitted(values, weights=None, stiffness=1e-6, cubic=0.0):
    rows = np.atleast_2d(values)
    weights = np.ones(rows.shape) if weights is None else np.atleast_2d(weights)
    coefficients = fit(
        rows, weights, np.full((len(rows), N_COEFFICIENTS - 2), stiffness), np.full(len(rows), float(cubic))
    )
    return coefficients @ basis(CENTRES).T


def test_b_splines_add_up_to_one():
    assert np.allclose(basis(np.linspace(0, 1, 101)).sum(axis=1), 1)


def test_a_soft_spline_follows_a_smooth_curve():
    curve = np.sin(6 * CENTRES)
    assert np.abs(fitted(curve) - curve).max() < 1e-4


def test_a_stiff_spline_is_a_straight_line():
    noisy = 2 - 3 * CENTRES + np.random.default_rng(0).normal(0, 0.01, GRID)
    line = np.polyval(np.polyfit(CENTRES, noisy, 1), CENTRES)
    assert np.abs(fitted(noisy, stiffness=1e9) - line).max() < 1e-4


def test_a_spline_stiff_in_third_differences_is_a_parabola():
    curve = 1 + CENTRES - 4 * CENTRES**2
    assert np.abs(fitted(curve, stiffness=0.0, cubic=1e9) - curve).max() < 1e-3


def test_points_without_weight_do_not_pull():
    curve = 1 + CENTRES
    spoiled, weights = curve.copy(), np.ones(GRID)
    spoiled[100:130] += 5
    weights[100:130] = 0
    assert np.abs(fitted(spoiled, weights, stiffness=1.0) - curve).max() < 1e-6


def test_the_banded_solution_is_that_of_the_dense_system():
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=(3, GRID)), rng.random((3, GRID))
    stiffness, cubic = np.exp(rng.normal(0, 3, (3, N_COEFFICIENTS - 2))), np.exp(rng.normal(0, 2, 3))
    coefficients = fit(values, weights, stiffness, cubic)
    splines = basis(CENTRES)
    second, third = (np.diff(np.eye(N_COEFFICIENTS), n=order, axis=0) for order in (2, 3))
    for row in range(3):
        system = splines.T @ (weights[row][:, None] * splines) + second.T @ (stiffness[row][:, None] * second)
        system += cubic[row] * third.T @ third + penalised_spline.RIDGE * np.eye(N_COEFFICIENTS)
        assert np.allclose(coefficients[row], np.linalg.solve(system, splines.T @ (weights[row] * values[row])))
