"""Write the sample files of tests/data/samples: one simulated spectrum in every format and text layout that is read.

    python tools/make_format_samples.py [FOLDER]

Nothing is measured and nothing is copied from an instrument: the spectrum is three Lorentzian lines on a smooth
background with Poisson noise, the files are built from the published layouts. `truth.csv` has the axis and the
intensities, in whole counts. The same run gives the same files; a test compares them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.formats import container_sample_files as containers  # noqa: E402
from tests.formats import vendor_sample_files as vendor  # noqa: E402
from tests.formats.sample_files import MICROMETRES, MILLIMETRES, spc_bytes, spc_log, wdf_bytes  # noqa: E402
from tools import text_kind_samples  # noqa: E402

FOLDER = ROOT / "tests" / "data" / "samples"
LASER_NM = 532.0
AXIS = np.arange(150.0, 1655.0, 5.0)
LINES = ((464.0, 8.0, 900.0), (1001.0, 6.0, 1500.0), (1602.0, 9.0, 600.0))  # position and half width in cm⁻¹, counts


def simulated() -> NDArray[np.float64]:
    """The simulated spectrum (B,) in whole counts."""
    background = 120.0 + 300.0 * np.exp(-AXIS / 900.0)
    lines = sum(height / (1.0 + ((AXIS - position) / width) ** 2) for position, width, height in LINES)
    return np.random.default_rng(20).poisson(background + lines).astype(np.float64)


SPECTRUM = simulated()
SET = np.stack([SPECTRUM, SPECTRUM[::-1], np.round(SPECTRUM / 2), SPECTRUM + 40.0, SPECTRUM * 2, SPECTRUM + 7.0])
POSITIONS_UM = np.array([[x, y] for y in (0.0, 2.0) for x in (-1.5, 0.0, 1.5)])
TIMES_S = 10.0 * np.arange(6)
DEPTHS_UM = 5.0 * np.arange(6)
WAVELENGTHS_NM = 1e7 / (1e7 / LASER_NM - AXIS)


# Text ------------------------------------------------------------------------------------------------------------


def columns(axis: NDArray[np.float64] = AXIS, separator: str = "\t", axis_format: str = "%.6g") -> str:
    """The spectrum as two columns."""
    return "".join(f"{axis_format % x}{separator}{y:g}\n" for x, y in zip(axis, SPECTRUM, strict=True))


def row(numbers: NDArray[np.float64], separator: str = "\t") -> str:
    """Numbers as one line of a table."""
    return separator.join(f"{number:g}" for number in numbers)


LABSPEC = (
    "#Acq. time (s)=\t10\n#Accumulations=\t2\n#Objective=\tx50\n#Grating=\t600\n#Laser (nm)=\t532\n"
    "#Sample=\tsimulated\n#AxisType[0]=\tIntens\n#AxisUnit[0]=\tCnt\n#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n"
)
OCEANVIEW = (
    "Data from simulated_0001.txt Node\n\nDate: Mon Jan 05 10:00:00 UTC 2026\nSpectrometer: SIM00001\n"
    "Integration Time (sec): 3.000000E0\nScans to average: 1\nXAxis mode: Raman Shifts\n"
    "Number of Pixels in Spectrum: 301\n>>>>>Begin Spectral Data<<<<<\n"
)
WITEC_HEADER = (
    "//Exported ASCII-File\n[Header]\nGraphName = simulated--Spectrum--001\nSizeX = 1\nSizeY = 1\nSizeGraph = 301\n"
    "XAxisUnit = rel. 1/cm\nDataUnit = CCD cts\n\n[Data]\nX-Axis\tsimulated--Spectrum--001\n"
)


def witec_map() -> str:
    pixels = [f"Map_000_Spec.Data 1({x}/{y})" for y in range(2) for x in range(3)]
    lines = ["X-Axis\t" + "\t".join(pixels), "rel. 1/cm" + "\tCCD cts" * 6]
    return "\n".join([*lines, *(f"{x:g}\t{row(y)}" for x, y in zip(AXIS, SET.T, strict=True))]) + "\n"


def labspec_table(titles: list[str]) -> str:
    gap = "\t" * titles[0].count("\t")
    return LABSPEC + f"{gap}\t{row(AXIS)}\n" + "".join(f"{t}\t{row(y)}\n" for t, y in zip(titles, SET, strict=True))


def wire_map() -> str:
    lines = ["#X\t\t#Y\t\t#Wave\t\t#Intensity"]
    for (x, y), values in zip(POSITIONS_UM, SET, strict=True):
        lines += [f"{x:g}\t{y:g}\t{s:.6f}\t{v:.6f}" for s, v in zip(AXIS[::-1], values[::-1], strict=True)]
    return "\n".join(lines) + "\n"


def wire_text() -> str:
    return "#Wave\t\t#Intensity\n" + "".join(
        f"{x:.6f}\t{y:.6f}\n" for x, y in zip(AXIS[::-1], SPECTRUM[::-1], strict=True)
    )


def spreadsheet(decimal: str) -> str:
    lines = ["RamanShift;first;second;third;fourth;fifth;sixth"]
    lines += [f"{x:.1f};{row(y, ';')}" for x, y in zip(AXIS, SET.T, strict=True)]
    return "\n".join(lines).replace(".", decimal) + "\n"


def rruff() -> str:
    header = "##NAMES=Simulatedite\n##RRUFFID=R000000\n##IDEAL CHEMISTRY=Si O2\n##URL=example.org\n"
    return header + columns(separator=", ") + "##END=\n"


# JCAMP-DX: McDonald & Wilks, Appl. Spectrosc. 42 (1988) 151 ---------------------------------------------------------


def coded(number: int, positive: str, negative: str) -> str:
    """A number whose first digit and sign are one letter; `positive` begins with that of 0."""
    digits = str(abs(number))
    letters = positive if number >= 0 else " " + negative
    return letters[int(digits[0])] + digits[1:]


def squeezed(number: int) -> str:
    return coded(number, "@ABCDEFGHI", "abcdefghi")


def difference(number: int) -> str:
    return coded(number, "%JKLMNOPQR", "jklmnopqr")


def duplicated(tokens: list[str]) -> str:
    """Runs of equal tokens as one token and a count (DUP)."""
    text, begin = "", 0
    while begin < len(tokens):
        end = begin
        while end < len(tokens) and tokens[end] == tokens[begin]:
            end += 1
        text += tokens[begin] + (coded(end - begin, " STUVWXYZs", "") if end - begin > 1 else "")
        begin = end
    return text


POINTS_PER_LINE = 30
DUP_FACTOR = 100  # coarse counts repeat, so that duplicate digits occur
Encode = Callable[[NDArray[np.int64], int, int], str]  # all counts, first and last index of a line


def jcamp(form: str, encode: Encode, factor: int = 1) -> str:
    """A JCAMP-DX file of the spectrum in units of `factor` counts, its lines encoded by `encode`."""
    counts = np.round(SPECTRUM / factor).astype(np.int64)
    begins = range(0, AXIS.size, POINTS_PER_LINE)
    lines = [encode(counts, begin, min(begin + POINTS_PER_LINE, AXIS.size)) for begin in begins]
    if form == "DIF":  # the last line repeats the last point, as a check
        lines.append(f"{AXIS[-1]:g}{squeezed(int(counts[-1]))}")
    data = "(XY..XY)" if form == "XY" else "(X++(Y..Y))"
    return (
        f"##TITLE=simulated\n##JCAMP-DX=4.24\n##DATA TYPE=RAMAN SPECTRUM\n##ORIGIN=RamanStudio\n##OWNER=public domain\n"
        f"##.EXCITATION WAVELENGTH={LASER_NM}\n##XUNITS=1/CM\n##YUNITS=COUNTS\n##XFACTOR=1\n##YFACTOR={factor}\n"
        f"##FIRSTX={AXIS[0]:g}\n##LASTX={AXIS[-1]:g}\n##NPOINTS={AXIS.size}\n##FIRSTY={counts[0]}\n"
        f"##XYDATA={data}\n" + "\n".join(lines) + "\n##END=\n"
    )


def affn(counts: NDArray[np.int64], begin: int, end: int) -> str:
    return " ".join(map(str, [f"{AXIS[begin]:g}", *counts[begin:end]]))


def packed(counts: NDArray[np.int64], begin: int, end: int) -> str:
    return f"{AXIS[begin]:g}" + "".join(f"{count:+d}" for count in counts[begin:end])


def sqz(counts: NDArray[np.int64], begin: int, end: int) -> str:
    return f"{AXIS[begin]:g}" + "".join(squeezed(int(count)) for count in counts[begin:end])


def sqz_dup(counts: NDArray[np.int64], begin: int, end: int) -> str:
    return f"{AXIS[begin]:g}" + duplicated([squeezed(int(count)) for count in counts[begin:end]])


def xy(counts: NDArray[np.int64], begin: int, end: int) -> str:
    return "; ".join(f"{AXIS[i]:g},{counts[i]}" for i in range(begin, end))


def dif(counts: NDArray[np.int64], begin: int, end: int) -> str:
    # Each line begins with the last point of the line before, which the reader checks and drops.
    first = max(begin - 1, 0)
    return f"{AXIS[first]:g}{squeezed(int(counts[first]))}" + "".join(_steps(counts, first, end))


def dif_dup(counts: NDArray[np.int64], begin: int, end: int) -> str:
    first = max(begin - 1, 0)
    return f"{AXIS[first]:g}{squeezed(int(counts[first]))}" + duplicated(_steps(counts, first, end))


def _steps(counts: NDArray[np.int64], first: int, end: int) -> list[str]:
    return [difference(int(step)) for step in np.diff(counts[first:end])]


# The files ---------------------------------------------------------------------------------------------------------


def binary_files() -> dict[str, bytes]:
    """WiRE and SPC files by name."""
    log = spc_log(b"Laser = 532 nm\r\nExposure time = 10\r\n")
    ends = (AXIS[0], AXIS[-1])
    return {
        "wire.wdf": wdf_bytes(SPECTRUM[None, ::-1], AXIS[::-1]),
        "wire_map.wdf": wdf_bytes(SET, AXIS, positions=POSITIONS_UM, length_unit=MICROMETRES),
        "wire_map_mm.wdf": wdf_bytes(SET, AXIS, positions=POSITIONS_UM / 1000.0, length_unit=MILLIMETRES),
        "wire_depth.wdf": wdf_bytes(SET, AXIS, depths=DEPTHS_UM),
        "wire_series.wdf": wdf_bytes(SET, AXIS, times_s=TIMES_S),
        "wire_interrupted.wdf": wdf_bytes(SET, AXIS, positions=POSITIONS_UM, collected=4),
        "wire_nm.wdf": wdf_bytes(SPECTRUM[None], WAVELENGTHS_NM, unit=3),
        "new.spc": spc_bytes(SPECTRUM[None], ends=ends, log=log),
        "new_16bit.spc": spc_bytes(SPECTRUM[None], ends=ends, is_16_bit=True),
        "new_shared_axis.spc": spc_bytes(SPECTRUM[None], axis=AXIS, ends=ends),
        "new_series.spc": spc_bytes(SET, ends=ends, z_type=5, z_values=(TIMES_S / 60.0).tolist()),
        "new_separate_axes.spc": spc_bytes(SET, axis=AXIS, ends=ends, separate_axes=True),
        "old.spc": spc_bytes(SPECTRUM[None], ends=ends, old=True),
        "old_multifile.spc": spc_bytes(SET, ends=ends, old=True),
    }


def text_files() -> dict[str, bytes]:
    """Text and JCAMP-DX files by name."""
    nm = "Laser wavelength: 532.0 nm\nWavelength (nm)\tCounts\n" + columns(WAVELENGTHS_NM, axis_format="%.6f")
    texts = {
        "truth.csv": "Raman shift (cm-1),Counts\n" + columns(separator=","),
        "comma.csv": "Wavenumber,Intensity\n" + columns(separator=","),
        "semicolon_decimal_comma.csv": "Wellenzahl;Intensität\n"
        + columns(separator=";", axis_format="%.1f").replace(".", ","),
        "spaces.asc": columns(separator="  "),
        "nm.txt": nm,
        "labspec.txt": LABSPEC + columns(AXIS),
        "labspec_map.txt": labspec_table([f"{x:g}\t{y:g}" for x, y in POSITIONS_UM]),
        "labspec_series.txt": LABSPEC.replace("#Accumulations=\t2", "#Accumulations=\t1")
        + f"\t{row(AXIS)}\n" + "".join(f"{t:g}\t{row(y)}\n" for t, y in zip(TIMES_S, SET, strict=True)),
        "wire.txt": wire_text(),
        "wire_map.txt": wire_map(),
        "witec.txt": WITEC_HEADER + columns(),
        "witec_map.txt": witec_map(),
        "oceanview.txt": OCEANVIEW + columns(),
        "Simulatedite__R000000__Raman__532__0__unoriented.txt": rruff(),
        "spreadsheet.csv": spreadsheet("."),
        "spreadsheet_decimal_comma.csv": spreadsheet(","),
        "matrix_rows.csv": f"name,{row(AXIS, ',')}\n"
        + "".join(f"s{i},{row(y, ',')}\n" for i, y in enumerate(SET)),
        "separate_spectra.csv": "".join(row(y, ",") + "\n" for y in SET),
        "separate_axis.csv": row(AXIS, "\n") + "\n",
        "one_below_the_other.txt": f"first\n{columns()}\nsecond\n{columns()}",
        "jcamp_affn.jdx": jcamp("AFFN", affn),
        "jcamp_pac.jdx": jcamp("PAC", packed),
        "jcamp_sqz.jdx": jcamp("SQZ", sqz),
        "jcamp_dif.jdx": jcamp("DIF", dif),
        "jcamp_sqz_dup.dx": jcamp("SQZ", sqz_dup, DUP_FACTOR),
        "jcamp_dif_dup.dx": jcamp("DIF", dif_dup, DUP_FACTOR),
        "jcamp_xy.jdx": jcamp("XY", xy),
    }  # fmt: skip
    texts |= text_kind_samples.single_spectra(AXIS, SPECTRUM) | text_kind_samples.sets_of_spectra(AXIS, SET)
    files = {name: text.encode() for name, text in texts.items()}
    files["utf16.txt"] = ("#Sample=\tPrüfkörper\n" + columns()).encode("utf-16")
    files["gb18030.txt"] = ("#Sample=\t二氯甲烷\n" + columns()).encode("gb18030")
    files["latin1.txt"] = ("#Sample=\tPrüfkörper 5 µm\r\n" + columns().replace("\n", "\r\n")).encode("latin-1")
    return files


def wavelength_polynomial(order: int) -> tuple[float, ...]:
    """Coefficients of the wavelength in nm by the pixel, counted from 1, which belongs to AXIS."""
    begin, step = 1e7 / LASER_NM - (AXIS[0] - 5.0), 5.0
    coefficients = [1e7 / begin]
    for _ in range(order):
        coefficients.append(coefficients[-1] * (step / begin))
    return tuple(float(coefficient) for coefficient in coefficients)


def vendor_files() -> dict[str, bytes]:
    """Files of the instruments' own formats by name."""
    x, y = np.array([-1.5, 0.0, 1.5]), np.array([0.0, 2.0])
    single = SPECTRUM[None]
    return {
        "labspec6.l6s": vendor.labspec6_bytes(single, AXIS),
        "labspec6_map.l6m": vendor.labspec6_bytes(SET, AXIS, axes={"X": x, "Y": y}),
        "labspec6_series.l6m": vendor.labspec6_bytes(SET, AXIS, axes={"Time": TIMES_S}),
        "labspec5.ngc": vendor.labspec5_bytes(single, AXIS),
        "labspec5_map.ngc": vendor.labspec5_bytes(SET, AXIS, x=x, y=y),
        "labspec.xml": vendor.labspec_xml_bytes(single, AXIS),
        "labspec_map.xml": vendor.labspec_xml_bytes(SET, AXIS, axes={"X": x, "Y": y}),
        "witec_map.wip": vendor.witec_bytes(SET, 3, 2, WAVELENGTHS_NM),
        "opus.0": vendor.opus_bytes(single[:, ::-1], AXIS[-1], AXIS[0]),
        "opus_series.0": vendor.opus_bytes(SET[:, ::-1], AXIS[-1], AXIS[0]),
        "omnic.spa": vendor.omnic_bytes(single[:, ::-1], AXIS[-1], AXIS[0]),
        "omnic_group.spg": vendor.omnic_bytes(SET[:, ::-1], AXIS[-1], AXIS[0]),
        "winspec.spe": vendor.spe2_bytes(single, wavelength_polynomial(5), LASER_NM),
        "lightfield.spe": vendor.spe3_bytes(single, WAVELENGTHS_NM, LASER_NM),
        "andor.sif": vendor.sif_bytes(single, wavelength_polynomial(9), laser_nm=LASER_NM),
        "trivista_series.tvf": vendor.trivista_bytes(SET, WAVELENGTHS_NM, LASER_NM),
    }


def container_files() -> dict[str, bytes]:
    """Workbooks, archives and other files around tables of spectra, by name."""
    names = ["first", "second", "third", "fourth", "fifth", "sixth"]
    text = "Raman shift (cm-1)\tCounts\n" + columns()
    sheets = {"Spectra": containers.sheet_of(AXIS, SET, names), "Notes": [["simulated", "by this program"]]}
    return {
        "workbook_set.xlsx": containers.xlsx_bytes(sheets),
        "archive.zip": containers.zip_bytes({"spectra/simulated.txt": text.encode(), "spectra/.hidden": b"x"}),
        "matlab_set.mat": containers.mat5_bytes(True, wavenumber=AXIS, spectra=SET, laser_nm=np.array([LASER_NM])),
        "matlab_map.mat": containers.mat5_bytes(
            map={
                "data": SET,
                "axisscale": [np.zeros((0, 0)), AXIS, "", "Raman shift"],
                "imagesize": np.array([3.0, 2.0]),
                "imageaxisscale": [POSITIONS_UM[:3, 0], POSITIONS_UM[::3, 1]],
            }
        ),
        "spectrasuite.ProcSpec": containers.procspec_bytes(SPECTRUM, WAVELENGTHS_NM, laser_nm=LASER_NM),
        "envi_map.hdr": containers.envi_header(AXIS, 3, 2),
        "envi_map.dat": SET.astype("<f4").tobytes(),
        "jasco.jws": containers.jasco_bytes(SPECTRUM, AXIS[0], AXIS[-1]),
        "compressed.txt.gz": containers.gzip_bytes(text.encode()),
    }


def write_hdf5(folder: Path) -> None:
    """Write a map, and spectra of different lengths, as HDF5."""
    import h5py

    with h5py.File(folder / "map.h5", "w") as file:
        group = file.create_group("spectra")
        group.attrs["laser_nm"] = LASER_NM
        group["axis"], group["values"] = AXIS, SET.astype(np.float32)
        group["x"], group["y"] = POSITIONS_UM.T
        group["name"] = np.array([f"s{i}" for i in range(6)], dtype="S2")
    with h5py.File(folder / "nexus_map.nxs", "w") as file:
        data = file.create_group("entry/data")
        data.attrs["NX_class"], data.attrs["signal"] = "NXdata", "intensity"
        data.attrs["axes"] = ["y", "x", "raman_shift"]
        data["intensity"], data["raman_shift"] = SET.reshape(2, 3, -1), AXIS
        data["x"], data["y"] = POSITIONS_UM[:3, 0], POSITIONS_UM[::3, 1]
        for name, unit in (("raman_shift", "1/cm"), ("x", "um"), ("y", "um")):
            data[name].attrs["units"] = unit
        file["entry/instrument/beam_incident/wavelength"] = LASER_NM
        file["entry/instrument/detector/exposure_time"] = 10.0
        file["entry/start_time"] = "2026-01-05T10:00:00+01:00"
    with h5py.File(folder / "ramanchada.cha", "w") as file:
        file["raw"] = np.stack([AXIS, SPECTRUM])
        file["raw"].attrs["DIMENSION_LABELS"] = ["Raman shift [1/cm]", "raw counts [1]"]
        file["raw"].attrs["laser wavelength"] = str(LASER_NM)
    with h5py.File(folder / "different_lengths.h5", "w") as file:
        group = file.create_group("spectra")
        group["axis"], group["values"] = np.r_[AXIS, AXIS[:100]], np.r_[SPECTRUM, SPECTRUM[:100]]
        group["offsets"] = [0, AXIS.size, AXIS.size + 100]


def main(arguments: list[str]) -> None:
    """Write all samples into a folder."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (binary_files() | text_files() | vendor_files() | container_files()).items():
        (folder / name).write_bytes(content)
    write_hdf5(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
