"""Sample text files of the layouts that people and programs write, for `make_format_samples`: tables, tidy, pairs, …"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LABELS = ("quartz", "calcite")


def table(rows: Iterable[Sequence[object]], separator: str = ",") -> str:
    """Rows of cells as text."""
    return "".join(separator.join(str(cell) for cell in row) + "\n" for row in rows)


def numbers(row: NDArray[np.float64]) -> list[str]:
    """Numbers as cells."""
    return [f"{number:g}" for number in row]


def single_spectra(axis: NDArray[np.float64], spectrum: NDArray[np.float64]) -> dict[str, str]:
    """Files of one spectrum by name."""
    x, y = numbers(axis), numbers(spectrum)
    pairs = list(zip(x, y, strict=True))
    return {
        "intensity_first.csv": table([["Counts", "Raman shift (cm-1)"], *zip(y, x, strict=True)]),
        "row_numbers.csv": table([["", "Raman shift", "Counts"], *((i, *pair) for i, pair in enumerate(pairs))]),
        "thousands.csv": table([["Raman shift", "Counts"], *((f"{a:,.1f}", f"{b:,.1f}") for a, b in
                                zip(axis, spectrum, strict=True))], ";"),
        "quoted_decimal_comma.csv": table([["Raman shift", "Counts"], *(
            (f'"{a:.1f}"'.replace(".", ","), f'"{b:.1f}"'.replace(".", ",")) for a, b in
            zip(axis, spectrum, strict=True))]),
        "stages.csv": table([["Raman shift", "Dark", "Raw", "Dark Subtracted"],
                             *((a, 9, f"{b + 9:g}", f"{b:g}") for a, b in zip(x, spectrum, strict=True))]),
        "line_of_words.txt": table(pairs[:100], "\t") + "*** paused ***\n" + table(pairs[100:], "\t"),
        "solis.asc": table(pairs, "\t") + "\n\nDate and Time:   Mon Jan  5 10:00:00 2026\nExposure Time (secs):   10\n"
                     "Number of Accumulations:   2\n",
        "nul_padding.ttt": "Spectrometer: simulated" + "\0" * 40 + "\r\nRaman shift;Counts\r\n" + table(pairs, ";"),
        "text_with_a_suffix_of_wire.wdf": table(pairs),
        "german.txt": "Belichtungszeit [s]: 10\nAkkumulationen: 2\nRamanverschiebung [1/cm]\tIntensität\n"
                      + table(pairs, "\t"),
        "japanese.txt": "露光時間(s)\t10\n積算回数\t2\nラマンシフト(cm-1)\t強度\n" + table(pairs, "\t"),
    }  # fmt: skip


def sets_of_spectra(axis: NDArray[np.float64], spectra: NDArray[np.float64]) -> dict[str, str]:
    """Files of several spectra by name."""
    x, rows = numbers(axis), [numbers(spectrum) for spectrum in spectra]
    labels = [LABELS[i % 2] for i in range(len(rows))]
    columns = [column for row in rows for column in (x, row)]
    titles = [f"s{i} {end}" for i in range(len(rows)) for end in "xy"]
    return {
        "wide_titles.csv": table([["sample", *(f"{shift} cm-1" for shift in x)],
                                  *((f"s{i}", *row) for i, row in enumerate(rows))]),
        "wide_r_names.csv": table([["label", *(f"X{shift}" for shift in x)],
                                   *((label, *row) for label, row in zip(labels, rows, strict=True))]),
        "wide_label_last.csv": table([[*x, "label"],
                                  *((*row, label) for label, row in zip(labels, rows, strict=True))]),
        "tidy.csv": table([["sample", "wavenumber", "intensity"],
                           *((f"s{i}", *point) for i, row in enumerate(rows) for point in zip(x, row, strict=True))]),
        "pairs.csv": table([titles, *zip(*columns, strict=True)]),
        "axis_rows.csv": "Sites\nX;Y;\n" + table(
            [(i, 5, *line) for i, row in enumerate(rows) for line in (x, row)], ";"),
        "scans.txt": "\n".join(table(zip(x, row, strict=True), "\t") for row in rows),
    }  # fmt: skip
