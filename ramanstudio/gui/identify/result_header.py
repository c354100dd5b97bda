"""Above the spectrum: what it is, how surely, or "unknown" and why; which of several is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.theme import QUIET_PX, Theme, current_theme, with_tabular_figures
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.identify.band_ruler import SIZE, WORDS, draw_mark
from ramanstudio.gui.identify.texts import candidates_words, chance_words, facts_of, marks_words, note_of

if TYPE_CHECKING:
    from ramanstudio.gui.identify.mixture_analysis import Mixed
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

WHOLE: Final = 0.75  # of a spectrum that a reference covers is not worth a word
HEADLINES: Final = (28, 22, 18)  # pixels
_KINDS: Final = ("matched", "missing", "extra")


class Verdict(QWidget):
    """Says what was found; `stepped(by)` when another of the selected spectra is asked for."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name, self.chance = _Headline(self), label("")
        self.chance.setFont(with_tabular_figures(self.chance.font()))
        self.chance.setStyleSheet("font-size: 18px;")
        self.explanation, self.facts = label("", wrap=True), label("quiet", wrap=True)
        self.explanation.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.name.setAccessibleName("What it is")
        self.marks = _MarkKey(self)
        self._before = self._step_button("‹", "The spectrum before (of those selected)", -1)
        self._after = self._step_button("›", "The next spectrum (of those selected)", 1)
        self.place = label("quiet")
        self._lay_out()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.name.theme = self.marks.theme = theme
        self.name.update()
        self.marks.update()

    @property
    def title(self) -> str:
        """What was found, in a line: `Quartz · 97 %`."""
        return " · ".join(part for part in (self.name.text(), self.chance.text()) if part)

    def say(self, sentence: str) -> None:
        """Say what stands in the way of an answer."""
        self.name.setText("")
        self.chance.setText("")
        self.explanation.setText(sentence)
        self.facts.setText("")
        self._show_parts()

    def show_found(self, found: Identification, aside: str = "") -> None:
        """Say what the spectrum is; `aside` is said beneath it."""
        unknown = found.unknown or not found.matches
        best = found.matches[0] if found.matches else None
        self.name.setText(UNKNOWN if unknown or best is None else best.name)
        self.chance.setText("" if unknown or best is None else chance_words(best.probability))
        self.chance.setToolTip("The chance that this is what it is")
        words = found.explanation or ("Nothing in these libraries is credible." if unknown else "")
        self.explanation.setText(" ".join(part for part in (words, candidates_words(found), aside) if part))
        self._show_parts()

    def show_mixture(self, mixed: Mixed, best: Match | None) -> None:
        """Say what the spectrum is mixed of, while the fit of that lies over it."""
        self.name.setText(" + ".join(part.name for part in mixed.parts))
        self.chance.setText("")
        hit = f" The best single hit is {best.name}, {chance_words(best.probability)}." if best is not None else ""
        self.explanation.setText(f"{mixed.title} of the fitted intensity.{hit}")
        self.show_hit(None, None, False)

    def show_hit(self, match: Match | None, library: Library | None, unknown: bool) -> None:
        """Say where the hit that is looked at is from, and how many of its bands match."""
        self.marks.show_counts(match)
        if match is None:
            self.facts.setText("")
        else:
            lead = f"Closest shown: {match.name}" if unknown else match.name
            parts = (lead, facts_of(match, library), note_of(match, library))
            self.facts.setText(" · ".join(part for part in parts if part))
        self._show_parts()

    def say_share(self, share: float) -> None:
        """Say how much of the spectrum the reference covers, where that is little (0 to 1)."""
        if share < WHOLE and self.facts.text():
            self.facts.setText(f"{self.facts.text()} · covers {100 * share:.0f} % of the spectrum")

    def show_place(self, place: int, many: int) -> None:
        """Say which of the selected spectra is looked at."""
        for widget in (self._before, self.place, self._after):
            widget.setVisible(many > 1)
        self.place.setText(f"{format_number(place + 1)} of {format_number(many)}")
        self._before.setEnabled(place > 0)
        self._after.setEnabled(place < many - 1)

    def _show_parts(self) -> None:
        for part in (self.name, self.chance, self.explanation, self.facts):
            part.setVisible(bool(part.text()))
        self.marks.setVisible(self.marks.has_counts)

    def _step_button(self, words: str, tip: str, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setText(words)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self.stepped.emit(by))
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.name)
        first.addWidget(self.chance, 0, Qt.AlignmentFlag.AlignBottom)
        first.addStretch()
        steps = QHBoxLayout()
        steps.setSpacing(2)
        for widget in (self._before, self.place, self._after):
            steps.addWidget(widget)
        first.addLayout(steps)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 8, 12, 4)
        whole.setSpacing(2)
        whole.addLayout(first)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self.explanation, 1)
        second.addStretch()
        second.addWidget(self.marks, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(second)
        whole.addWidget(self.facts)


class _Headline(QLabel):
    """A name as large as there is room for it, then cut, with all of it in the tooltip; what is unknown stands out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.theme = current_theme()

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetrics(self._font(HEADLINES[0]))
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        fonts = [self._font(size) for size in HEADLINES]
        fitting = (font for font in fonts if QFontMetrics(font).horizontalAdvance(self.text()) <= self.width())
        font = next(fitting, fonts[-1])
        words = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if words != self.text() else "")
        painter = QPainter(self)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.warning if self.text() == UNKNOWN else self.theme.text))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
        painter.end()

    def _font(self, size: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(size)
        font.setWeight(QFont.Weight.DemiBold)
        return font


class _MarkKey(QLabel):
    """How many bands match, are missing, or are extra, each with its mark."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = current_theme()
        self._words: tuple[str, ...] = ()
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        self.setToolTip("\n".join(f"{kind}: {WORDS[kind]}" for kind in _KINDS))

    @property
    def has_counts(self) -> bool:
        """Whether there is anything to count."""
        return bool(self._words)

    def show_counts(self, match: Match | None) -> None:
        """Count the bands of a hit."""
        self._words = () if match is None else marks_words(match)
        self.setAccessibleName(", ".join(self._words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        return QSize(sum(metrics.horizontalAdvance(words) + 30 for words in self._words), metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter, x, middle = QPainter(self), 4.0, self.height() / 2
        for kind, words in zip(_KINDS, self._words, strict=False):
            draw_mark(painter, QPointF(x + SIZE, middle), kind, self.theme)
            painter.setPen(QColor(self.theme.quiet))
            wide = self.fontMetrics().horizontalAdvance(words)
            painter.drawText(int(x + 14), 0, wide + 2, self.height(), int(Qt.AlignmentFlag.AlignVCenter), words)
            x += wide + 30
        painter.end()
