"""Reports look as the golden pictures in tests/data/reports: on a light page, every part in its place.

With REPORT_PICTURES=FOLDER the test writes what it drew, to be looked at after a change that is meant.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.report import SUMMARY, ReportHeader, ReportSubject, render
from ramanstudio.export.report_parts import GroupsOfSet
from ramanstudio.gui.common.html_to_pdf import document_of
from ramanstudio.search.matches import Identification, Match

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "reports"
PAGE = (680, 962)
THUMB = (170, 240)
AXIS = np.linspace(200.0, 1200.0, 400)
LINE = 100 / (1 + ((AXIS - 464) / 5) ** 2) + 30 / (1 + ((AXIS - 1086) / 6) ** 2)


def subject(n_spectra: int = 1, **table: Any) -> ReportSubject:
    noise = np.random.default_rng(0).normal(0, 2, (n_spectra, AXIS.size))
    source = SpectrumSet(AXIS, (LINE + 40 + noise).astype("f4"), table, {"laser_nm": 785.0, "exposure_s": 2.5})
    return ReportSubject("quartz.wdf", Path("/data/quartz.wdf"), source, source, source)


def processed(of: ReportSubject) -> ReportSubject:
    clean = of.source.with_values(np.tile(LINE + 40, (len(of.source), 1)))
    steps = (("Cosmic rays", "2 spikes"), ("Denoise", "×2.8"))
    return replace(of, final=clean, error=np.full_like(clean.values, 0.7), snr=(50.0, 140.0), steps=steps, model="smae")


def identified() -> ReportSubject:
    def match(name: str, probability: float) -> Match:
        return Match(name, probability, probability, 912.0, 0.9, 0.1, 0.2, 0, 0, (464.0,), (), (1086.0,))

    library = SimpleNamespace(
        title="Minerals", spectrum=lambda _: SpectrumSet.of(AXIS, 1 / (1 + ((AXIS - 464) / 5) ** 2))
    )
    found = Identification((match("quartz", 0.92), match("coesite", 0.05)), False, 1, "")
    return replace(processed(subject()), identification=found, libraries=[library])  # type: ignore[list-item]


def mapped() -> ReportSubject:
    x, y = (np.ravel(part).astype(float) for part in np.meshgrid(np.arange(8), np.arange(6)))
    labels = (np.arange(48) % 8 > 3).astype(np.int64)
    return replace(processed(subject(48, x=x, y=y)), groups=GroupsOfSet(("quartz", "calcite"), labels))


CASES = {
    "measured": lambda: render([subject()], ReportHeader("Sand", "A. Author", "Minerals")),
    "processed": lambda: render([processed(subject())], ReportHeader()),
    "identified": lambda: render([identified()], ReportHeader()),
    "map": lambda: render([mapped()], ReportHeader()),
    "summary": lambda: render([identified(), mapped(), subject()], ReportHeader("Batch"), layout=SUMMARY),
}


def pages(html: str) -> np.ndarray:
    """The first two pages of a report beside each other, small and in grey."""
    document = document_of(html)
    document.setPageSize(QSizeF(*PAGE))
    image = QImage(2 * PAGE[0], PAGE[1], QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    for number in range(min(2, document.pageCount())):
        painter = QPainter(image)
        painter.setClipRect(number * PAGE[0], 0, *PAGE)
        painter.translate(number * PAGE[0], -number * PAGE[1])
        document.drawContents(painter)
        painter.end()
    small = image.convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(small.constBits(), np.uint8).reshape(small.height(), small.bytesPerLine())[:, : small.width()]
    return np.asarray(Image.fromarray(grey.copy()).resize((2 * THUMB[0], THUMB[1]), Image.Resampling.BOX), dtype=float)


@pytest.mark.skipif(sys.platform != "linux", reason="the pictures are drawn with the fonts of Linux")
@pytest.mark.parametrize("case", CASES)
def test_a_report_looks_as_it_did(qapp: QApplication, case: str) -> None:
    drawn = pages(CASES[case]())
    if folder := os.environ.get("REPORT_PICTURES"):
        Image.fromarray(drawn.astype(np.uint8)).save(Path(folder) / f"{case}.png")
    golden = np.asarray(Image.open(GOLDEN / f"{case}.png").convert("L"), dtype=float)
    assert drawn.shape == golden.shape
    assert np.median(drawn) > 250, "a light page"
    blocks = np.abs(drawn - golden).reshape(THUMB[1] // 20, 20, -1, 20).mean(axis=(1, 3))
    assert blocks.max() < 15, f"part of the page differs by {blocks.max():.0f} of 255"
