"""`ramanstudio peaks`: found peaks and templates of files, as tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main

AXIS = np.arange(1200.0, 1500.0, 1.0)


def write_line(path: Path, center: float, seed: int = 0) -> Path:
    values = 100 / (1 + ((AXIS - center) / 3) ** 2) + np.random.default_rng(seed).normal(20, 1, AXIS.size)
    np.savetxt(path, np.column_stack([AXIS, values]), fmt="%.4f")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_found_peaks_are_a_row_each_with_their_errors(tmp_path, capsys):
    files = [write_line(tmp_path / f"{number}.txt", center) for number, center in enumerate((1300.0, 1400.0))]
    assert main.main(["peaks", *map(str, files), "--find", "--out", str(tmp_path / "out.csv")]) == exit_codes.DONE
    rows = rows_of(tmp_path / "out.csv")
    assert [Path(row["file"]).name for row in rows] == ["0.txt", "1.txt"]
    assert [float(row["position"]) for row in rows] == pytest.approx([1300, 1400], abs=0.5)
    assert all(0 < float(row["position_error"]) < 0.5 < float(row["significance"]) for row in rows)
    printed = capsys.readouterr().out
    assert "1300." in printed or "1299.9" in printed


def test_a_template_writes_its_peaks_and_what_it_computes(tmp_path):
    file = write_line(tmp_path / "film.txt", 1334.4)
    out = tmp_path / "out.csv"
    assert main.main(["peaks", str(file), "--template", "diamond", "--out", str(out)]) == exit_codes.DONE
    assert [row["name"] for row in rows_of(out)] == ["diamond"]
    stress = next(row for row in rows_of(tmp_path / "out_quantities.csv") if row["quantity"].startswith("stress"))
    assert float(stress["value"]) == pytest.approx(-0.567 * 2, abs=0.2)
    assert (stress["unit"], stress["holds"]) == ("GPa", "yes")
    assert main.main(["peaks", str(file), "--template", "diamond", "--out", str(out)]) == exit_codes.DONE  # our table


def test_a_file_outside_of_the_template_is_a_sentence_and_the_others_go_on(tmp_path, capsys):
    file = write_line(tmp_path / "film.txt", 1332.4)
    np.savetxt(tmp_path / "short.txt", np.column_stack([AXIS - 1000, np.sin(AXIS)]), fmt="%.4f")
    code = main.main(
        ["peaks", str(tmp_path / "short.txt"), str(file), "--template", "diamond", "--out", f"{tmp_path}/o.csv"]
    )
    assert code == exit_codes.SOME_FAILED
    assert "'short.txt': The template 'Diamond' needs 1290 to 1380 cm⁻¹" in capsys.readouterr().err
    assert len(rows_of(tmp_path / "o.csv")) == 1


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--template", "gold"], "There is no template 'gold'"),
        (["--template", "carbon", "--find"], "cannot be combined"),
    ],
)
def test_options_that_make_no_sense_are_a_sentence(tmp_path, capsys, extra, sentence):
    file = write_line(tmp_path / "film.txt", 1332.4)
    assert main.main(["peaks", str(file), *extra, "--out", str(tmp_path / "o.csv")]) != exit_codes.DONE
    assert sentence in capsys.readouterr().err
