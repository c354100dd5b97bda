"""Light and dark: what can be read, and what follows what."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.common import theme
from ramanstudio.gui.common.theme import Appearance, Theme

BOTH = [theme.load_theme("light"), theme.load_theme("dark")]


def luminance(colour: str) -> float:
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture
def dressed(qapp: QApplication) -> Appearance:
    before = qapp.styleSheet(), qapp.palette(), qapp.font(), qapp.style().name()
    appearance = Appearance()
    appearance.apply_to(qapp)
    yield appearance
    appearance.choose("system")
    qapp.styleHints().colorSchemeChanged.disconnect(appearance._follow)
    qapp.setStyleSheet(before[0])
    qapp.setPalette(before[1])
    qapp.setFont(before[2])
    qapp.setStyle(before[3])


@pytest.mark.parametrize("shown", BOTH, ids=lambda shown: shown.name)
def test_text_and_curves_contrast_with_their_background(shown: Theme) -> None:
    for ground in (shown.panel, shown.window):
        for colour in (shown.text, shown.quiet, shown.accent, shown.warning, shown.error):
            assert contrast(colour, ground) >= 4.5
    assert contrast(shown.on_accent, shown.accent) >= 4.5
    for colour in (shown.raw, shown.residual, shown.reference, *shown.categories):
        assert contrast(colour, shown.panel) >= 3.0


@pytest.mark.parametrize("shown", BOTH, ids=lambda shown: shown.name)
def test_twenty_curves_have_twenty_colours(shown: Theme) -> None:
    assert len({shown.category(index) for index in range(20)}) == 20
    assert shown.category(20) == shown.category(0)


@pytest.mark.parametrize("shown", BOTH, ids=lambda shown: shown.name)
def test_the_style_sheet_names_only_colours_and_icons_that_exist(shown: Theme) -> None:
    sheet = shown.style_sheet()
    assert "$" not in sheet
    icons = [part.split('"')[0] for part in sheet.split('url("')[1:]]
    assert icons
    for icon in icons:
        assert "<svg" in Path(icon).read_text(encoding="utf-8")


def test_choosing_a_theme_styles_the_application_and_emits_changed_once(
    dressed: Appearance, qapp: QApplication
) -> None:
    seen: list[Theme] = []
    dressed.choose("light")
    dressed.changed.connect(seen.append)
    dressed.choose("dark")
    dressed.choose("dark")
    assert [shown.name for shown in seen] == ["dark"]
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(theme.load_theme("dark").window)
    assert theme.load_theme("dark").panel in qapp.styleSheet()
    dressed.choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(theme.load_theme("light").panel)
    assert dressed.choice == "light"


def test_tabular_figures_are_set_in_a_copy_of_the_font(qapp: QApplication) -> None:
    font = qapp.font()
    assert theme.with_tabular_figures(font).featureTags()
    assert not font.featureTags()


def test_colours_can_be_blended_and_made_transparent() -> None:
    assert theme.blend("#000000", "#ffffff", 0.5) == "#808080"
    assert theme.with_alpha("#ff0000", 0.25).alphaF() == pytest.approx(0.25, abs=0.01)
