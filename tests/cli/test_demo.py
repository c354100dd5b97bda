"""`ramanstudio demo` denoises everything with the shipped model."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramanstudio.cli import exit_codes, main
from tests.cli.denoise_samples import read_rows


@pytest.mark.slow
def test_the_demo_denoises_everything_and_makes_nothing_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole main job with the shipped model: table, results, picture, and a true gain beside the reported one."""
    out = tmp_path / "demo-output"
    assert main.main(["demo", "--out", str(out), "--device", "cpu"]) == exit_codes.DONE
    printed = capsys.readouterr().out
    lines = [line.rsplit(maxsplit=4) for line in printed.splitlines() if "0.1s" in line or "1.0s" in line]
    assert len(lines) == 24
    for name, before, after, gain, true in lines:
        assert float(after) > float(before), name
        assert float(true) > 1, name
        assert 0.5 < float(gain) / float(true) < 2, name
    assert len(read_rows(out / "summary.csv")) == 36 + 400
    assert (out / "polystyrene-0.1s-denoised.csv").exists()
    assert (out / "gypsum-on-marble-map-denoised.csv").exists()
    assert (out / "demo.png").stat().st_size > 100_000
    assert (out / "map.png").stat().st_size > 20_000
