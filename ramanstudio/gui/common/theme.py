"""The light and the dark theme: colours of all views, Qt palette and style sheet, read from resources/theme.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from string import Template
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette, QPen
from PySide6.QtWidgets import QApplication

from ramanstudio.core.paths import bundled_path

ThemeChoice = Literal["system", "light", "dark"]
BODY_PX: Final = 13
QUIET_PX: Final = 12


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, each as "#RRGGBB"; `band_alpha` is the opacity of a confidence band."""

    name: Literal["light", "dark"]
    window: str
    panel: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    raw: str
    band_alpha: float
    residual: str
    reference: str
    baseline: str
    warning: str
    error: str
    categories: tuple[str, ...]

    @property
    def is_dark(self) -> bool:
        """Whether the background is dark."""
        return self.name == "dark"

    def category(self, index: int) -> str:
        """The colour of the `index`-th of several curves or groups; the 21st has the first again."""
        return self.categories[index % len(self.categories)]

    def pen(self, colour: str, width: float = 1.0, alpha: float = 1.0) -> QPen:
        """A pen for curves: `width` in screen pixels at any zoom."""
        pen = QPen(with_alpha(colour, alpha), width)
        pen.setCosmetic(True)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    def palette(self) -> QPalette:
        """The Qt palette, for what the style sheet does not set."""
        palette = QPalette()
        roles = QPalette.ColorRole
        for role, colour in (
            (roles.Window, self.window),
            (roles.Base, self.panel),
            (roles.AlternateBase, self.window),
            (roles.Button, self.panel),
            (roles.ToolTipBase, self.panel),
            (roles.Highlight, self.accent),
            (roles.Accent, self.accent),
            (roles.Link, self.accent),
            (roles.LinkVisited, self.accent),
            (roles.HighlightedText, self.on_accent),
            (roles.WindowText, self.text),
            (roles.Text, self.text),
            (roles.ButtonText, self.text),
            (roles.ToolTipText, self.text),
            (roles.BrightText, self.error),
            (roles.PlaceholderText, self.quiet),
            (roles.Light, self.panel),
            (roles.Midlight, self.line),
            (roles.Mid, self.line),
            (roles.Dark, self.quiet),
            (roles.Shadow, self.line),
        ):
            palette.setColor(role, QColor(colour))
        for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(blend(self.quiet, self.panel, 0.35)))
        return palette

    def style_sheet(self) -> str:
        """The style sheet of the application: resources/theme.qss with the colours of this theme."""
        colours = {name: getattr(self, name) for name in self.__slots__ if name != "categories"}
        return _sheet().substitute(
            colours,
            icons=bundled_path("resources", "icons").as_posix(),
            hover=blend(self.panel, self.text, 0.06),
            pressed=blend(self.panel, self.text, 0.12),
            chosen=blend(self.panel, self.accent, 0.14 if not self.is_dark else 0.22),
            accent_hover=blend(self.accent, self.text, 0.12),
            faint=blend(self.quiet, self.panel, 0.35),
            scroll=blend(self.line, self.quiet, 0.25),
        )


def with_alpha(colour: str, alpha: float) -> QColor:
    """`colour` with the opacity `alpha`, 0 to 1."""
    shade = QColor(colour)
    shade.setAlphaF(alpha)
    return shade


def blend(colour: str, other: str, share: float) -> str:
    """Mix `colour` with the fraction `share` (0 to 1) of `other`; returns "#rrggbb"."""
    base, over = QColor(colour), QColor(other)
    channels = ((base.red(), over.red()), (base.green(), over.green()), (base.blue(), over.blue()))
    return "#" + "".join(f"{round((1 - share) * below + share * above):02x}" for below, above in channels)


def with_tabular_figures(font: QFont) -> QFont:
    """A copy of `font` in which all digits are equally wide, so that changing numbers do not move."""
    copy = QFont(font)
    copy.setFeature(QFont.Tag("tnum"), 1)
    return copy


@cache
def load_theme(name: Literal["light", "dark"]) -> Theme:
    """The theme `name` of resources/theme.toml."""
    colours: dict[str, Any] = tomllib.loads(bundled_path("resources", "theme.toml").read_text(encoding="utf-8"))[name]
    return Theme(name=name, **{**colours, "categories": tuple(colours["categories"])})


@cache
def _sheet() -> Template:
    return Template(bundled_path("resources", "theme.qss").read_text(encoding="utf-8"))


class Appearance(QObject):
    """The theme in use: the chosen one, or that of the system; emits `changed(Theme)` when it becomes another."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._choice: ThemeChoice = "system"
        self._app: QApplication | None = None
        self._shown: Theme | None = None

    @property
    def choice(self) -> ThemeChoice:
        """The user's choice."""
        return self._choice

    @property
    def theme(self) -> Theme:
        """The theme that results from the choice now."""
        if self._choice != "system":
            return load_theme(self._choice)
        hints = QGuiApplication.styleHints() if QGuiApplication.instance() is not None else None
        dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
        return load_theme("dark" if dark else "light")

    def apply_to(self, app: QApplication) -> None:
        """Style the application, and follow the system when it changes between light and dark."""
        self._app = app
        app.setStyle("Fusion")
        font = QFont(app.font())
        font.setPixelSize(BODY_PX)
        app.setFont(font)
        # The style hints belong to the application and end with it; a second application (in tests) connects again.
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self._follow()

    def choose(self, choice: ThemeChoice) -> None:
        """Use the light or the dark theme, or follow the system."""
        self._choice = choice
        if self._app is not None:
            # Title bars and native dialogs follow where the platform allows it; our widgets are styled below.
            hints = self._app.styleHints()
            if choice == "system":
                hints.unsetColorScheme()
            else:
                hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
        self._follow()

    def _follow(self) -> None:
        theme = self.theme
        if self._app is not None and self._app.styleSheet() != theme.style_sheet():
            self._app.setPalette(theme.palette())
            self._app.setStyleSheet(theme.style_sheet())
        if theme is not self._shown:
            self._shown = theme
            self.changed.emit(theme)


@cache
def appearance() -> Appearance:
    """The appearance of this process; views connect to its `changed`."""
    return Appearance()


def current_theme() -> Theme:
    """The theme in use."""
    return appearance().theme
