"""The matches of one spectrum as table rows: rank, substance, probability, hit quality index and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QModelIndex, QObject, Qt

from ramanstudio.core.numbers import format_probability
from ramanstudio.gui.common.columns_model import ColumnsModel, Index
from ramanstudio.gui.identify.texts import format_bands

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

LibraryOf = Callable[["Match"], "Library | None"]

PROBABILITY: Final = Qt.ItemDataRole.UserRole + 1  # 0 to 1
CANDIDATE: Final = Qt.ItemDataRole.UserRole + 2  # "inside", "last" or "" of the candidate set
QUIET: Final = Qt.ItemDataRole.UserRole + 3  # whether the row is shown though the spectrum is unknown


@dataclass(frozen=True, slots=True)
class MatchColumn:
    """A column: its title, its tooltip, and whether it is one of the classic indices."""

    key: str
    title: str
    help: str
    classic: bool = False


COLUMNS: Final = (
    MatchColumn("rank", "#", "Rank"),
    MatchColumn("name", "Substance", "The substance; of several references of it, the best is shown"),
    MatchColumn(
        "probability",
        "Probability",
        "That the spectrum is of this substance: of a hundred matches with a probability of 90 %, ninety are correct",
    ),
    MatchColumn("hqi", "HQI", "Hit quality index: 1000 × the squared correlation of both spectra, baselines removed"),
    MatchColumn("gap", "Gap", "Difference in score to the next match: small where the two are hard to tell apart"),
    MatchColumn("bands", "Bands", "How many bands of the reference are in the spectrum"),
    MatchColumn(
        "pearson", "Pearson", "Correlation of both spectra as measured, baselines included, −1 to 1", classic=True
    ),
    MatchColumn(
        "euclid",
        "Euclid",
        "Distance of both spectra, scaled to unit length, baselines removed; 0 if equal",
        classic=True,
    ),
    MatchColumn("library", "Library", "The library that the reference is from"),
)
_RIGHT_ALIGNED: Final = ("rank", "hqi", "gap", "bands", "pearson", "euclid")


class MatchModel(ColumnsModel):
    """The matches of one Identification as rows."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(COLUMNS, parent)
        self._identification: Identification | None = None
        self._library_of: LibraryOf = lambda _: None

    def show(self, identification: Identification | None, library_of: LibraryOf) -> None:
        """Show the matches of an identification; None shows none."""
        self.beginResetModel()
        self._identification, self._library_of = identification, library_of
        self.endResetModel()

    @property
    def identification(self) -> Identification | None:
        """The identification whose matches are shown."""
        return self._identification

    @property
    def matches(self) -> Sequence[Match]:
        """The matches, best first."""
        return self._identification.matches if self._identification is not None else ()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        """A row for each match."""
        return 0 if parent.isValid() else len(self.matches)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Title, tooltip and alignment of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].key in _RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return super().headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip, alignment, and what the delegate draws."""
        identification = self._identification
        if identification is None or not index.isValid():
            return None
        match, key = identification.matches[index.row()], COLUMNS[index.column()].key
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(match, key, index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(match, key)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()].title}: {self._text(match, key, index.row())}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if key in _RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == PROBABILITY:
            return match.probability
        if role == QUIET:
            return identification.unknown
        if role == CANDIDATE and not identification.unknown:
            n_candidates = min(identification.candidate_set_size, len(identification.matches))
            if index.row() < n_candidates:
                return "last" if index.row() == n_candidates - 1 else "inside"
        return None

    def _text(self, match: Match, key: str, row: int) -> str:
        if key == "rank":
            return str(row + 1)
        if key == "library":
            library = self._library_of(match)
            return library.title if library is not None else "–"
        texts: dict[str, Callable[[], str]] = {
            "name": lambda: match.name,
            "probability": lambda: format_probability(match.probability),
            "hqi": lambda: f"{match.hqi:.0f}",
            "gap": lambda: f"{match.gap:.2f}",
            "bands": lambda: _band_ratio(match),
            "pearson": lambda: f"{match.pearson:.3f}".replace("-", "−"),
            "euclid": lambda: f"{match.euclid:.3f}",
        }
        return texts[key]()

    def _tooltip(self, match: Match, key: str) -> str:
        if key == "bands":
            return (
                f"Matched: {format_bands(match.matched)}\nMissing in the spectrum: {format_bands(match.missing)}\n"
                f"Only in the spectrum: {format_bands(match.extra)}"
            )
        library = self._library_of(match)
        if key in ("name", "library") and library is not None:
            row = match.reference
            details = (str(library.notes[row]), str(library.sources[row]), str(library.licences[row]))
            return "\n".join((match.name, *(detail for detail in details if detail)))
        return COLUMNS[[column.key for column in COLUMNS].index(key)].help


def _band_ratio(match: Match) -> str:
    """`6 of 7`; a dash where the reference has none in the range that both have."""
    of = len(match.matched) + len(match.missing)
    return f"{len(match.matched)} of {of}" if of else "–"
