"""A calibration profile: what was learned from standards about one instrument, as a value and as a TOML file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.curve import Curve
from ramanstudio.calibration.instrument import INSTRUMENT_FIELDS, SAME_LASER_NM, MeasuredWith, laser_of
from ramanstudio.calibration.standard_lines import StandardLine
from ramanstudio.core.axis_uncertainty import AXIS_UNCERTAINTY, COVERAGE
from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, flag, integer, list_of, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__

Floats = NDArray[np.floating[Any]]

VERSION: Final = 1
SUFFIX: Final = ".toml"
AXIS: Final = "raman shift axis"
SHOWN_WIDTHS: Final = 5  # of the lines whose widths show the resolution, spread over the range
CALIBRATED_BY: Final = "calibration"  # key of the metadata of a corrected spectrum
_REMEDY: Final = "Use a copy of the file, or calibrate again."
_MAX: Final = 200_000
_CM: Final = number(-1e6, 1e6)


@dataclass(frozen=True, slots=True)
class Check:
    """One verification of a profile by a standard: when, with what, and how far its lines were off (mean, largest)."""

    date: str
    substance: str
    mean_cm: float
    largest_cm: float
    tolerance_cm: float
    passed: bool
    offset_cm: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile(MeasuredWith):
    """The calibration of the Raman shift axis of one instrument and optical path; immutable and hashable.

    Parameters
    ----------
    curve : the correction, on the axis as the standard's file has it
    lines : the matched lines of the standards, with their positions before the correction
    substances : keys of the standards in the order in which they were used
    laser_nm : of the standard's file, 0 where it is unknown; shifts of files that state another value of the same laser
        are brought to it first, so that the correction belongs to the wavelength axis
    resolution : (shift, full width at half maximum) of lines that show the resolution of the instrument
    spectrum : (axis, values) of the standard
    convention : "vacuum", "air", or "" where neon's lines could not tell how the axis was made
    """

    curve: Curve
    lines: tuple[StandardLine, ...]
    substances: tuple[str, ...]
    name: str = ""
    temperature_c: float = 20.0
    convention: str = ""
    program: str = f"RamanStudio {__version__}"
    resolution: tuple[tuple[float, float], ...] = ()
    spectrum: tuple[tuple[float, ...], tuple[float, ...]] = field(default=((), ()), repr=False)
    checks: tuple[Check, ...] = ()

    @property
    def range_cm(self) -> tuple[float, float]:
        """The corrected range in which the axis is known, cm⁻¹."""
        low, high = (float(self.corrected(np.array([end]))[0]) for end in self.curve.range_cm)
        return low, high

    @property
    def uncertainty_cm(self) -> float:
        """The ± of the corrected axis, 95 %: the median over the range in which it is known."""
        return float(COVERAGE * np.median(self.curve.sd_cm))

    @property
    def hash(self) -> str:
        """SHA-256 of the profile without its checks and its name; the same profile has the same hash everywhere."""
        return hashlib.sha256(replace(self, checks=(), name="").to_text().encode()).hexdigest()

    def corrected(self, axis: Floats, laser_nm: float | None = None) -> Floats:
        """Return the corrected axis (B,) of a spectrum whose file states `laser_nm`; guessed beyond the range."""
        nominal = self._nominal(np.asarray(axis, dtype=np.float64), laser_nm)
        return nominal + self.curve.correction(nominal)

    def uncertainty(self, axis: Floats, laser_nm: float | None = None) -> Floats:
        """Return the ± (95 %) of the corrected axis (B,) in cm⁻¹; NaN where nothing is known."""
        return COVERAGE * self.curve.sd(self._nominal(np.asarray(axis, dtype=np.float64), laser_nm))

    def apply(self, spectra: SpectrumSet) -> SpectrumSet:
        """Return N spectra on the corrected axis; the metadata say by which profile, how sure, and where not known.

        Raises StudioError when the spectra were measured with another laser.
        """
        self.require_laser(spectra.about, f"The profile '{self.name or self.substances[-1]}'")
        axis = self.corrected(spectra.axis, laser_of(spectra.about))
        about: dict[str, str | int | float | bool] = {
            CALIBRATED_BY: self.name or " + ".join(self.substances),
            "calibration_hash": self.hash[:16],
            AXIS_UNCERTAINTY: round(self.uncertainty_cm, 3),
            "axis_known_cm": "{:.0f} to {:.0f}".format(*self.range_cm),
        }
        warnings = self.warnings(spectra)
        if warnings:
            about["calibration_warning"] = " ".join(warnings)
        if self.resolution:
            about["resolution_cm"] = round(float(np.median([width for _, width in self.resolution])), 2)
            about["resolution_by_shift"] = self.resolution_text()
        return spectra.with_axis(axis, spectra.values).with_about(**about)

    def warnings(self, spectra: SpectrumSet) -> tuple[str, ...]:
        """Return what speaks against using the profile for these spectra, as sentences: another grating, instrument."""
        sentences = []
        if spectra.about.get(CALIBRATED_BY):
            sentences.append(f"The axis was corrected before, by '{spectra.about[CALIBRATED_BY]}'.")
        sentences += self.other_parts(spectra.about)
        low, high = self.range_cm
        corrected = self.corrected(spectra.axis[[0, -1]], laser_of(spectra.about))
        if corrected[0] < low - 1 or corrected[1] > high + 1:
            sentences.append(f"The axis is known between {low:.0f} and {high:.0f} cm⁻¹ only.")
        return tuple(sentences)

    def sentence(self) -> str:
        """Return what the profile does in one sentence."""
        low, high = self.range_cm
        known = (
            f"± {self.uncertainty_cm:.1f} cm⁻¹" if self.uncertainty_cm >= 0.1 else f"± {self.uncertainty_cm:.2f} cm⁻¹"
        )
        first, last = (float(self.curve.correction(np.array([end]))[0]) for end in self.curve.range_cm)
        if high - low < 20:
            return f"Shifts by {_signed(first)} cm⁻¹, known at {(low + high) / 2:.0f} cm⁻¹ only ({known})."
        if self.curve.degree == 0 and abs(first - last) < 0.05:
            moved = f"Shifts by {_signed(first)} cm⁻¹"
        else:
            moved = f"Shifts by {_signed(first)} cm⁻¹ at {low:.0f}, {_signed(last)} at {high:.0f}"
        return f"{moved}; {known} between {low:.0f} and {high:.0f} cm⁻¹, outside not known."

    def resolution_text(self) -> str:
        """Return the full widths of some lines against shift: "2.4 cm⁻¹ at 433, 2.0 at 2532"; empty without any."""
        count = min(len(self.resolution), SHOWN_WIDTHS)
        rows = [self.resolution[k] for k in np.linspace(0, len(self.resolution) - 1, count).round().astype(int)]
        parts = [f"{width:.1f} at {shift:.0f}" for shift, width in rows]
        return ", ".join([parts[0].replace(" at", " cm⁻¹ at"), *parts[1:]]) if parts else ""

    def with_check(self, check: Check) -> Profile:
        """Return the profile with one more verification in its history."""
        return replace(self, checks=(*self.checks, check))

    # Files -----------------------------------------------------------------------------------------------------------

    def to_text(self) -> str:
        """Return the profile as TOML."""
        import tomli_w

        record: dict[str, Any] = {"version": VERSION, "kind": AXIS}
        plain = {"curve", "lines", "spectrum", "checks", "resolution"}
        record |= {item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name not in plain}
        low, high = self.range_cm
        record["summary"] = {
            "sentence": self.sentence(), "model": self.curve.model, "range_cm": [round(low, 2), round(high, 2)],
            "uncertainty_cm": round(self.uncertainty_cm, 3),
        }  # fmt: skip
        record["curve"] = {key: _plain(value) for key, value in asdict(self.curve).items() if value == value}
        record["line"] = [_rounded(asdict(line)) for line in self.lines]
        record["resolution"] = [list(pair) for pair in self.resolution]
        record["check"] = [asdict(check) for check in self.checks]
        record["spectrum"] = {"axis_cm": list(self.spectrum[0]), "values": list(self.spectrum[1])}
        return tomli_w.dumps(record)

    def save(self, path: Path | str) -> None:
        """Write the profile as TOML. Raises StudioError when that cannot be done."""
        from ramanstudio.core.writing import atomic_write

        atomic_write(Path(path), self.to_text())

    @classmethod
    def load(cls, path: Path | str) -> Profile:
        """Read a profile from a TOML file. Raises StudioError when it is damaged, or of another kind."""
        path = Path(path)
        record, what = read_record(path)
        if record.get("kind") != AXIS:
            raise StudioError(f"{what} is not a calibration of the Raman shift axis.", remedy="Choose another profile.")
        return cls.from_record(record, what, path.stem)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], what: str, name: str = "") -> Profile:
        """Return the profile of a TOML record; errors as `load`."""
        values = _FILE.read(record, what, _REMEDY)
        curve = values.pop("curve")
        lengths = {len(curve["axis_cm"]), len(curve["correction_cm"]), len(curve["sd_cm"])}
        rising = all(low < high for low, high in zip(curve["axis_cm"], curve["axis_cm"][1:], strict=False))
        corrected = np.asarray(curve["axis_cm"]) + np.asarray(curve["correction_cm"]) if len(lengths) == 1 else None
        if corrected is None or len(curve["axis_cm"]) < 2 or not rising or not np.all(np.diff(corrected) > 0):
            raise StudioError(f"{what} is damaged: its correction is not a rising curve.", remedy=_REMEDY)
        spectrum = values.pop("spectrum")
        values["lines"] = tuple(StandardLine(**line) for line in values.pop("line"))
        values["checks"] = tuple(Check(**check) for check in values.pop("check"))
        values["resolution"] = tuple((shift, width) for shift, width in values["resolution"])
        if not values["lines"] or not values["substances"]:
            raise StudioError(f"{what} is damaged: it names no lines or no substance.", remedy=_REMEDY)
        values.pop("version")
        values["name"] = values["name"] or name
        return cls(curve=Curve(**curve), spectrum=(spectrum["axis_cm"], spectrum["values"]), **values)

    def _nominal(self, axis: Floats, laser_nm: float | None) -> Floats:
        """The axis as a file with the profile's own laser wavelength would have it: one wavelength, one place."""
        if self.laser_nm and laser_nm and abs(laser_nm - self.laser_nm) <= SAME_LASER_NM:
            return axis + (1e7 / self.laser_nm - 1e7 / laser_nm)
        return axis


_FILE: Final = Schema(
    {
        "version": integer(1, VERSION),
        "name": optional(text(300), ""),
        **INSTRUMENT_FIELDS,
        "temperature_c": optional(number(-273, 1e4), 20.0),
        "convention": optional(text(20), ""),
        "program": optional(text(100), ""),
        "substances": list_of(text(100), 20),
        "resolution": optional(list_of(list_of(number(), length=2), 5000), ()),
        "curve": Schema(
            {
                "axis_cm": list_of(_CM, 20_000),
                "correction_cm": list_of(_CM, 20_000),
                "sd_cm": list_of(number(0, 1e6), 20_000),
                "degree": integer(0, 20),
                "left_out_cm": optional(number(), float("nan")),
                "slope": optional(number(-0.9, 10), 0.0),
            }
        ),
        "line": list_of(
            Schema(
                {
                    "shown_cm": _CM,
                    "shown_sd_cm": number(0, 1e6),
                    "reference_cm": _CM,
                    "reference_sd_cm": optional(number(0, 1e6), 0.0),
                    "fwhm_cm": optional(number(0), 0.0),
                    "snr": optional(number(), 0.0),
                    "used": optional(flag(), True),
                    "note": optional(text(200), ""),
                }
            ),
            5000,
        ),
        "check": optional(
            list_of(
                Schema(
                    {
                        "date": text(100),
                        "substance": text(100),
                        "mean_cm": number(),
                        "largest_cm": number(),
                        "tolerance_cm": number(0),
                        "passed": flag(),
                        "offset_cm": optional(number(), 0.0),
                    }
                ),
                10_000,
            ),
            (),
        ),
        "spectrum": optional(
            Schema({"axis_cm": list_of(number(), _MAX), "values": list_of(number(), _MAX)}),
            {"axis_cm": (), "values": ()},
        ),
    }
)


def read_record(path: Path) -> tuple[dict[str, Any], str]:
    """Return the TOML record of a profile file, and "The profile 'name'". Raises StudioError when it cannot be read."""
    what = f"The profile '{path.name}'"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), what
    except OSError as error:
        raise StudioError(
            f"{what} cannot be read: {error.strerror or error}.", remedy="Choose another file."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise StudioError(f"{what} is damaged: {error}.", remedy=_REMEDY) from error


def spectrum_of_standard(axis: Floats, values: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a spectrum (B,), (B,) as a profile keeps it: to a thousandth of a cm⁻¹ and six digits."""
    return tuple(round(float(x), 3) for x in axis), tuple(float(f"{value:.6g}") for value in values)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def _rounded(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 5) if isinstance(value, float) else value for key, value in record.items()}


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−") if abs(value) >= 0.05 else "0.0"
