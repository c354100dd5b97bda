"""Line profiles: unit height, their stated width and area, and derivatives that agree with differences."""

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.peaks.profiles import PROFILES, evaluate, profile

AXIS = np.linspace(-4000, 4000, 160_001)
SYMMETRIC = [row for row in PROFILES if row.key not in ("bwf", "split-pseudo-voigt")]


def shapes_of(row, value=0.3):
    return np.full((1, 1, len(row.shapes)), value)


@pytest.mark.parametrize("row", SYMMETRIC, ids=lambda row: row.key)
def test_a_profile_has_unit_height_and_half_of_it_at_half_its_width(row):
    height = evaluate(row, np.array([-6.0, 0.0, 6.0]), np.zeros((1, 1)), np.full((1, 1), 12.0), shapes_of(row))[0, 0]
    assert height[1] == pytest.approx(1)
    assert height[[0, 2]] == pytest.approx(0.5, abs=5e-4)  # the width of a Voigt profile is an approximation


@pytest.mark.parametrize("row", PROFILES, ids=lambda row: row.key)
def test_the_area_is_the_integral(row):
    shapes = shapes_of(row)
    curve = evaluate(row, AXIS, np.zeros((1, 1)), np.full((1, 1), 12.0), shapes)[0, 0]
    if row.key == "bwf":
        curve = curve - 0.3**2  # its constant tails
    area = float(row.area(np.array(12.0), shapes[0, 0]))
    assert np.trapezoid(curve, AXIS) == pytest.approx(area, rel=4e-3)


@pytest.mark.parametrize("row", PROFILES, ids=lambda row: row.key)
def test_derivatives_agree_with_differences(row):
    axis, step = np.linspace(-30, 40, 141), 1e-6
    center, fwhm, shapes = np.full((1, 1), 2.3), np.full((1, 1), 9.0), shapes_of(row)
    out = np.empty((1, 3 + len(row.shapes), 1, axis.size))
    factors = row.evaluate(axis - center[:, :, None], fwhm, shapes, out)

    def difference(**moved):
        values = {"center": center, "fwhm": fwhm, "shapes": shapes}
        up, down = ({**values, **{k: f(v) for k, (v, f) in moved.items()}} for moved in _both(moved, values, step))
        return (evaluate(row, axis, **up) - evaluate(row, axis, **down))[0, 0] / (2 * step)

    exact = (out[0, 1:] * factors[0][:, :, None])[:, 0]
    assert exact[0] == pytest.approx(difference(center=lambda v, s: v + s), abs=1e-7)
    assert exact[1] == pytest.approx(difference(fwhm=lambda v, s: v * np.exp(s)), abs=1e-7)
    for index in range(len(row.shapes)):
        unit = np.eye(len(row.shapes))[index]
        assert exact[2 + index] == pytest.approx(difference(shapes=lambda v, s, u=unit: v + s * u), abs=1e-7)


def _both(moved, values, step):
    for sign in (1, -1):
        yield {name: (values[name], lambda v, f=f, sign=sign: f(v, sign * step)) for name, f in moved.items()}


def test_an_unknown_profile_is_refused_with_the_names_of_those_there_are():
    with pytest.raises(StudioError, match=r"no line profile 'triangle'.*lorentz, gauss, pseudo-voigt"):
        profile("triangle")
