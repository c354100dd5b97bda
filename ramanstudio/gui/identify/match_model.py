"""The hits of one spectrum as rows: rank, substance, chance, hit quality, and what else a referee asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ramanstudio.gui.identify.texts import bands_words, chance_words

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

Index = QModelIndex | QPersistentModelIndex
LibraryOf = Callable[["Match"], "Library | None"]

CHANCE: Final = Qt.ItemDataRole.UserRole + 1  # 0 to 1
CANDIDATE: Final = Qt.ItemDataRole.UserRole + 2  # "inside", "last" or "" of the candidate set
QUIET: Final = Qt.ItemDataRole.UserRole + 3  # whether the row is shown though the spectrum is unknown


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, what it means, and whether it is one of the classic indices."""

    key: str
    title: str
    help: str
    classic: bool = False


COLUMNS: Final = (
    Column("rank", "#", "Rank"),
    Column("name", "Substance", "The substance; where the library has several references of it, the best of them"),
    Column(
        "chance",
        "Chance",
        "How surely the spectrum is of this substance: of a hundred hits with a chance of 90 %, ninety are right",
    ),
    Column("hqi", "HQI", "Hit quality index: 1000 × the square of the correlation, no baseline left in either"),
    Column("gap", "Gap", "How far the next hit is behind in score: a small gap means that two are alike"),
    Column("bands", "Bands", "How many bands of the reference the spectrum has"),
    Column(
        "pearson", "Pearson", "Correlation of both as they were measured, with their baselines, −1 to 1", classic=True
    ),
    Column("euclid", "Euclid", "Distance of both, without baseline and of unit length; 0 is the same", classic=True),
    Column("library", "Library", "Which library the reference is from"),
)
_RIGHT: Final = ("rank", "hqi", "gap", "bands", "pearson", "euclid")


class HitModel(QAbstractTableModel):
    """Rows of one Identification."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._found: Identification | None = None
        self._library_of: LibraryOf = lambda _: None

    def show(self, found: Identification | None, library_of: LibraryOf) -> None:
        """Show these hits; None shows none."""
        self.beginResetModel()
        self._found, self._library_of = found, library_of
        self.endResetModel()

    @property
    def found(self) -> Identification | None:
        """What is shown."""
        return self._found

    @property
    def matches(self) -> Sequence[Match]:
        """The hits, best first."""
        return self._found.matches if self._found is not None else ()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        return 0 if parent.isValid() else len(self.matches)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section].help
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].key in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found = self._found
        if found is None or not index.isValid():
            return None
        match, key = found.matches[index.row()], COLUMNS[index.column()].key
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(match, key, index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(match, key)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()].title}: {self._words(match, key, index.row())}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if key in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == CHANCE:
            return match.probability
        if role == QUIET:
            return found.unknown
        if role == CANDIDATE and not found.unknown and index.row() < found.candidate_set_size:
            return "last" if index.row() == min(found.candidate_set_size, len(found.matches)) - 1 else "inside"
        return None

    def _words(self, match: Match, key: str, row: int) -> str:
        if key == "rank":
            return str(row + 1)
        if key == "library":
            library = self._library_of(match)
            return library.title if library is not None else "–"
        texts: dict[str, Callable[[], str]] = {
            "name": lambda: match.name,
            "chance": lambda: chance_words(match.probability),
            "hqi": lambda: f"{match.hqi:.0f}",
            "gap": lambda: f"{match.gap:.2f}",
            "bands": lambda: _bands(match),
            "pearson": lambda: f"{match.pearson:.3f}".replace("-", "−"),
            "euclid": lambda: f"{match.euclid:.3f}",
        }
        return texts[key]()

    def _tooltip(self, match: Match, key: str) -> str:
        if key == "bands":
            return (
                f"Matched: {bands_words(match.matched)}\nMissing in the spectrum: {bands_words(match.missing)}\n"
                f"Only in the spectrum: {bands_words(match.extra)}"
            )
        library = self._library_of(match)
        if key in ("name", "library") and library is not None:
            at = match.reference
            facts = (str(library.notes[at]), str(library.sources[at]), str(library.licences[at]))
            return "\n".join((match.name, *(fact for fact in facts if fact)))
        return COLUMNS[[column.key for column in COLUMNS].index(key)].help


def _bands(match: Match) -> str:
    """`6 of 7`; a dash where the reference has none in the range that both have."""
    of = len(match.matched) + len(match.missing)
    return f"{len(match.matched)} of {of}" if of else "–"
