"""Calibration against its bars: `python -m benchmarks.calibration [--data ../shared/data] [--count 100]`.

Simulated axes (offset ± 50 cm⁻¹, scale ± 3 %, cubic ± 5 cm⁻¹), wrong substances, the stated ±, relative intensity, and
the measured instruments of `truth/calibration`: learned on one substance, judged on the strong lines of another.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.simulated_axes import random_distortion, spectrum_of
from ramanstudio import calibration, read
from ramanstudio.calibration.intensity import find_intensity_standard
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

RANGE = (150.0, 3300.0)
LASERS = {"fnmt_horiba_785": 785.0, "top_horiba_633": 632.99}
LASER_OF_LAMP = {"krypton": (532.0, 785.0), "argon": (633.0, 785.0), "mercury": (532.0,)}


def simulated_axes(count: int) -> None:
    """Matching, axis error and coverage, by substance and by the distance between points."""
    for key, laser_nm, step_cm, snr in (
        ("neon", 532.0, 1.5, 20.0), ("neon", 785.0, 1.5, 20.0), ("polystyrene", 532.0, 1.5, 20.0),
        ("polystyrene", 532.0, 0.5, 20.0), ("polystyrene", 532.0, 0.5, 100.0),
    ):  # fmt: skip
        for scatter in (0.0, 1.0):
            rng = np.random.default_rng(21)
            substance = calibration.find_substance(key)
            errors, inside, spectra_right, lines_right, refused = [], [], [], [], 0
            for _ in range(count):
                distortion = random_distortion(rng, *RANGE)
                line_sd = scatter * substance.sds
                spectra = spectrum_of(substance, rng, snr, distortion, *RANGE, step_cm, laser_nm, line_sd)
                try:
                    profile = calibration.calibrate(spectra, substance)
                except StudioError:
                    refused += 1
                    continue
                true = np.linspace(*RANGE, 800)
                shown = distortion.shown(true)
                low, high = profile.curve.range_cm
                known = (shown >= low) & (shown <= high)
                error = profile.corrected(shown, laser_nm)[known] - true[known]
                errors.append(np.sqrt(np.mean(error**2)))
                inside.append(np.mean(np.abs(error) <= profile.uncertainty(shown, laser_nm)[known]))
                used = [line for line in profile.lines if line.used]
                positions = distortion.shown(np.array([line.reference_cm for line in used]))
                right = [
                    abs(line.shown_cm - position) < 4 + 2 * line.reference_sd_cm
                    for line, position in zip(used, positions, strict=True)
                ]
                lines_right += right
                spectra_right.append(all(right))
            table = "as uncertain as stated" if scatter else "exact"
            print(f"{key} {laser_nm:.0f} nm, {step_cm} cm-1 a point, SNR {snr:.0f}, table {table}:")
            print(
                f"  refused {refused}/{count}; lines right {np.mean(lines_right):.4f}, all of a spectrum"
                f" {np.mean(spectra_right):.3f}; axis error median {np.median(errors):.2f}, 90 %"
                f" {np.percentile(errors, 90):.2f} cm-1; within the stated ± {np.mean(inside):.3f}",
                flush=True,
            )


def wrong_substances(count: int) -> None:
    """Every substance taken for another one, drawn at random; and for itself."""
    rng = np.random.default_rng(8)
    keys = list(calibration.substances())
    accepted: dict[tuple[str, str], int] = defaultdict(int)
    right, wrong, own = 0, 0, 0
    for key in keys:
        for _ in range(count):
            laser_nm = float(rng.choice(LASER_OF_LAMP.get(key, (532.0, 633.0, 785.0))))
            spectra = spectrum_of(
                calibration.find_substance(key), rng, 20.0, random_distortion(rng, *RANGE), laser_nm=laser_nm
            )
            for claimed in [key, *rng.choice([other for other in keys if other != key], 5, replace=False)]:
                try:
                    calibration.calibrate(spectra, str(claimed))
                    accepted[key, str(claimed)] += 1
                except StudioError:
                    pass
            own += 1
            wrong += 5
    right = sum(count for (key, claimed), count in accepted.items() if key == claimed)
    mistakes = {pair: count for pair, count in accepted.items() if pair[0] != pair[1]}
    print(
        f"right substance accepted {right}/{own}; wrong one refused {1 - sum(mistakes.values()) / wrong:.4f} of {wrong}"
    )
    print(f"  taken for another: {mistakes}", flush=True)


def intensity(count: int) -> None:
    """Root mean square error of the corrected response over the certified range, in per cent."""
    axis = np.arange(50.0, 4100.0, 2.0)
    for key in calibration.intensity_standards():
        standard = find_intensity_standard(key)
        for snr in (50.0, 200.0):
            errors = []
            for seed in range(count):
                rng = np.random.default_rng(seed)
                centre, width, depth = rng.uniform(500, 1500), rng.uniform(1800, 3500), rng.uniform(0, 0.06)
                response = np.exp(-(((axis - centre) / width) ** 2)) * (
                    1 + depth * np.sin(axis / rng.uniform(200, 400))
                )
                values = standard.intensity(axis) * response
                inside = (axis >= standard.valid_cm[0]) & (axis <= standard.valid_cm[1])
                noise = values[inside].max() / snr
                spectra = SpectrumSet.of(axis, values + rng.normal(0, noise, len(axis)), laser_nm=standard.laser_nm)
                profile = calibration.calibrate_intensity(spectra, key)
                product = profile.factors(axis[inside]) * response[inside]
                errors.append(100 * np.std(product / np.mean(product)))
            print(
                f"{key}: SNR {snr:.0f}: error median {np.median(errors):.2f} %, worst {max(errors):.2f} %", flush=True
            )


def kind_of(name: str) -> str:
    """Which standard a file of truth/calibration holds."""
    if name.startswith(("Ne", "neon")):
        return "neon"
    if name.startswith(("PST", "Pol")):
        return "polystyrene"
    return "calcite" if "CAL" in name else "silicon" if name.startswith("S") else ""


def instruments(folder: Path) -> None:
    """Measured instruments: mean deviation of the strong lines of another substance, before and after."""
    table: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    advised, worsened = 0, 0
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            continue
        laser_nm = next((laser for start, laser in LASERS.items() if path.name.startswith(start)), None)
        measured: list[tuple[str, SpectrumSet]] = []
        for file in sorted(path.glob("*.txt")):
            if kind_of(file.name):
                spectra = read(file)[0]
                measured.append(
                    (kind_of(file.name), spectra if laser_nm is None else spectra.with_about(laser_nm=laser_nm))
                )
        learned: list[tuple[str, Any]] = []
        for kind, spectra in measured:
            try:
                learned.append((kind, calibration.calibrate(spectra, kind)))
            except StudioError as error:
                print(f"  {path.name}: {kind}: {error.sentence}")
        for lamp in [profile for kind, profile in learned if kind == "neon"][:1]:
            for kind, spectra in measured:
                if kind == "silicon":
                    try:
                        learned.append(("neon + silicon", calibration.calibrate(spectra, "silicon", after=lamp)))
                        break
                    except StudioError:
                        continue
            print(f"  {path.name}: neon says the axis was made with wavelengths in {lamp.convention or '(open)'}")
        for kind, profile in learned:
            for other, spectra in measured:
                if kind == "neon" or other in (*kind.split(" + "), "neon"):
                    continue
                try:
                    verification = calibration.verify(profile, spectra, other)
                except StudioError:
                    continue
                table[kind, other][path.name].append((verification.before_cm, verification.after_cm))
                worsened += verification.after_cm > verification.before_cm
                advised += "do not use" in verification.sentence() and verification.after_cm > verification.before_cm
    for (kind, other), by_instrument in table.items():
        before = [np.mean([pair[0] for pair in pairs]) for pairs in by_instrument.values()]
        after = [np.mean([pair[1] for pair in pairs]) for pairs in by_instrument.values()]
        listed = " ".join(f"{value:.2f}" for value in after)
        print(
            f"from {kind} on {other}: before {np.median(before):.2f} / {max(before):.2f}, after"
            f" {np.median(after):.2f} / {max(after):.2f} (median / worst of {len(after)}): {listed}"
        )
    everything = [np.mean([pair[1] for pair in pairs]) for rows in table.values() for pairs in rows.values()]
    print(f"all pairs: median {np.median(everything):.2f}, worst {max(everything):.2f}")
    print(f"corrections that worsen a second substance: {worsened}, advised against: {advised}", flush=True)


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    if (arguments.data / "truth/calibration").is_dir():
        instruments(arguments.data / "truth/calibration")
    intensity(max(5, arguments.count // 10))
    wrong_substances(max(2, arguments.count // 10))
    simulated_axes(arguments.count)


if __name__ == "__main__":
    main()
