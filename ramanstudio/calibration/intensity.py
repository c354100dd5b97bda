"""Relative intensity: what an instrument makes of a standard whose true intensities are certified."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.instrument import INSTRUMENT_FIELDS, MeasuredWith, laser_of, measured_with
from ramanstudio.calibration.profile import read_record
from ramanstudio.calibration.standard_lines import average
from ramanstudio.calibration.tables import read_table
from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, integer, list_of, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__

Floats = NDArray[np.floating[Any]]

VERSION: Final = 1
INTENSITY: Final = "relative intensity"
POLYNOMIAL: Final = "polynomial"
LOG_NORMAL: Final = "log_normal"
TABLE: Final = "table"
KNOT_STEP_CM: Final = 25.0
MOST_KNOTS: Final = 16  # of the spline through the logarithm of the response
SAME_STANDARD_NM: Final = 5.0  # between the laser of a certificate and that of the spectrum
MIN_POINTS: Final = 40
MEAN_POINTS: Final = 15  # over which noise averages out, where it is asked whether a spectrum is positive
MOST: Final = 0.95
HIGHEST_FACTOR: Final = 1e4
_REMEDY: Final = "Use a copy of the file, or measure the standard again."
_STANDARD: Final = Schema(
    {
        "key": text(60),
        "title": text(120),
        "laser_nm": number(100, 5000),
        "valid_cm": list_of(number(0, 1e4), length=2),
        "form": text(choices=(POLYNOMIAL, LOG_NORMAL)),
        "coefficients": list_of(number(), 20),
        "range_note": optional(text(300), ""),
        "temperature_c": optional(text(100), ""),
    }
)


@dataclass(frozen=True, slots=True)
class IntensityStandard:
    """A luminescent glass or lamp with a certificate: its true relative intensity against Raman shift.

    Parameters
    ----------
    form, coefficients : POLYNOMIAL (A0, A1, …), LOG_NORMAL (H, w, rho, x0, m, b), or TABLE (shifts, then intensities)
    valid_cm : certified range
    """

    key: str
    title: str
    laser_nm: float
    valid_cm: tuple[float, float]
    form: str
    coefficients: tuple[float, ...]
    range_note: str = ""
    temperature_c: str = ""

    def intensity(self, shift: Floats) -> Floats:
        """Return the certified relative intensity at shifts (K,) in cm⁻¹ -> (K,)."""
        x = np.asarray(shift, dtype=np.float64)
        if self.form == POLYNOMIAL:
            value: Floats = np.polynomial.polynomial.polyval(x, self.coefficients)
            return value
        if self.form == TABLE:
            half = len(self.coefficients) // 2
            return np.interp(x, self.coefficients[:half], self.coefficients[half:])
        height, width, rho, centre, slope, ground = self.coefficients
        inner = np.maximum((x - centre) * (rho**2 - 1) / (width * rho) + 1, 1e-12)
        peak: Floats = height * np.exp(-np.log(2) / np.log(rho) ** 2 * np.log(inner) ** 2) + slope * x + ground
        return peak


@lru_cache(maxsize=1)
def intensity_standards() -> Mapping[str, IntensityStandard]:
    """Return the certified standards that come with the program, by key."""
    rows = read_table("intensity_standards.toml", "standard", _STANDARD, "The table of intensity standards")
    return {row["key"]: IntensityStandard(**row) for row in rows}


def find_intensity_standard(name: str | Path | IntensityStandard, laser_nm: float | None = None) -> IntensityStandard:
    """Return a standard by key or title ("srm2241", "SRM 2241"), or the certificate in a file of two columns.

    A certificate lists Raman shifts in cm⁻¹, or wavelengths in nm after a line `# nm` (a lamp; `laser_nm` is needed),
    and relative intensities. Raises StudioError when there is none.
    """
    if isinstance(name, IntensityStandard):
        return name
    wanted = "".join(str(name).lower().replace("nist", "").split())
    for standard in intensity_standards().values():
        if wanted in (standard.key, "".join(standard.title.lower().replace("nist", "").split())):
            return standard
    path = Path(name)
    if path.is_file():
        return _certificate(path, laser_nm)
    raise StudioError(
        f"There is no intensity standard '{name}'.",
        remedy=f"Choose one of: {', '.join(intensity_standards())}; or a file with a certificate (shift; intensity).",
    )


@dataclass(frozen=True, slots=True)
class IntensityProfile(MeasuredWith):
    """The relative response of an instrument as factors on its intensities; immutable and hashable.

    Parameters
    ----------
    axis_cm, factor, relative_sd : (K,) Raman shift, what intensities are multiplied by (geometric mean 1), and its
        relative standard uncertainty from the noise of the standard's spectrum
    """

    axis_cm: tuple[float, ...]
    factor: tuple[float, ...]
    relative_sd: tuple[float, ...]
    standard: str
    name: str = ""
    program: str = f"RamanStudio {__version__}"
    note: str = ""

    @property
    def range_cm(self) -> tuple[float, float]:
        """The range that is corrected: where the standard is certified and was measured."""
        return self.axis_cm[0], self.axis_cm[-1]

    @property
    def hash(self) -> str:
        """SHA-256 of the profile without its name."""
        return hashlib.sha256(replace(self, name="").to_text().encode()).hexdigest()

    def factors(self, axis: Floats) -> Floats:
        """Return the factors at shifts (B,); beyond the range that of its end, which corrects nothing relatively."""
        return np.exp(np.interp(axis, self.axis_cm, np.log(self.factor)))

    def apply(self, spectra: SpectrumSet) -> SpectrumSet:
        """Return N spectra with corrected relative intensities; the metadata say by which standard and where.

        Raises StudioError when the spectra were measured with another laser, or lie outside the certified range.
        """
        self.require_laser(spectra.about, f"The intensity profile '{self.name or self.standard}'")
        low, high = self.range_cm
        if not np.any((spectra.axis >= low) & (spectra.axis <= high)):
            raise StudioError(
                f"These spectra lie outside the certified range of {low:.0f} to {high:.0f} cm⁻¹.",
                remedy="Choose a profile of another standard.",
            )
        corrected = spectra.with_values(spectra.values * self.factors(spectra.axis))
        warnings = {"intensity_correction_warning": " ".join(self.other_parts(spectra.about))}
        return corrected.with_about(
            **{key: sentences for key, sentences in warnings.items() if sentences},
            intensity_correction=self.name or self.standard,
            intensity_corrected_cm=f"{low:.0f} to {high:.0f}, as measured outside",
            intensity_correction_hash=self.hash[:16],
        )

    def sentence(self) -> str:
        """Return what the profile does in one sentence."""
        low, high = self.range_cm
        return (
            f"Multiplies intensities by {min(self.factor):.2g} to {max(self.factor):.2g} between {low:.0f} and"
            f" {high:.0f} cm⁻¹ (± {196 * float(np.median(self.relative_sd)):.1f} %); outside nothing is corrected."
        )

    def to_text(self) -> str:
        """Return the profile as TOML."""
        import tomli_w

        values = {item.name: getattr(self, item.name) for item in fields(self)}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        return tomli_w.dumps({"version": VERSION, "kind": INTENSITY, **plain})

    def save(self, path: Path | str) -> None:
        """Write the profile as TOML. Raises StudioError when that cannot be done."""
        from ramanstudio.core.writing import atomic_write

        atomic_write(Path(path), self.to_text())

    @classmethod
    def load(cls, path: Path | str) -> IntensityProfile:
        """Read a profile from a TOML file. Raises StudioError when it is damaged, or of another kind."""
        record, what = read_record(Path(path))
        if record.get("kind") != INTENSITY:
            raise StudioError(f"{what} is not an intensity correction.", remedy="Choose another profile.")
        return cls.from_record(record, what, Path(path).stem)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], what: str, name: str = "") -> IntensityProfile:
        """Return the profile of a TOML record; errors as `load`."""
        values = _FILE.read(record, what, _REMEDY)
        values.pop("version")
        axis, factor = np.asarray(values["axis_cm"]), np.asarray(values["factor"])
        if not 2 <= len(axis) == len(factor) == len(values["relative_sd"]) or np.any(np.diff(axis) <= 0):
            raise StudioError(f"{what} is damaged: its factors do not belong to a rising axis.", remedy=_REMEDY)
        values["name"] = values["name"] or name
        return cls(**values)


_FILE: Final = Schema(
    {
        "version": integer(1, VERSION),
        "axis_cm": list_of(number(-1e5, 1e5), 50_000),
        "factor": list_of(number(1 / HIGHEST_FACTOR, HIGHEST_FACTOR), 50_000),
        "relative_sd": list_of(number(0, 1e6), 50_000),
        "standard": text(300),
        **{key: optional(text(300), "") for key in
           ("name", "program", "note")},
        **INSTRUMENT_FIELDS,
    }
)  # fmt: skip


def calibrate_intensity(
    spectra: SpectrumSet, standard: str | Path | IntensityStandard, *, laser_nm: float | None = None, name: str = ""
) -> IntensityProfile:
    """Learn the relative response of an instrument from N spectra of a standard, whose average is used.

    A smooth curve is fitted to the logarithm of measured over certified intensity (penalised spline, its stiffness by
    generalised cross-validation), so that the noise of the standard does not enter the corrected spectra. Nothing is
    said outside the certified range. Raises StudioError when the laser is another one than the certificate's, the
    spectrum is not positive, or too little of it lies in the range.
    """
    laser = laser_nm or laser_of(spectra.about) or 0.0
    known = find_intensity_standard(standard, laser or None)
    if laser and known.laser_nm and abs(laser - known.laser_nm) > SAME_STANDARD_NM:
        raise StudioError(
            f"{known.title} is certified for {known.laser_nm:g} nm, the spectrum was measured with {laser:g} nm.",
            remedy="Choose the standard of this laser.",
        )
    axis, values = average(spectra)
    inside = (axis >= known.valid_cm[0]) & (axis <= known.valid_cm[1])
    if inside.sum() < MIN_POINTS:
        raise StudioError(
            f"Only {int(inside.sum())} points lie in the certified range of {known.title}.",
            remedy="Choose another spectrum or standard.",
        )
    axis, measured = axis[inside], values[inside]
    certified = known.intensity(axis)
    smooth = np.convolve(measured, np.ones(MEAN_POINTS) / MEAN_POINTS, mode="valid")
    if np.median(measured) <= 0 or np.mean(smooth > 0) < MOST or np.any(certified <= 0):
        raise StudioError(
            "The spectrum of the standard is not positive: its dark signal was not subtracted rightly.",
            remedy="Measure the standard longer, or subtract its dark spectrum.",
        )
    if np.mean(measured >= measured.max() * (1 - 1e-6)) > 0.01:
        raise StudioError("The spectrum of the standard is saturated.", remedy="Measure it with less light.")
    log_factor, sd, knots = _smooth_response(axis, measured, certified)
    log_factor = log_factor - log_factor.mean()
    return IntensityProfile(
        tuple(float(value) for value in np.round(knots, 3)),
        tuple(float(f"{value:.6g}") for value in np.exp(log_factor)),
        tuple(float(f"{value:.3g}") for value in sd),
        known.title,
        name,
        note=known.range_note,
        **measured_with(spectra.about, laser or known.laser_nm),
    )


def _smooth_response(axis: Floats, measured: Floats, certified: Floats) -> tuple[Floats, Floats, Floats]:
    """The logarithm of the factors, its standard uncertainty, and the shifts (K,) at which both are stated.

    The response is a cubic spline with equal knots, fitted to measured = certified · response, its roughness penalised.
    It is fitted to intensities, not to their logarithm: a mean of noisy logarithms lies below the logarithm of a mean.
    """
    from scipy.interpolate import BSpline

    unit = float(np.median(measured))
    n_knots = int(np.clip(len(axis) // 12, 4, MOST_KNOTS))
    inner = np.linspace(axis[0], axis[-1], n_knots)
    knots = np.concatenate([[axis[0]] * 3, inner, [axis[-1]] * 3])
    basis = BSpline.design_matrix(np.clip(axis, axis[0], axis[-1]), knots, 3).toarray()
    rough = np.diff(np.eye(basis.shape[1]), n=2, axis=0)
    ratio = measured / unit / certified
    best: tuple[float, Floats, Floats] | None = None
    from ramanstudio.signal.snr import noise_sigma

    noise = max(float(noise_sigma(measured[None] / unit)[0]), 1e-9)
    coefficients = np.full(basis.shape[1], float(np.log(np.median(ratio))))
    for stiffness in 10.0 ** np.arange(-4, 7):
        coefficients = coefficients.copy()
        for _ in range(12):  # Gauss-Newton on the exponential
            fitted = certified * np.exp(np.clip(basis @ coefficients, -30, 30))
            jacobian = basis * fitted[:, None]
            normal = jacobian.T @ jacobian / noise**2 + stiffness * rough.T @ rough + 1e-9 * np.eye(len(coefficients))
            gradient = jacobian.T @ (measured / unit - fitted) / noise**2 - stiffness * rough.T @ (rough @ coefficients)
            step = np.linalg.solve(normal, gradient)
            coefficients = coefficients + np.clip(step, -1, 1)
            if np.abs(step).max() < 1e-7:
                break
        covariance = np.linalg.inv(normal)
        freedom = float(np.trace(covariance @ (jacobian.T @ jacobian))) / noise**2
        rest = float(np.sum((measured / unit - fitted) ** 2))
        validation = rest * len(axis) / max(len(axis) - 1.2 * freedom, 1.0) ** 2
        if best is None or validation < best[0]:
            best = validation, coefficients, covariance * max(rest / max(len(axis) - freedom, 1) / noise**2, 1.0)
    assert best is not None
    count = max(2, int(np.ceil((axis[-1] - axis[0]) / KNOT_STEP_CM)) + 1)
    stated = np.linspace(axis[0], axis[-1], count)
    at = BSpline.design_matrix(stated, knots, 3).toarray()
    return -(at @ best[1]), np.sqrt(np.einsum("ij,jk,ik->i", at, best[2], at)), stated


def _certificate(path: Path, laser_nm: float | None) -> IntensityStandard:
    """The certificate of a lamp or glass, or a correction curve, from a file of two columns."""
    try:
        content = path.read_text(encoding="utf-8-sig")[:5_000_000]
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"'{path.name}' cannot be read as a certificate.", remedy="Save it as text.") from error
    rows, in_nm = [], False
    for row in content.splitlines():
        if row.strip().startswith("#"):
            in_nm = in_nm or row.strip().lstrip("# ").lower().startswith("nm")
            continue
        try:
            x, y = (float(cell) for cell in row.replace(";", " ").replace(",", " ").split()[:2])
        except ValueError:
            continue
        if np.isfinite(x) and np.isfinite(y) and y > 0:
            rows.append((x, y))
    if in_nm:
        if laser_nm is None:
            raise StudioError("A lamp's certificate in nm needs the laser wavelength.", remedy="Set it.")
        # photons per cm⁻¹ follow energy per nm as λ³; the certificate states spectral irradiance per nm
        rows = [(1e7 / laser_nm - 1e7 / x, y * (x / 1e3) ** 3) for x, y in rows if x > 0]
    rows = sorted(dict(rows).items())
    if len(rows) < 5:
        raise StudioError(
            f"'{path.name}' holds no certificate.", remedy="Each row needs a Raman shift in cm⁻¹ and an intensity."
        )
    shifts, intensities = zip(*rows, strict=True)
    return IntensityStandard(path.stem, path.stem, 0.0, (shifts[0], shifts[-1]), TABLE, (*shifts, *intensities))
