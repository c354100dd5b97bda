"""What the checks of the selected spectra found, as the side panel says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ramanstudio.gui.document.selection import Rows
from ramanstudio.signal.quality import Quality

UNSOUND: Final = ("saturated", "flat")  # no signal-to-noise ratio means anything there
MAX_SENTENCES: Final = 4

Checked = Sequence[tuple[Quality, Rows]]


def of_rows(checked: Checked) -> Quality:
    """Return what was found in the selected `rows` (n,) of several entries, as of one set."""
    codes = dict.fromkeys(code for quality, _ in checked for code in quality.values)
    sizes = [len(rows) for _, rows in checked]
    values = {
        code: np.concatenate(
            [
                quality.values[code][rows] if code in quality.values else np.zeros(size)
                for (quality, rows), size in zip(checked, sizes, strict=True)
            ]
        )
        for code in codes
    }
    return Quality(sum(sizes), {code: numbers for code, numbers in values.items() if numbers.any()})


def findings_text(checked: Checked) -> str:
    """Return what was found as lines, the first few; empty where nothing was."""
    sentences = [finding.sentence for finding in of_rows(checked).sentences()] if checked else []
    return "\n".join(sentences[:MAX_SENTENCES])


def is_unsound(checked: Checked) -> bool:
    """Whether most of the selected spectra are saturated or flat."""
    quality = of_rows(checked)
    found = [quality.values[code] > 0 for code in UNSOUND if code in quality.values]
    return bool(found) and 2 * int(np.logical_or.reduce(found).sum()) > quality.n_spectra
