"""The density of many spectra against what counting one by one gives, and its percentiles against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.gui.viewer.density import Frame, line_counts, percentile_curves, run_to_end


def by_hand(axis: np.ndarray, values: np.ndarray, frame: Frame) -> np.ndarray:
    """Each spectrum walked along its line in small steps; (height, width)."""
    places = np.linspace(frame.left, frame.right, frame.width * 50, endpoint=False) + 1e-9
    columns = ((places - frame.left) / (frame.right - frame.left) * frame.width).astype(int)
    counts = np.zeros((frame.height, frame.width))
    for row in values:
        rows = np.floor((np.interp(places, axis, row) - frame.low) / (frame.high - frame.low) * frame.height).astype(
            int
        )
        met = {(r, c) for r, c in zip(rows, columns, strict=True) if 0 <= r < frame.height}
        for place in met:
            counts[place] += 1
    return counts


@pytest.mark.parametrize("points", [60, 200, 900], ids=["samples wider than pixels", "one a pixel", "several a pixel"])
def test_every_spectrum_is_counted_where_its_line_passes(points: int) -> None:
    axis = np.linspace(0, 100, points)
    values = np.stack([np.sin(axis / 11 + shift) for shift in np.linspace(0, 1, 40)]).astype(np.float32)
    frame = Frame(0, 100, -1.5, 1.5, 200, 40)
    counts = run_to_end(line_counts(axis, values, frame))
    expected = by_hand(axis, values, frame)
    assert counts.shape == (40, 200)
    assert np.corrcoef(counts.ravel(), expected.ravel())[0, 1] > 0.95
    assert counts.sum(axis=0).mean() == pytest.approx(expected.sum(axis=0).mean(), rel=0.15)
    assert np.all(counts[:3] == 0)  # below the lowest line


def test_an_uneven_axis_leaves_no_stripes() -> None:
    axis = np.cumsum(np.linspace(0.3, 1.7, 300))
    frame = Frame(float(axis[0]), float(axis[-1]), -1, 1, 250, 5)
    counts = run_to_end(line_counts(axis, np.zeros((30, 300), np.float32), frame))
    assert np.all(counts.max(axis=0) == 30)
    assert np.all((counts > 0).sum(axis=0) == 1)


def test_gaps_and_values_outside_the_frame_are_not_counted() -> None:
    axis = np.linspace(0, 100, 101)
    values = np.zeros((4, 101), np.float32)
    values[0, 40:60] = np.nan
    values[1] = 50
    values[2] = -50
    values[3, 10] = np.inf
    counts = run_to_end(line_counts(axis, values, Frame(0, 100, -1, 1, 100, 10)))
    assert counts[:, 5].sum() == 2
    assert counts[:, 50].sum() == 1
    assert counts[:, 10].sum() == 1
    assert not run_to_end(line_counts(axis, values, Frame(200, 300, -1, 1, 100, 10))).any()


def test_a_frame_wider_than_the_axis_is_empty_beyond_it() -> None:
    counts = run_to_end(
        line_counts(np.linspace(40, 60, 50), np.zeros((3, 50), np.float32), Frame(0, 100, -1, 1, 100, 4))
    )
    assert not counts[:, :40].any()
    assert not counts[:, 60:].any()
    assert np.all(counts[:, 40:60].sum(axis=0) == 3)


def test_percentiles_are_calculated_at_each_shift() -> None:
    values = np.random.default_rng(0).normal(size=(1001, 37)).astype(np.float32)
    percent = (0.2, 5.0, 50.0, 95.0, 99.8)
    expected = np.percentile(values, percent, axis=0, method="nearest")
    assert np.allclose(run_to_end(percentile_curves(values, percent)), expected)
    torn = values.copy()
    torn[::3] = np.nan
    torn[:, 5] = np.nan
    found = run_to_end(percentile_curves(torn, percent))
    assert np.isnan(found[:, 5]).all()
    assert np.allclose(found[2, :5], np.nanmedian(torn[:, :5], axis=0), atol=1e-6)


def test_a_large_set_is_counted_in_small_steps() -> None:
    values = np.zeros((3000, 1000), np.float32)
    pieces = sum(1 for _ in line_counts(np.arange(1000.0), values, Frame(0, 999, -1, 1, 800, 300)))
    assert pieces >= 10


def test_percentiles_do_not_change_the_spectra_in_any_memory_order() -> None:
    values = np.asfortranarray(np.random.default_rng(4).normal(size=(600, 40)).astype(np.float32))
    before = values.copy()
    found = run_to_end(percentile_curves(values, (5.0, 50.0)))
    assert np.array_equal(values, before)
    values.flags.writeable = False  # as the spectra of a set are
    assert np.array_equal(run_to_end(percentile_curves(values, (5.0, 50.0))), found)
    assert np.allclose(found[1], np.median(before, axis=0), atol=0.02)
