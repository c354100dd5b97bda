"""The result above the spectrum: substance and probability, or unknown and why; details of the selected match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.numbers import format_number, format_probability
from ramanstudio.gui.common.theme import QUIET_PX, Theme, current_theme, with_tabular_figures
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.identify.band_ruler import KIND_TEXTS, MARK_RADIUS, draw_band_mark
from ramanstudio.gui.identify.texts import (
    band_counts,
    candidate_set_text,
    mixture_title,
    reference_note,
    reference_summary,
)

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match
    from ramanstudio.search.mixture_analysis import MixtureAnalysis

FULL_COVERAGE: Final = 0.75  # of the spectrum by the reference: not worth mentioning from here on
MIN_HEADER_HEIGHT: Final = 64
REST_HEIGHT: Final = 236  # of plot and matches
MAX_HEADER_SHARE: Final = 0.4  # of the height of the page
HEADLINE_SIZES: Final = (28, 22, 18)  # pixels
_KINDS: Final = ("matched", "missing", "extra")


class ResultHeader(QWidget):
    """Shows the result for one spectrum; `stepped(by)` when another of the selected spectra is requested."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name, self.probability = _Headline(self), label("")
        self.probability.setFont(with_tabular_figures(self.probability.font()))
        self.probability.setStyleSheet("font-size: 18px;")
        self.explanation, self.details = label("", wrap=True), label("quiet", wrap=True)
        self.explanation.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.name.setAccessibleName("Result")
        self.band_counts = _BandCounts(self)
        self._previous = self._step_button("‹", "Previous selected spectrum", -1)
        self._next = self._step_button("›", "Next selected spectrum", 1)
        self.position = label("quiet")
        self._lay_out()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self.name.theme = self.band_counts.theme = theme
        self.name.update()
        self.band_counts.update()

    @property
    def title(self) -> str:
        """The result in a line: `Quartz · 97 %`."""
        return " · ".join(part for part in (self.name.text(), self.probability.text()) if part)

    def show_status(self, sentence: str) -> None:
        """Show a sentence in place of a result: why there is none yet."""
        self.name.setText("")
        self.probability.setText("")
        self.explanation.setText(sentence)
        self.details.setText("")
        self._show_labels()

    def show_identification(self, identification: Identification, status: str = "") -> None:
        """Show the best match, or that the spectrum is unknown and why; `status` follows."""
        best = identification.matches[0] if identification.matches else None
        unknown = identification.unknown or best is None
        self.name.setText(UNKNOWN if unknown or best is None else best.name)
        self.probability.setText("" if unknown or best is None else format_probability(best.probability))
        self.probability.setToolTip("The probability that the spectrum is of this substance")
        reason = identification.explanation or ("No match in these libraries is credible." if unknown else "")
        sentences = (reason, candidate_set_text(identification), status)
        self.explanation.setText(" ".join(sentence for sentence in sentences if sentence))
        self._show_labels()

    def show_mixture(self, mixture: MixtureAnalysis, best: Match | None) -> None:
        """Show the components of a mixture, and the `best` single match."""
        self.name.setText(" + ".join(component.name for component in mixture.components))
        self.probability.setText("")
        single = ""
        if best is not None:
            single = f" The best single match is {best.name}, {format_probability(best.probability)}."
        self.explanation.setText(f"{mixture_title(mixture)} of the fitted intensity.{single}")
        self.show_match(None, None, False)

    def show_match(self, match: Match | None, library: Library | None, unknown: bool) -> None:
        """Show where the selected match is from, and how many of its bands match."""
        self.band_counts.show_counts(match)
        if match is None:
            self.details.setText("")
        else:
            name = f"Closest match: {match.name}" if unknown else match.name
            parts = (name, reference_summary(match, library), reference_note(match, library))
            self.details.setText(" · ".join(part for part in parts if part))
        self._show_labels()

    def show_coverage(self, coverage: float) -> None:
        """Show how much of the spectrum the reference covers (0 to 1), where that is little."""
        if coverage < FULL_COVERAGE and self.details.text():
            self.details.setText(f"{self.details.text()} · covers {100 * coverage:.0f} % of the spectrum")

    def show_position(self, position: int, n_spectra: int) -> None:
        """Show which of the selected spectra this is."""
        for widget in (self._previous, self.position, self._next):
            widget.setVisible(n_spectra > 1)
        self.position.setText(f"{format_number(position + 1)} of {format_number(n_spectra)}")
        self._previous.setEnabled(position > 0)
        self._next.setEnabled(position < n_spectra - 1)

    def _show_labels(self) -> None:
        for text in (self.name, self.probability, self.explanation, self.details):
            text.setVisible(bool(text.text()))
        self.band_counts.setVisible(self.band_counts.has_counts)

    def _step_button(self, text: str, tooltip: str, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        button.clicked.connect(lambda: self.stepped.emit(by))
        return button

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.name)
        first.addWidget(self.probability, 0, Qt.AlignmentFlag.AlignBottom)
        first.addStretch()
        steps = QHBoxLayout()
        steps.setSpacing(2)
        for widget in (self._previous, self.position, self._next):
            steps.addWidget(widget)
        first.addLayout(steps)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 8, 12, 4)
        whole.setSpacing(2)
        whole.addLayout(first)
        whole.addWidget(self.explanation)
        whole.addWidget(self.details)
        whole.addWidget(self.band_counts)


class ResultHeaderArea(QScrollArea):
    """Shows all of a result header where there is room, else as much as leaves room for the plot, and scrolls."""

    def __init__(self, header: ResultHeader, page: QWidget) -> None:
        super().__init__(page)
        self._header, self._page = header, page
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(header)
        header.installEventFilter(self)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Fit the height when the texts or the page have changed."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        needed = self._header.heightForWidth(max(self._page.width(), 1))
        height = self._page.height()
        limit = max(MIN_HEADER_HEIGHT, min(round(MAX_HEADER_SHARE * height), height - REST_HEIGHT))
        self.setFixedHeight(max(1, min(needed, limit)))


class _Headline(QLabel):
    """A name as large as fits, then elided with a tooltip; unknown is drawn in the colour of a warning."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.theme = current_theme()

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetrics(self._font(HEADLINE_SIZES[0]))
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        fonts = [self._font(size) for size in HEADLINE_SIZES]
        fitting = (font for font in fonts if QFontMetrics(font).horizontalAdvance(self.text()) <= self.width())
        font = next(fitting, fonts[-1])
        text = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if text != self.text() else "")
        painter = QPainter(self)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.warning if self.text() == UNKNOWN else self.theme.text))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        painter.end()

    def _font(self, size: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(size)
        font.setWeight(QFont.Weight.DemiBold)
        return font


class _BandCounts(QLabel):
    """How many bands are matched, missing and extra, each with its mark."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = current_theme()
        self._texts: tuple[str, ...] = ()
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        self.setToolTip("\n".join(f"{kind}: {KIND_TEXTS[kind]}" for kind in _KINDS))

    @property
    def has_counts(self) -> bool:
        """Whether there are counts to show."""
        return bool(self._texts)

    def show_counts(self, match: Match | None) -> None:
        """Show the counts of a match; None shows none."""
        self._texts = () if match is None else band_counts(match)
        self.setAccessibleName(", ".join(self._texts))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One line with the whole texts."""
        return QSize(self._width_of(self._texts), self.fontMetrics().height() + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """One line with the numbers alone; the tooltip says what their marks mean."""
        return QSize(self._width_of(self._numbers), self.sizeHint().height())

    @property
    def _numbers(self) -> tuple[str, ...]:
        return tuple(text.split(" ")[0] for text in self._texts)

    def _width_of(self, texts: tuple[str, ...]) -> int:
        return sum(self.fontMetrics().horizontalAdvance(text) + 30 for text in texts)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw mark and text of each count, where there is little room its number alone."""
        painter, x, middle = QPainter(self), 4.0, self.height() / 2
        texts = self._texts if self._width_of(self._texts) <= self.width() else self._numbers
        for kind, text in zip(_KINDS, texts, strict=False):
            draw_band_mark(painter, QPointF(x + MARK_RADIUS, middle), kind, self.theme)
            painter.setPen(QColor(self.theme.quiet))
            width = self.fontMetrics().horizontalAdvance(text)
            painter.drawText(int(x + 14), 0, width + 2, self.height(), int(Qt.AlignmentFlag.AlignVCenter), text)
            x += width + 30
        painter.end()
