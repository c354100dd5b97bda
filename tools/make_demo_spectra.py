"""Make the demo spectra of resources/demo from the line tables there. The same tables give the same files.

    python tools/make_demo_spectra.py [FOLDER]

What is simulated: the substance's lines, a smooth fluorescence, a spectrometer of 1024 pixels that are even in
wavelength, shot noise of the light, read noise of the detector, whole counts. What is not: cosmic rays, drift, etalon.
.truth.npz keeps what each file would show without noise, so that a gain can be checked.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from line_tables import DEMO_TABLES, Floats, LineTable, read_tables

EXPOSURES_S = {"0.1s": 0.1, "1.0s": 1.0, "10s": 10.0}  # as named, so that names sort by exposure
READ_NOISE = 6.0  # counts
PIXELS = 1024
MAP_NAME, MAP_PIXELS = "gypsum-on-marble-map.h5", 512
SAID = "SIMULATED, not a measurement: made by RamanStudio's tools/make_demo_spectra.py from fitted line tables"


@dataclass(frozen=True, slots=True)
class Shot:
    """How a substance is simulated: the laser, the strongest line and the fluorescence in counts a second."""

    substance: str
    laser_nm: float
    line_rate: float
    fluorescence_rate: float
    style: str


SHOTS = (
    Shot("polystyrene", 785, 600, 720, "tabs"),
    Shot("PET", 785, 560, 1200, "tabs"),
    Shot("polypropylene", 532, 520, 600, "commas"),
    Shot("paracetamol", 785, 440, 640, "commas"),
    Shot("aspirin", 785, 480, 960, "commas"),
    Shot("sucrose", 532, 400, 480, "semicolons"),
    Shot("calcite", 785, 360, 800, "tabs"),
    Shot("gypsum", 785, 280, 1040, "tabs"),
    Shot("quartz", 785, 480, 360, "commas"),
    Shot("anatase", 532, 880, 400, "semicolons"),
    Shot("sulfur", 532, 600, 200, "commas"),
    Shot("cyclohexane", 785, 400, 280, "tabs"),
)


def detector_axis(table: LineTable, laser_nm: float, pixels: int = PIXELS) -> Floats:
    """Raman shifts (B,) of pixels that are even in wavelength, over what the table knows."""
    shortest, longest = (1e7 / (1e7 / laser_nm - end) for end in (table.low_cm, table.high_cm))
    shifts = 1e7 / laser_nm - 1e7 / np.linspace(shortest, longest, pixels)
    return np.round(shifts, 2).astype(np.float64)


def fluorescence(random: np.random.Generator, axis: Floats) -> Floats:
    """A smooth background (B,) of height 1: a slope and two broad humps."""
    abscissa = np.linspace(0, 1, len(axis))
    curve = 0.35 + random.uniform(-0.25, 0.35) * abscissa
    for _ in range(2):
        curve = curve + random.uniform(0.3, 1) * np.exp(
            -(((abscissa - random.uniform(0, 1)) / random.uniform(0.3, 0.7)) ** 2)
        )
    return np.asarray(curve / curve.max())


def measured(random: np.random.Generator, expected: Floats) -> Floats:
    """What the detector counts where `expected` counts arrive: shot noise, read noise, whole counts."""
    return np.asarray(np.round(random.poisson(expected) + random.normal(0, READ_NOISE, expected.shape)))


def as_text(shot: Shot, exposure_s: float, axis: Floats, counts: Floats) -> tuple[str, str]:
    """The suffix and the text of one file, in one of the ways instruments write two columns."""
    about = (f"sample: {shot.substance}", f"laser: {shot.laser_nm:g} nm", f"exposure: {exposure_s:g} s")
    head = "".join(f"# {line}\n" for line in (SAID, *about))
    separator = {"tabs": "\t", "commas": ",", "semicolons": ";"}[shot.style]
    head += f"Raman shift / cm-1{separator}Intensity / counts\n"
    rows = "".join(f"{shift:.2f}{separator}{count:.0f}\n" for shift, count in zip(axis, counts, strict=True))
    if shot.style == "semicolons":  # as an instrument set to German or French writes numbers
        rows = rows.replace(".", ",")
    return (".txt" if shot.style == "tabs" else ".csv"), head + rows


def make_spectra(folder: Path, tables: dict[str, LineTable]) -> dict[str, Floats]:
    """Every substance at every exposure; returns what each file would show without noise, (1, B)."""
    truth = {}
    for shot in SHOTS:
        random = np.random.default_rng(zlib.crc32(shot.substance.encode()))
        table = tables[shot.substance]
        axis = detector_axis(table, shot.laser_nm)
        lines = table.spectrum_at(axis)
        rate = shot.line_rate * lines / lines.max() + shot.fluorescence_rate * fluorescence(random, axis)
        for named, exposure_s in EXPOSURES_S.items():
            suffix, text = as_text(shot, exposure_s, axis, measured(random, exposure_s * rate))
            name = f"{shot.substance}-{named}{suffix}"
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            truth[name] = (exposure_s * rate)[None]
    return truth


def crust(random: np.random.Generator, x: Floats, y: Floats) -> Floats:
    """How much of each pixel (N,) is gypsum: a crust over marble with a crack that it follows into the stone."""
    depth = y - 28 - 7 * np.sin(x / 17) - random.normal(0, 1.5, x.shape)
    crack = np.abs(x - 62 - 0.18 * (y - 40)) / 4
    return np.asarray(np.clip(np.maximum(1 / (1 + np.exp(depth / 4)), 0.8 * np.exp(-(crack**2)) * (y < 75)), 0, 1))


def make_map(folder: Path, tables: dict[str, LineTable]) -> tuple[Floats, Floats]:
    """Gypsum on marble, 20 x 20 pixels of 5 µm, 0.1 s each; returns its truth as shares (N, 3) of parts (3, B)."""
    random = np.random.default_rng(zlib.crc32(MAP_NAME.encode()))
    calcite, gypsum = tables["calcite"], tables["gypsum"]
    axis = detector_axis(calcite, 785, MAP_PIXELS)
    column, row = np.meshgrid(np.arange(20), np.arange(20))
    x, y = (5.0 * index.ravel().astype(np.float64) for index in (column, row))
    share = crust(random, x, y)
    focus = random.uniform(0.75, 1.0, x.shape)
    glow = (0.6 + 0.8 * share) * random.uniform(0.9, 1.1, x.shape)
    parts = np.stack([calcite.spectrum_at(axis), gypsum.spectrum_at(axis), fluorescence(random, axis)])
    parts *= np.array([[160.0], [150.0], [260.0]]) / parts.max(axis=1, keepdims=True)
    shares = np.stack([(1 - share) * focus, share * focus, glow], axis=1)
    write_map(folder / MAP_NAME, axis, measured(random, shares @ parts), x, y)
    return shares, parts


def write_map(path: Path, axis: Floats, counts: Floats, x: Floats, y: Floats) -> None:
    """One HDF5 group of axis (B,), values (N, B) and the places x and y (N,) in µm."""
    import h5py

    with h5py.File(path, "w") as file:
        group = file.create_group("gypsum_on_marble")
        group.attrs["what"] = "gypsum crust on marble, " + SAID
        group.attrs["laser_nm"] = 785.0
        group.attrs["intensity_unit"] = "counts"
        group.create_dataset("axis", data=axis)
        group.create_dataset("values", data=counts.astype(np.float32), compression="gzip", shuffle=True)
        group.create_dataset("x", data=x.astype(np.float32))
        group.create_dataset("y", data=y.astype(np.float32))


def main(folder: Path) -> None:
    """Make all files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = read_tables()
    truth = {name: (np.ones((1, 1)), spectrum) for name, spectrum in make_spectra(folder, tables).items()}
    truth[MAP_NAME] = make_map(folder, tables)
    # A spectrum without noise is its shares of some parts: a map of 400 pixels takes no more room than three spectra.
    kept = {f"{name}/shares": shares.astype(np.float32) for name, (shares, _) in truth.items()}
    kept |= {f"{name}/parts": parts.astype(np.float32) for name, (_, parts) in truth.items()}
    np.savez_compressed(folder / ".truth.npz", allow_pickle=False, **kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_TABLES.parent)
