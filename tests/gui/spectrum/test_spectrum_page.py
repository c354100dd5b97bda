"""The Spectrum tab without a selection."""

from __future__ import annotations

from pathlib import Path

from tests.gui.driver import Starter, write_spectrum


def test_a_sentence_takes_the_place_of_empty_axes(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_until(lambda: window.snr != "")
    page = window.window.page
    assert page.view is not None and page.view.isVisible()
    assert not page.hint.isVisible()
    window.services.session.select([])
    window.wait_until(page.hint.isVisible)
    assert not page.view.isVisible()
    window.choose("a.txt")
    window.wait_until(page.view.isVisible)
    assert not page.hint.isVisible()
