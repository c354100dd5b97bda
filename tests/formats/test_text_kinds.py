"""Kinds of text files that programs and people write: each opens as the spectra that were put in, or is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.axis import LaserNeededError
from ramanstudio.formats.registry import read

AXIS = np.round(200.37 + 4.0 * np.arange(150), 2)
NM = 1e7 / (1e7 / 532.0 - AXIS)


def simulated(count: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    line = 900.0 / (1.0 + ((AXIS - 520.7) / 5.0) ** 2)
    return np.round(200.0 + rng.normal(0, 3, (count, AXIS.size)) + line * (1.0 + np.arange(count))[:, None], 3)


VALUES = simulated(6)
ONE = VALUES[0]


def table(rows: Sequence[Sequence[object]], separator: str = ",", decimal: str = ".") -> str:
    return "".join(separator.join(str(cell).replace(".", decimal) for cell in row) + "\n" for row in rows)


def columns(*parts: Sequence[object]) -> list[tuple[object, ...]]:
    return list(zip(*parts, strict=True))


XY = columns(AXIS, ONE)


def tidy(ids: Sequence[Sequence[object]], order: str = "spectrum") -> list[tuple[object, ...]]:
    rows = [(*ids[i], AXIS[k], VALUES[i, k]) for i in range(len(ids)) for k in range(AXIS.size)]
    return rows if order == "spectrum" else sorted(rows, key=lambda row: float(str(row[-2])))


def wide(before: Sequence[Sequence[object]] = (), after: Sequence[Sequence[object]] = (), count: int = 6) -> list:
    return [[*(column[i] for column in before), *VALUES[i], *(column[i] for column in after)] for i in range(count)]


LABELS = ["quartz", "calcite"] * 3
NAMES = [f"s{i}" for i in range(6)]


@dataclass(frozen=True)
class Kind:
    text: str
    count: int = 1
    about: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    laser_nm: float | None = None
    name: str = "a.txt"
    gaps: int = 0
    encoding: str = "utf-8"


R_NAMES = [f"X{x}" for x in AXIS]
KINDS = {
    # wide tables
    "words before": Kind(table([["name", "label", *AXIS], *wide([NAMES, LABELS])]), 6, {},
                         {"name": NAMES, "label": LABELS}),
    "words after": Kind(table([[*AXIS, "label"], *wide(after=[LABELS])], ";"), 6, {}, {"label": LABELS}),
    "words before and after": Kind(table([["id", *AXIS, "class", "dose"], *wide([NAMES], [LABELS, range(6)])]), 6, {},
                                   {"id": NAMES, "class": LABELS, "dose": range(6)}),
    "decimal commas and words after": Kind(table([[*AXIS, "label"], *wide(after=[LABELS])], ";", ","), 6, {},
                                           {"label": LABELS}),
    "R column names": Kind(table([['""', *(f'"{name}"' for name in R_NAMES)],
                                  *([f'"{i + 1}"', *VALUES[i]] for i in range(6))]), 6),
    "unit in column names": Kind(table([["sample", *(f"{x} cm-1" for x in AXIS)], *wide([NAMES])]), 6, {},
                                 {"sample": NAMES}),
    "prefix in column names": Kind(table([["label", *(f"wn_{x}" for x in AXIS)], *wide([LABELS])], "\t"), 6, {},
                                   {"label": LABELS}),
    "pandas index before": Kind(table([["", *AXIS, "label"], *wide([range(6)], [LABELS])]), 6, {}, {"label": LABELS}),
    "quoted names": Kind(table([["name", *AXIS], *wide([[f'"{name}, top"' for name in NAMES]])]), 6, {},
                         {"name": [f"{name}, top" for name in NAMES]}),
    "positions before": Kind(table([["x", "y", *AXIS], *wide([[0, 1, 2] * 2, [0, 0, 0, 5, 5, 5]])]), 6, {},
                             {"x": [0, 1, 2, 0, 1, 2], "y": [0, 0, 0, 5, 5, 5]}),
    "positions in mm": Kind(table([["X (mm)", "Y (mm)", *AXIS], *wide([[0, 1, 2] * 2, [0, 0, 0, 5, 5, 5]])]), 6, {},
                            {"x": [0, 1000, 2000] * 2}),
    "descending axis": Kind(table([["name", *AXIS[::-1]], *([NAMES[i], *VALUES[i][::-1]] for i in range(6))]), 6),
    # columns
    "row number first": Kind(table([["", "Raman shift", "Intensity"], *columns(range(150), AXIS, ONE)])),
    "row number from 1": Kind(table([["No.", "Wavenumber (cm-1)", "Counts"],
                                    *columns(range(1, 151), AXIS, ONE)], "\t")),
    "row number without titles": Kind(table(columns(range(150), AXIS, ONE), "\t")),
    "point and several spectra": Kind(table([["Point", "Shift (cm-1)", "A", "B"],
                                             *columns(range(1, 151), AXIS, *VALUES[:2])]), 2, {}, {"name": ["A", "B"]}),
    "intensity first": Kind(table([["Counts", "Raman shift /cm-1"], *columns(ONE, AXIS)], "\t")),
    "intensity first in German": Kind(table([["Intensität", "Wellenzahl (1/cm)"], *columns(ONE, AXIS)], ";", ",")),
    "axis last of three": Kind(table([["A", "B", "Wavenumber (cm-1)"], *columns(*VALUES[:2], AXIS)]), 2),
    "stages": Kind(table([["Raman Shift", "Dark", "Raw", "Processed"], *columns(AXIS, ONE * 0 + 7, ONE + 7, ONE)])),
    "stages with a baseline": Kind(table([["Raman shift", "Raw data", "Baseline", "Dark Subtracted"],
                                          *columns(AXIS, ONE + 9, ONE * 0 + 3.5, ONE)])),
    # pairs
    "pairs": Kind(table([["Shift 1", "I 1", "Shift 2", "I 2"], *columns(AXIS, VALUES[0], AXIS, VALUES[1])]), 2),
    "pairs without titles": Kind(table(columns(AXIS, VALUES[0], AXIS, VALUES[1], AXIS, VALUES[2]), "\t"), 3),
    # tidy
    "tidy": Kind(table([["sample", "wavenumber", "intensity"], *tidy([[name] for name in NAMES])]), 6, {},
                 {"sample": NAMES}),
    "tidy, by wavenumber": Kind(table([["sample", "wavenumber", "intensity"],
                                       *tidy([[name] for name in NAMES], "point")]), 6, {}, {"sample": NAMES}),
    "tidy with two ids": Kind(table([["sample", "replicate", "raman_shift", "intensity"],
                                     *tidy([[LABELS[i], i // 2] for i in range(6)])]), 6, {}, {"sample": LABELS}),
    "tidy with time": Kind(table([["time (s)", "Raman shift (cm-1)", "Counts"], *tidy([[10 * i] for i in range(6)])]),
                           6, {}, {"time": [0, 10, 20, 30, 40, 50]}),
    "tidy with row numbers": Kind(table([["", "id", "shift", "intensity"],
                                         *([n, *row] for n, row in enumerate(tidy([[i] for i in range(6)])))]), 6),
    "tidy, intensity before axis": Kind(table([["spectrum", "intensity", "wavenumber"],
                                               *((i, y, x) for i, x, y in tidy([[i] for i in range(6)]))]), 6),
    # one below the other
    "scans after an empty line": Kind("\n".join(table(columns(AXIS, VALUES[i]), "\t") for i in range(3)), 3),
    "scans without a line between": Kind("".join(table(columns(AXIS, VALUES[i])) for i in range(3)), 3),
    "scans with titles": Kind("".join(f"Scan {i}\n" + table(columns(AXIS, VALUES[i])) for i in range(3)), 3),
    "scans, descending": Kind("".join(table(columns(AXIS[::-1], VALUES[i][::-1])) for i in range(3)), 3),
    "positions, axis, intensity": Kind(table([(x, 5, *row) for x in range(3) for row in columns(AXIS, VALUES[x])]),
                                       3, {}, {"x": [0, 1, 2], "y": [5, 5, 5]}),
    # alternating rows
    "axis and intensity rows": Kind(table([row for i in range(3) for row in (AXIS, VALUES[i])]), 3),
    "axis and intensity rows of sites": Kind(
        "Site map\nX;Y;\n" + table([(i, -i, *row) for i in range(3) for row in (AXIS, VALUES[i])], ";"), 3, {},
        {"x": [0, 1, 2], "y": [0, -1, -2]}),
    # numbers
    "thousands": Kind(table([["Raman shift", "Counts"], *((f"{x:,.2f}", f"{y + 5000:,.3f}") for x, y in
                             columns(AXIS + 900, ONE))], ";")),
    "thousands with points": Kind(table([["Raman shift", "Counts"], *((
        f"{x:,.2f}".translate(str.maketrans(",.", ".,")), f"{y + 5000:,.3f}".translate(str.maketrans(",.", ".,")))
        for x, y in columns(AXIS + 900, ONE))], ";")),
    "quoted decimal commas": Kind(table([["Raman shift", "Counts"],
                                         *((f'"{x}"'.replace(".", ","), f'"{y}"'.replace(".", ",")) for x, y in XY)])),
    "decimal commas between commas": Kind("Raman shift,Counts\n" + "".join(
        f"{x:.2f},{y:.3f}\n".replace(".", ",") for x, y in XY)),
    "saturated": Kind(table([(x, "saturated" if k in (40, 41) else y) for k, (x, y) in enumerate(XY)], "\t"), gaps=2),
    "a line of words": Kind(table(XY[:60]) + "*** paused ***\n" + table(XY[60:])),
    "NUL padding": Kind("Instrument: X" + "\0" * 60 + "\nRaman shift,Counts\n" + table(XY)),
    "unicode minus": Kind(table([(f"{x - 400:.2f}".replace("-", "−"), y) for x, y in XY], ";")),
    # headers
    "LabSpec time series": Kind(
        "#Acq. time (s)=\t2\n#Laser (nm)=\t532\n#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n#AxisType[2]=\tTime\n"
        "#AxisUnit[2]=\tmin\n" + table([["", *AXIS], *([i, *VALUES[i]] for i in range(6))], "\t"), 6,
        {"laser_nm": 532.0, "exposure_s": 2.0}, {"time": [0, 60, 120, 180, 240, 300]}),
    "LabSpec depth": Kind(
        "#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n#AxisType[2]=\tZ\n#AxisUnit[2]=\tµm\n"
        + table([["", *AXIS], *([-i, *VALUES[i]] for i in range(6))], "\t"), 6, {}, {"z": [0, -1, -2, -3, -4, -5]}),
    "LabSpec nm": Kind("#Laser (nm)=\t532\n#Spectro (nm)=\t545.5\n" + table(columns(NM.round(5), ONE), "\t"), 1,
                       {"laser_nm": 532.0}),
    "WITec series in minutes": Kind(
        "[Header]\nSizeX = 3\nSizeY = 1\nSeriesUnit = min\nSeriesOffset = 1\nSeriesScale = 2\nXAxisUnit = rel. 1/cm\n\n"
        "[Data]\n" + table([["X-Axis", "t(0)", "t(1)", "t(2)"], *columns(AXIS, *VALUES[:3])], "\t"), 3, {},
        {"time": [60, 180, 300]}),
    "Andor Solis": Kind(table(columns(AXIS, ONE), "\t") + "\n\nDate and Time:   Fri Sep  8 15:03:52 2017\n"
                        "Exposure Time (secs):   0.25\nNumber of Accumulations:   7\nWavelength (nm):   560\n", 1,
                        {"exposure_s": 0.25, "accumulations": 7, "date": "2017-09-08 15:03:52"}),
    "OceanView Raman": Kind("Data from a.txt Node\n\nIntegration Time (sec): 3.0E0\nScans to average: 4\n"
                            "XAxis mode: Raman Shifts\n>>>>>Begin Spectral Data<<<<<\n" + table(XY, "\t"), 1,
                            {"exposure_s": 3.0, "accumulations": 4}),
    "OOIBase32 with the user's laser": Kind("OOIBase32 Version 1.0 Data File\nIntegration Time (msec): 8\n"
                                            "Spectra Averaged: 10\n>>>>>Begin Spectral Data<<<<<\n"
                                            + table(columns(NM.round(5), ONE), "\t"), 1,
                                            {"laser_nm": 532.0, "exposure_s": 0.008}, laser_nm=532.0),
    "ENLIGHTEN": Kind("ENLIGHTEN Version,4.1\nIntegration Time,400\nScan Averaging,3\nLaser Wavelength,785.1\n\n"
                      "Pixel,Wavelength,Wavenumber,Processed,Raw,Dark\n"
                      + table(columns(range(150), NM.round(3), AXIS, ONE, ONE + 9, ONE * 0 + 9)), 1,
                      {"laser_nm": 785.1, "exposure_s": 0.4, "accumulations": 3}),
    "German": Kind("Laserwellenlänge: 532,1 nm\nBelichtungszeit [ms]: 500\nAkkumulationen: 3\nLaserleistung: 12,5 mW\n"
                   "Datum: 24.06.2021 15:54:31\nObjektiv: 50x\nRamanverschiebung [1/cm];Intensität\n"
                   + table(XY, ";", ","), 1, {"laser_nm": 532.1, "exposure_s": 0.5, "accumulations": 3,
                                              "objective": "50x",
                                              "laser_power_mw": 12.5, "date": "2021-06-24 15:54:31"}),
    "French": Kind("Longueur d'onde d'excitation (nm): 633\nTemps d'exposition (s): 5\nNombre d'accumulations: 2\n"
                   "Puissance laser (mW): 3\nDécalage Raman (cm-1)\tIntensité\n" + table(XY, "\t"), 1,
                   {"laser_nm": 633.0, "exposure_s": 5.0, "accumulations": 2, "laser_power_mw": 3.0}),
    "Spanish": Kind("Longitud de onda de excitación (nm): 785\nTiempo de integración (s): 10\nAcumulaciones: 5\n"
                    "Desplazamiento Raman (cm-1)\tIntensidad\n" + table(XY, "\t"), 1,
                    {"laser_nm": 785.0, "exposure_s": 10.0, "accumulations": 5}),
    "Chinese": Kind("激光波长(nm)：785\n积分时间(ms)：2000\n累加次数：3\n样品：石英\n拉曼位移(cm-1),强度\n"
                    + table(XY), 1,
                    {"laser_nm": 785.0, "exposure_s": 2.0, "accumulations": 3, "sample": "石英"}),
    "Japanese": Kind("励起波長(nm)\t532\n露光時間(s)\t1.5\n積算回数\t4\nラマンシフト(cm-1)\t強度\n"
                     + table(XY, "\t"), 1,
                     {"laser_nm": 532.0, "exposure_s": 1.5, "accumulations": 4}),
    "spectra named by numbers": Kind(table([["", *range(1, 7), *range(7, 13)], *columns(AXIS, *VALUES, *VALUES)]), 12),
    "spectra named by times": Kind(table([["Raman shift (cm-1)", *(f"{10 * i} s" for i in range(6))],
                                          *columns(AXIS, *VALUES)], "\t"), 6, {},
                                   {"name": [f"{10 * i} s" for i in range(6)]}),
    "thousands with spaces": Kind(table([["Raman shift", "Counts"], *((x, f"{y + 5000:,.3f}".replace(",", " "))
                                         for x, y in XY)], "\t")),
    "laser in a line of words": Kind("Laser 532 nm\nWavelength (nm),Counts\n" + table(columns(NM.round(5), ONE)), 1,
                                     {"laser_nm": 532.0}),
    # locales and programs
    "stages with a dark frame that repeats": Kind(table([["Raman shift", "Dark", "Raw", "Dark Subtracted"], *columns(
        AXIS, 50 + np.arange(150) % 3, ONE + 50, ONE)])),
    "stages in German": Kind(table([["Wellenzahl", "Dunkel", "Roh", "Dunkelkorrigiert"], *columns(
        AXIS, 50 + np.arange(150) % 3, ONE + 50, ONE)], ";", ",")),
    "BWTek": Kind("model;BTC675N\nintegration times(ms);2000\nlaser_wavelength;785,2\n" + table(
        [["Pixel", "Wavelength", "Wavenumber", "Raman Shift", "Dark", "Raw data #1", "Dark Subtracted #1", "%TR #1"],
         *columns(range(150), NM.round(3), (AXIS + 9000).round(2), AXIS, 50 + np.arange(150) % 3, ONE + 50, ONE,
                  ONE * 0)], ";", ","), 1, {"laser_nm": 785.2, "exposure_s": 2.0}),
    "three decimals after commas": Kind(table([[f"{x:.3f}", f"{y:.3f}"] for x, y in columns(AXIS, ONE / 2)], ";", ","),
                                        1),
    "whole numbers beside three decimals": Kind("Raman shift;Counts\n" + "".join(
        f"{x:.0f};{y:.3f}\n".replace(".", ",") for x, y in columns(AXIS, ONE / 2))),
    "decimal commas between commas and spaces": Kind("".join(
        ", ".join(f"{number:.3f}".replace(".", ",") for number in row) + "\n" for row in XY)),
    "lists of Python": Kind(f"{AXIS.tolist()}\n{ONE.tolist()}\n"),
    "vertical bars": Kind("Raman shift|Counts\n" + table(XY, "|")),
    "Fortran exponents": Kind("".join(f"{x:.6E} {y:.6E}\n".replace("E", "D") for x, y in XY)),
    "intensity first without titles": Kind(table(columns(ONE, AXIS))),
    "µm": Kind("Wavelength (µm),Counts\n" + table(columns((NM / 1000).round(7), ONE)), laser_nm=532.0),
    "LabSpec map": Kind(
        "#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n#AxisType[2]=\tX\n#AxisUnit[2]=\tµm\n#AxisType[3]=\tY\n"
        "#AxisUnit[3]=\tmm\n" + table([["", "", *AXIS], *([i // 3, i % 3, *VALUES[i]] for i in range(6))], "\t"), 6, {},
        {"x": [0, 1, 2] * 2, "y": [0] * 3 + [1000] * 3}),
    "positions named by stage": Kind(table([["Pos X [mm]", "Pos Y [mm]", *AXIS],
                                            *wide([[0, 1, 2] * 2, [0, 0, 0, 5, 5, 5]])]), 6, {},
                                     {"x": [0, 1000, 2000] * 2}),
    "names above pairs": Kind(table([["PS", "", "PE", ""], ["Raman shift (cm-1)", "Counts"] * 2,
                                     *columns(AXIS, VALUES[0], AXIS, VALUES[1])]), 2, {}, {"name": ["PS", "PE"]}),
    "a peak list beside": Kind(table([["Raman shift", "Counts", "", "Peaks"], *(
        [x, y, "", 520.1 + k if k < 3 else ""] for k, (x, y) in enumerate(XY))])),
    "Italian": Kind("Lunghezza d'onda laser: 785 nm\nTempo di integrazione: 3 s\nAccumuli: 2\n"
                    "Spostamento Raman (cm-1)\tIntensità\n" + table(XY, "\t"), 1,
                    {"laser_nm": 785.0, "exposure_s": 3.0, "accumulations": 2}),
    "Russian": Kind("Длина волны лазера: 785 нм\nВремя накопления: 3 с\nРамановский сдвиг (см-1)\tИнтенсивность\n"
                    + table(XY, "\t"), 1, {"laser_nm": 785.0, "exposure_s": 3.0}, encoding="cp1251"),
    "Japanese Windows": Kind("励起波長,532 nm\n露光時間(s),1.5\n積算回数,4\nラマンシフト(cm-1),強度\n" + table(XY), 1,
                             {"laser_nm": 532.0, "exposure_s": 1.5, "accumulations": 4}, encoding="shift_jis"),
    "Taiwanese Windows": Kind("雷射波長: 785 nm\n積分時間: 2 s\n拉曼位移 (cm-1),強度\n" + table(XY), 1,
                              {"laser_nm": 785.0, "exposure_s": 2.0}, encoding="big5"),
    # suffixes
    "text named wdf": Kind(table(XY), name="a.wdf"),
    "text named spc": Kind("Raman shift\tCounts\n" + table(XY, "\t"), name="a.spc"),
    "text named jdx": Kind(table(XY), name="a.jdx"),
}  # fmt: skip
SHIFTED = {"thousands": 900.0, "thousands with points": 900.0, "unicode minus": -400.0}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_text_opens_as_the_spectra_that_were_written(tmp_path: Path, kind: str) -> None:
    wanted = KINDS[kind]
    path = tmp_path / wanted.name
    path.write_text(wanted.text, encoding=wanted.encoding)
    (spectra,) = read(path, wanted.laser_nm)
    axis = AXIS + SHIFTED.get(kind, 0.0)
    kept = np.delete(np.arange(AXIS.size), [40, 41]) if wanted.gaps else np.arange(AXIS.size)
    assert spectra.values.shape == (wanted.count, kept.size)
    np.testing.assert_allclose(spectra.axis, axis[kept], atol=0.5)
    offset = 5000.0 if "thousands" in kind else 0.0
    expected = np.concatenate([VALUES, VALUES])[: wanted.count, kept] / (2 if "three decimals" in kind else 1)
    np.testing.assert_allclose(spectra.values, expected + offset, rtol=1e-5, atol=1e-3)
    for key, value in wanted.about.items():
        assert spectra.about.get(key) == (value if isinstance(value, str) else pytest.approx(value)), key
    for column, entries in wanted.columns.items():
        assert list(spectra.table[column]) == list(entries), column
    if wanted.gaps:
        assert "2 cells hold words" in str(spectra.about["notes"]) and "saturated" in str(spectra.about["notes"])


def test_a_word_in_a_column_of_numbers_is_a_gap_of_that_spectrum(tmp_path: Path) -> None:
    rows = [[AXIS[k], "saturated" if k == 50 else VALUES[0, k], VALUES[1, k]] for k in range(150)]
    (tmp_path / "a.csv").write_text(table([["wavenumber", "A", "B"], *rows]))
    (spectra,) = read(tmp_path / "a.csv")
    assert spectra.values.shape == (2, 150)
    assert np.isnan(spectra.values[0, 50]) and np.isfinite(spectra.values).sum() == 299
    assert "1 cell holds words" in str(spectra.about["notes"])


def test_pairs_of_uneven_length_keep_their_own_axes(tmp_path: Path) -> None:
    rows = [["A x", "A y", "B x", "B y"]]
    rows += [[AXIS[k], VALUES[0, k], *((AXIS[k], VALUES[1, k]) if k < 120 else ("", ""))] for k in range(150)]
    (tmp_path / "a.csv").write_text(table(rows))
    first, second = read(tmp_path / "a.csv")
    assert (first.points, second.points) == (150, 120)
    assert (first.table["name"][0], second.table["name"][0]) == ("A", "B")


REFUSED = {
    "wavelengths": ("Wavelength (nm)\tCounts\n" + table(columns(NM.round(4), ONE), "\t"), "wavelength in nm"),
    "wavelengths of OceanView": ("Data from x Node\nXAxis mode: Wavelengths\n" + table(columns(NM.round(4), ONE), "\t"),
                                 "wavelength in nm"),
    "wavelengths of Andor": (table(columns(NM.round(4), ONE), "\t") + "\nModel: DU\nWavelength (nm): 546.1\n",
                             "wavelength in nm"),
    "pixels": (table(columns(range(1, 151), ONE)), "detector pixels"),
    "pixels from 0": (table(columns(range(150), ONE), "\t"), "detector pixels"),
    "reflectance": ("Sample 5\nReflectance\n" + table(XY), "Reflectance"),
    "absorbance in German": ("Wellenzahl (1/cm);Extinktion\n" + table(XY, ";", ","), "Extinktion"),
    "transmittance": ("Wavenumber;%T\n" + table(XY, ";"), "%T"),
    "XPS": ("# Analysis Method: XPS\n# values in kinetic energy\n" + table(XY, " "), "XPS"),
    "binding energy": ("Binding Energy (eV)\tCounts/s\n" + table(XY, "\t"), "XPS"),
    "diffraction": ("2Theta\tIntensity\n" + table(columns((AXIS / 20).round(3), ONE), "\t"), "diffract"),
    "diffraction with a sign": ("2θ (°),Intensity\n" + table(columns((AXIS / 20).round(3), ONE)), "diffract"),
    "decay": ("Time [ns]\tCounts\n" + table(XY, "\t"), "time"),
    "time trace": ("Time (s),Intensity\n" + table(XY), "time"),
    "chromatogram": ("Retention time (min)\tSignal\n" + table(XY, "\t"), "chromatogram"),
    "diffraction by its anode": ("Anode material,Cu\nAngle,Intensity\n" + table(columns((AXIS / 20).round(3), ONE)),
                                "diffract"),
    "X-ray energies": ("Energy (keV)\tCounts\n" + table(columns((AXIS / 20).round(3), ONE), "\t"), "Energy (keV)"),
    "a voltammogram": ("Potential/V, Current/A\n" + table(columns((AXIS / 2000).round(5), ONE)), "Potential/V"),
    "calorimetry": ("Temperature (°C);Heat flow (mW)\n" + table(XY, ";", ","), "Temperature"),
    "absorbance beside cm-1": ("cm-1,A\n" + table(XY), "absorbance"),
    "absorbance of a Cary": ("PS,,Base,\nWavelength (nm),Abs,Wavelength (nm),Abs\n"
                             + table(columns(AXIS, ONE, AXIS, ONE)), "Abs"),
    "reflexion": ("Reflexion [%]\n" + table(XY, "\t"), "Reflexion"),
    "mass spectrum": ("m/z,Intensity\n" + table(XY), "mass"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_raman_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    text, says = REFUSED[kind]
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudioError) as refusal:
        read(path)
    assert says.lower() in refusal.value.sentence.lower() and "'a.txt'" in refusal.value.sentence
    assert isinstance(refusal.value, LaserNeededError) == kind.startswith("wavelengths")
