"""Line profiles of unit height with their analytic derivatives, evaluated for many spectra and peaks at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError

Floats = NDArray[np.float64]
_LN2: Final = float(np.log(2))
_GAUSS_AREA: Final = float(np.sqrt(np.pi / np.log(2)) / 2)  # area of a Gaussian of unit height and fwhm
_LORENTZ_AREA: Final = float(np.pi / 2)
_SMALLEST_SIGMA: Final = 1e-6  # of a Voigt profile, in its fwhm: narrower is a Lorentzian in double precision


@dataclass(frozen=True, slots=True)
class Shape:
    """A parameter of a profile beside centre and width: its name, limits and usual value."""

    name: str
    low: float
    high: float
    start: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A line profile.

    Parameters
    ----------
    evaluate : called with distances x - center (n, K, B), fwhm (n, K), shape parameters (n, K, S) and an output
        (n, 3 + S, K, B); writes the profile and its derivatives by center, log fwhm and each shape, up to the factors
        (n, 2 + S, K) that it returns
    area : fwhm (...,) and shapes (..., S) -> area of a profile of unit height (...,)
    """

    key: str
    title: str
    shapes: tuple[Shape, ...]
    evaluate: Callable[[Floats, Floats, Floats, Floats], Floats]
    area: Callable[[Floats, Floats], Floats]
    help: str = ""


def _lorentz(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    _lorentz_columns(offset, fwhm, out)
    factors = np.full((len(fwhm), 2, fwhm.shape[1]), 2.0)
    np.divide(4.0, fwhm, out=factors[:, 0])
    return factors


def _lorentz_columns(offset: Floats, fwhm: Floats, out: Floats) -> None:
    """Write L, u L² and u² L² with u = 2 (x - center) / fwhm; `offset` is overwritten by u."""
    profile, by_center, by_width = out[:, 0], out[:, 1], out[:, 2]
    offset *= (2.0 / fwhm)[:, :, None]
    np.multiply(offset, offset, out=by_width)
    by_width += 1.0
    np.divide(1.0, by_width, out=profile)
    np.multiply(profile, profile, out=by_center)
    by_center *= offset
    np.multiply(by_center, offset, out=by_width)


def _gauss(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    profile, by_center, by_width = out[:, 0], out[:, 1], out[:, 2]
    offset *= (2.0 * np.sqrt(_LN2) / fwhm)[:, :, None]
    np.multiply(offset, offset, out=by_width)
    np.negative(by_width, out=by_width)
    np.maximum(by_width, -700.0, out=by_width)
    np.exp(by_width, out=profile)
    np.multiply(profile, offset, out=by_center)
    np.multiply(by_center, offset, out=by_width)
    factors = np.full((len(fwhm), 2, fwhm.shape[1]), 2.0)
    np.divide(4.0 * np.sqrt(_LN2), fwhm, out=factors[:, 0])
    return factors


def _pseudo_voigt(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    eta = shapes[:, :, 0, None]
    u = offset
    u *= (2.0 / fwhm)[:, :, None]
    squared = u * u
    lorentz = 1.0 / (squared + 1.0)
    gauss = np.exp(np.maximum(-_LN2 * squared, -700.0))
    np.subtract(lorentz, gauss, out=out[:, 3])
    np.multiply(out[:, 3], eta, out=out[:, 0])
    out[:, 0] += gauss
    gauss *= _LN2 * (1.0 - eta)
    np.multiply(lorentz, lorentz, out=lorentz)
    lorentz *= eta
    lorentz += gauss
    np.multiply(lorentz, u, out=out[:, 1])
    np.multiply(out[:, 1], u, out=out[:, 2])
    factors = np.full((len(fwhm), 3, fwhm.shape[1]), 2.0)
    np.divide(4.0, fwhm, out=factors[:, 0])
    factors[:, 2] = 1.0
    return factors


def _split_pseudo_voigt(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    asymmetry, eta = shapes[:, :, 0, None], shapes[:, :, 1, None]
    side = np.where(offset < 0, -1.0, 1.0)
    scale = 1.0 + side * asymmetry  # of the width on this side
    u = offset * (2.0 / fwhm)[:, :, None] / scale
    squared = u * u
    lorentz = 1.0 / (squared + 1.0)
    gauss = np.exp(np.maximum(-_LN2 * squared, -700.0))
    out[:, 0] = eta * lorentz + (1.0 - eta) * gauss
    slope = 2.0 * u * (eta * lorentz**2 + (1.0 - eta) * _LN2 * gauss)  # minus the derivative by u
    out[:, 1] = slope * (2.0 / fwhm)[:, :, None] / scale
    out[:, 2] = slope * u
    out[:, 3] = out[:, 2] * side / scale
    out[:, 4] = lorentz - gauss
    return np.ones((len(fwhm), 4, fwhm.shape[1]))


def _fano(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    asymmetry = shapes[:, :, 0, None]
    u = offset
    u *= (2.0 / fwhm)[:, :, None]
    lorentz = 1.0 / (u * u + 1.0)
    rise = 1.0 + asymmetry * u
    out[:, 3] = 2.0 * u * rise * lorentz
    out[:, 0] = rise * rise * lorentz
    by_u = 2.0 * rise * lorentz * (asymmetry - u * rise * lorentz)
    np.negative(by_u, out=out[:, 1])
    np.multiply(out[:, 1], u, out=out[:, 2])
    factors = np.ones((len(fwhm), 3, fwhm.shape[1]))
    np.divide(2.0, fwhm, out=factors[:, 0])
    return factors


def voigt_widths(lorentz_share: Floats) -> tuple[Floats, Floats]:
    """Return the Gaussian sigma and the Lorentzian half width of a Voigt profile of unit fwhm.

    `lorentz_share` is the Lorentzian fwhm over that of the profile, 0 to 1. By the approximation of Olivero and
    Longbothum (1977, doi:10.1016/0022-4073(77)90161-3), which is right to 0.02 %.
    """
    squared = np.maximum((1.0 - 0.5346 * lorentz_share) ** 2 - 0.2166 * lorentz_share**2, 0.0)
    sigma = np.sqrt(squared) / np.sqrt(8 * _LN2)
    return np.maximum(sigma, _SMALLEST_SIGMA), lorentz_share / 2


def _voigt(offset: Floats, fwhm: Floats, shapes: Floats, out: Floats) -> Floats:
    from scipy.special import wofz

    share = shapes[:, :, 0]
    sigma, gamma = voigt_widths(share)
    root = np.sqrt(2.0) * sigma
    z = ((offset / fwhm[:, :, None]) + 1j * gamma[:, :, None]) / root[:, :, None]
    value = wofz(z)
    slope = -2.0 * z * value + 2j / np.sqrt(np.pi)  # dw/dz
    top_z = 1j * gamma / root
    top = wofz(top_z).real
    top_slope = (-2.0 * top_z * top + 2j / np.sqrt(np.pi)).imag  # d/dy of Re w(iy) is -Im w'(iy)
    out[:, 0] = value.real / top[:, :, None]
    by_z = slope.real / top[:, :, None]
    out[:, 1] = -by_z / (fwhm * root)[:, :, None]
    out[:, 2] = -by_z * offset / (fwhm * root)[:, :, None]
    # By the share: sigma and gamma change, of the profile and of its top.
    d_sigma = -(0.5346 * (1.0 - 0.5346 * share) + 0.2166 * share) / (8 * _LN2 * sigma)
    d_root, d_gamma = np.sqrt(2.0) * d_sigma, 0.5
    d_z = (1j * d_gamma - z * d_root[:, :, None]) / root[:, :, None]
    d_top = -top_slope * (d_gamma - (gamma / root) * d_root) / root
    out[:, 3] = ((slope * d_z).real - out[:, 0] * d_top[:, :, None]) / top[:, :, None]
    return np.ones((len(fwhm), 3, fwhm.shape[1]))


def _voigt_area(fwhm: Floats, shapes: Floats) -> Floats:
    from scipy.special import wofz

    sigma, gamma = voigt_widths(shapes[..., 0])
    top = wofz(1j * gamma / (np.sqrt(2.0) * sigma)).real
    area: Floats = fwhm * sigma * np.sqrt(2 * np.pi) / top
    return area


def _mixed_area(fwhm: Floats, eta: Floats) -> Floats:
    return fwhm * (_GAUSS_AREA + (_LORENTZ_AREA - _GAUSS_AREA) * eta)


_ETA: Final = Shape("eta", 0.0, 1.0, 0.5)

PROFILES: Final = (
    Profile("lorentz", "Lorentz", (), _lorentz, lambda fwhm, _: _LORENTZ_AREA * fwhm, "Lifetime-limited lines"),
    Profile("gauss", "Gauss", (), _gauss, lambda fwhm, _: _GAUSS_AREA * fwhm, "Lines as wide as the instrument makes"),
    Profile(
        "pseudo-voigt",
        "pseudo-Voigt",
        (_ETA,),
        _pseudo_voigt,
        lambda fwhm, shapes: _mixed_area(fwhm, shapes[..., 0]),
        "Lorentz and Gauss of one width, mixed by eta",
    ),
    Profile(
        "voigt",
        "Voigt",
        (Shape("lorentz_share", 0.0, 0.9999, 0.5),),
        _voigt,
        _voigt_area,
        "Lorentz convolved with Gauss; lorentz_share is the Lorentzian width over the whole width",
    ),
    Profile(
        "bwf",
        "Breit-Wigner-Fano",
        (Shape("inverse_q", -0.9, 0.9, 0.0),),
        _fano,
        lambda fwhm, shapes: _LORENTZ_AREA * fwhm * (1.0 - shapes[..., 0] ** 2),
        "Asymmetric by coupling to a continuum: (1 + u/q)² / (1 + u²); the area is that above its constant tails",
    ),
    Profile(
        "split-pseudo-voigt",
        "split pseudo-Voigt",
        (Shape("asymmetry", -0.8, 0.8, 0.0), _ETA),
        _split_pseudo_voigt,
        lambda fwhm, shapes: _mixed_area(fwhm, shapes[..., 1]),
        "pseudo-Voigt whose widths differ on its two sides: fwhm (1 ± asymmetry)",
    ),
)


def profile(key: str) -> Profile:
    """Return the profile of this key. Raises StudioError when there is none."""
    wanted = key.strip().lower().replace("_", "-").replace(" ", "-")
    wanted = {"lorentzian": "lorentz", "gaussian": "gauss", "pvoigt": "pseudo-voigt"}.get(wanted, wanted)
    for row in PROFILES:
        if row.key == wanted:
            return row
    raise StudioError(
        f"There is no line profile '{key}'.", remedy=f"Use one of {', '.join(row.key for row in PROFILES)}."
    )


def evaluate(row: Profile, axis: NDArray[Any], center: Floats, fwhm: Floats, shapes: Floats) -> Floats:
    """Return profiles of unit height, `axis` (B,), `center` and `fwhm` (n, K), `shapes` (n, K, S) -> (n, K, B)."""
    out = np.empty((center.shape[0], 3 + len(row.shapes), center.shape[1], axis.size))
    row.evaluate(axis - center[:, :, None], fwhm, shapes, out)
    return out[:, 0]
