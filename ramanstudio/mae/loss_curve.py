"""The loss curve of a run, in loss.csv."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from ramanstudio.core.writing import atomic_write

LOSS_CURVE = "loss.csv"


class LossCurve:
    """The loss by step: a row every fifty steps and at each checkpoint, the mean since the row before."""

    EVERY = 50

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, float]] = []
        self._recent: dict[str, list[float]] = {}

    def add(self, step: int, parts: dict[str, float]) -> None:
        """Add the parts of the loss of one step."""
        for name, value in parts.items():
            self._recent.setdefault(name, []).append(value)
        if step % self.EVERY == 0:
            self._close_row(step)

    def _close_row(self, step: int) -> None:
        if self._recent:
            self._rows.append({"step": step, **{name: self.mean(name) for name in ("loss", "noise", "hidden")}})
            self._recent = {}

    def mean(self, name: str) -> float:
        """Return the mean of the part `name` since the last row, or that of the last row."""
        recent = self._recent.get(name)
        if recent:
            return float(np.mean(recent))
        return self._rows[-1][name] if self._rows else math.nan

    def keep_until(self, step: int) -> None:
        """Read the curve of an interrupted run, without the rows after `step`."""
        if self._path.exists():
            with self._path.open(newline="") as file:
                rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
            self._rows = [{**row, "step": int(row["step"])} for row in rows if row["step"] <= step]

    def write(self, step: int) -> list[dict[str, float]]:
        """Write the curve up to `step`, and return its rows."""
        self._close_row(step)
        text = io.StringIO()
        writer = csv.DictWriter(text, ["step", "loss", "noise", "hidden"])
        writer.writeheader()
        writer.writerows(self._rows)
        atomic_write(self._path, text.getvalue())
        return list(self._rows)
