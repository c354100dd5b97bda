"""Writing JCAMP-DX 5.01: one block for one spectrum, a LINK block above the blocks of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write
from ramanstudio.formats import own_metadata

PER_LINE: Final = 5  # ordinates
_EVEN: Final = 1e-9  # of the step: how even an axis is that is stated by its ends


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as JCAMP-DX 5.01: (X++(Y..Y)) where the axis is even, else (XY..XY).

    Metadata go into the labels of the standard and, complete, into ##$RAMANSTUDIO METADATA=. Raises StudioError when
    the file cannot be written.
    """
    blocks = [_block(spectra[row], row) for row in range(len(spectra))]
    if len(blocks) == 1:
        atomic_write(path, blocks[0])
        return
    head = [
        f"##TITLE={_line(spectra.about.get('title', path.stem))}",
        "##JCAMP-DX=5.01",
        "##DATA TYPE=LINK",
        f"##BLOCKS={len(blocks) + 1}",
        "##ORIGIN=RamanStudio",
        "##OWNER=",
    ]
    atomic_write(path, "\n".join([*head, "".join(blocks) + "##END=\n"]))


def _block(spectrum: SpectrumSet, row: int) -> str:
    axis, values = spectrum.axis, spectrum.values[0]
    kept = np.isfinite(values)
    about = spectrum.about
    title = str(spectrum.table["name"][0]) if "name" in spectrum.table else str(about.get("title", "Raman spectrum"))
    even = bool(kept.all()) and _is_even(axis)
    lines = [
        f"##TITLE={_line(title)}",
        "##JCAMP-DX=5.01",
        "##DATA TYPE=RAMAN SPECTRUM",
        f"##BLOCK_ID={row + 1}",
        "##ORIGIN=RamanStudio",
        "##OWNER=",
    ]
    for label, key in _STANDARD_LABELS:
        if key in about:
            lines.append(f"##{label}={_line(about[key])}")
    axis, values = axis[kept], values[kept]
    lines += [
        f"##$RAMANSTUDIO METADATA={own_metadata.to_json(spectrum)}",
        "##XUNITS=1/CM",
        f"##YUNITS={'COUNTS' if about.get('intensity_unit') == 'counts' else 'ARBITRARY UNITS'}",
        "##XFACTOR=1",
        "##YFACTOR=1",
        f"##FIRSTX={float(axis[0])!r}",
        f"##LASTX={float(axis[-1])!r}",
        f"##FIRSTY={values[0]}",
        f"##NPOINTS={axis.size}",
    ]
    if even:
        lines += [f"##DELTAX={float((axis[-1] - axis[0]) / (axis.size - 1))!r}", "##XYDATA=(X++(Y..Y))"]
        texts = values.astype(str)
        lines += [
            f"{float(axis[begin]):.10g} " + " ".join(texts[begin : begin + PER_LINE])
            for begin in range(0, axis.size, PER_LINE)
        ]
    else:
        lines.append("##XYPOINTS=(XY..XY)")
        lines += [f"{float(shift)!r}, {value}" for shift, value in zip(axis, values.astype(str), strict=True)]
    return "\n".join([*lines, "##END=\n"])


_STANDARD_LABELS: Final = (
    ("LONGDATE", "date"),
    ("SPECTROMETER/DATA SYSTEM", "instrument"),
    ("SAMPLE DESCRIPTION", "sample"),
    ("$LASER WAVELENGTH", "laser_nm"),
    ("$EXPOSURE TIME (S)", "exposure_s"),
    ("$ACCUMULATIONS", "accumulations"),
    ("$LASER POWER (MW)", "laser_power_mw"),
    ("$GRATING", "grating"),
    ("$OBJECTIVE", "objective"),
)


def _is_even(axis: NDArray[Any]) -> bool:
    """Whether an axis (B,) is given by its ends to a billionth of its step."""
    line = np.linspace(axis[0], axis[-1], axis.size)
    return bool(np.max(np.abs(axis - line)) <= _EVEN * (axis[1] - axis[0]))


def _line(value: object) -> str:
    """Return a value as one line without the marks of a comment."""
    return " ".join(str(value).replace("$$", "$ $").split())
