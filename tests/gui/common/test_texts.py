"""Texts that the list, the panels and the tooltips share."""

from __future__ import annotations

from ramanstudio.gui.common.texts import Snr, count_of, number, short_problem


def test_a_gain_is_given_as_equivalent_exposure() -> None:
    assert Snr(12, 31.2, 2.6).exposure == "equivalent to 6.8× exposure"
    assert Snr(100, 100, 1.0).exposure == "No measurable noise"
    assert Snr(12, 31.2, 2.6).arrow == "12 → 31"


def test_a_problem_is_shortened_by_the_name_its_row_shows() -> None:
    assert short_problem("a.txt", "Could not read 'a.txt': it holds no numbers.") == "It holds no numbers."
    assert short_problem("a.txt", "The disk is gone.") == "The disk is gone."


def test_counts_have_their_noun_and_a_separator() -> None:
    assert count_of(1, "spectrum", "spectra") == "1 spectrum"
    assert count_of(24, "spectrum", "spectra") == "24 spectra"
    assert count_of(12_000, "file") == "12\u202f000 files"
    assert [number(value) for value in (532.0, 632.8, 0.5, 12345.6)] == ["532", "632.8", "0.5", "12\u202f346"]
