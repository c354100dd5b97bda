"""Taking results away: denoised spectra as CSV or HDF5, the table of signal-to-noise ratios, and groups.

Every file is written beside its place and then renamed, so that a crash leaves the old file or the new one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path, atomic_write
from ramanstudio.project.groups import Groups

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.project.project import Entry, Project

ResultFormat = Literal["csv", "h5"]
RESULT_FORMATS: tuple[ResultFormat, ...] = ("csv", "h5")

SHIFT_HEADER = "Raman shift / cm-1"
SUMMARY_NAME = "summary.csv"
SUMMARY_HEADER = ("file", "spectrum", "points", "SNR before", "SNR after", "gain", "result")
PLACES = ("x", "y", "z", "time", "label", "sample")  # columns that a table of groups takes over where there are any
OUTLIERS = "outlier"  # in the place of a group's name


def spectrum_names(spectra: SpectrumSet) -> list[str]:
    """What to call each spectrum (N,): its name, else its place or time, else its number counted from 1."""
    if "name" in spectra.table:
        return [str(name) for name in spectra.table["name"]]
    places = [column for column in ("x", "y", "z", "time") if column in spectra.table]
    if places:
        rows = zip(*(spectra.table[column] for column in places), strict=True)
        return [" ".join(f"{column}={value:.8g}" for column, value in zip(places, row, strict=True)) for row in rows]
    return [str(number) for number in range(1, len(spectra) + 1)]


def write_denoised(path: Path, raw: SpectrumSet, denoised: Denoised, format: ResultFormat | None = None) -> Path:
    """Write `raw`, its denoised spectra and their expected error; returns the file that holds the denoised spectra.

    `path` is a file, or a folder in which a name that is not yet taken is chosen. `format` goes by the suffix of
    `path` when not given, else "csv". HDF5 is one file. CSV of one spectrum is one file of four columns: Raman shift,
    raw, denoised, expected error. CSV of N spectra is three files of the same shape, one row a spectrum, its place or
    name first and the Raman shifts as header: `<name>.csv` (denoised), `<name>.raw.csv`, `<name>.expected-error.csv`.
    Raises StudioError when the raw file itself would be overwritten or the folder cannot be written.
    """
    kind = format or ("h5" if path.suffix.lower() in (".h5", ".hdf5") else "csv")
    if path.is_dir():
        path = next(place for place in _numbered(path, raw, kind) if not _any_exists(place))
    for place in _files_of(path, raw, kind):
        _refuse_source(place, raw)
    with _writing(path):
        if kind == "h5":
            _write_hdf5(path, raw, denoised)
        elif len(raw) == 1:
            _write_columns(path, raw, denoised)
        else:
            _write_matrices(path, raw, denoised)
    return path


class SummaryRow(NamedTuple):
    """One spectrum's line in the table: the file it came from, its name in it, and what denoising gained."""

    file: str
    spectrum: str
    points: int
    snr_before: float
    snr_after: float
    gain: float
    result: str


def summary_rows(raw: SpectrumSet, denoised: Denoised, result: Path | None = None) -> list[SummaryRow]:
    """The table's lines for the spectra of one set; `file` is the absolute path of the source."""
    source = _source(raw)
    return [
        SummaryRow(str(source or ""), name, raw.points, float(before), float(after), float(gain), str(result or ""))
        for name, before, after, gain in zip(
            spectrum_names(raw), denoised.snr_before, denoised.snr_after, denoised.gain, strict=True
        )
    ]


def write_summary(path: Path, rows: Sequence[SummaryRow]) -> Path:
    """Write the table: file, spectrum, points, SNR before, SNR after, gain, result."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(SUMMARY_HEADER)
    for row in rows:
        numbers = map(_text, (row.snr_before, row.snr_after, row.gain))
        writer.writerow((row.file, row.spectrum, row.points, *numbers, row.result))
    with _writing(path):
        atomic_write(path, table.getvalue())
    return path


def read_summary(path: Path) -> list[SummaryRow]:
    """The lines of a table that `write_summary` wrote; none when the file is missing or is another kind of table."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = list(csv.reader(lines))
        if not table or tuple(table[0]) != SUMMARY_HEADER:
            return []
        return [
            SummaryRow(
                file, name, int(points), float(before or "nan"), float(after or "nan"), float(gain or "nan"), result
            )
            for file, name, points, before, after, gain, result in table[1:]
        ]
    except (OSError, ValueError, csv.Error):
        return []


class ResultFolder:
    """A folder of results with its table, `summary.csv`.

    Results are named after their source. A result replaces only what an earlier run made from the same source (the
    table says which): two sources of one name, or a file that somebody else put there, never overwrite each other.
    """

    def __init__(self, folder: Path, format: ResultFormat = "csv") -> None:
        """Raises StudioError when the folder cannot be made."""
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.format = format
        self._earlier = read_summary(folder / SUMMARY_NAME)
        self._rows: list[SummaryRow] = []
        self._taken: set[str] = set()

    @property
    def summary(self) -> Path:
        """Where the table is."""
        return self.folder / SUMMARY_NAME

    def keep(self, raw: SpectrumSet, denoised: Denoised) -> Path:
        """Write one set's result and remember its lines for the table; returns the file of the denoised spectra."""
        source = str(_source(raw) or "")
        ours = {row.result.casefold() for row in self._earlier if row.file == source}
        path = next(
            place
            for place in _numbered(self.folder, raw, self.format)
            if place.name.casefold() not in self._taken and (place.name.casefold() in ours or not _any_exists(place))
        )
        write_denoised(path, raw, denoised, self.format)
        self._taken.add(path.name.casefold())
        self._rows += summary_rows(raw, denoised, Path(path.name))
        return path

    def write_summary(self) -> Path:
        """Write the table: what this run kept, after what earlier runs kept and this one did not replace."""
        before = [row for row in self._earlier if row.result.casefold() not in self._taken]
        return write_summary(self.summary, before + self._rows)


def _text(ratio: float) -> str:
    return "" if np.isnan(ratio) else f"{ratio:.4g}"  # nothing is known of a spectrum that holds no numbers


class GroupMean(NamedTuple):
    """The mean spectrum of a group and its spread (standard deviation), both (B,) at `axis` (B,)."""

    name: str
    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]


def means_beside(path: Path) -> Path:
    """Where the means of the groups in the table `path` are written: `a-groups.csv`, `a-groups-means.csv`."""
    return path.with_name(f"{path.stem}-means{path.suffix}")


def write_groups(path: Path, project: Project, groups: Groups, means: Sequence[GroupMean] = ()) -> Path:
    """Write the group of each spectrum, a row each, and the `means` of the groups (on one axis) beside it.

    Columns: file, spectrum, x, y, z, time, label, sample where some have them, group, chance, outlier (1 or 0), two
    for each plane, SNR before, SNR after; a cell is empty where nothing is known. The means are columns, Raman shift
    first. Raises StudioError when a file that spectra came from would be overwritten, or the folder cannot be written.
    """
    for entry in project.entries:
        for place in (path, means_beside(path)):
            if entry.source is not None:
                _refuse_source(place, entry.source)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(_group_lines(project, groups))
    with _writing(path):
        if means:
            atomic_write(means_beside(path), _means_table(means))
        atomic_write(path, table.getvalue())
    return path


def _group_lines(project: Project, groups: Groups) -> Iterator[Sequence[str]]:
    entries = [(project.entry(entry_id), places) for entry_id, places in groups.members.by_entry()]
    there = [(entry, entry.source, places) for entry, places in entries if entry is not None and entry.source]
    columns = [column for column in PLACES if any(column in source.table for _, source, _ in there)]
    planes, at = _planes_of(project, groups)
    coordinates = (f"{layout} {axis}" for layout in planes for axis in (1, 2))
    yield "file", "spectrum", *columns, "group", "chance", "outlier", *coordinates, "SNR before", "SNR after"
    names = groups.names(OUTLIERS)
    for entry, source, places in there:
        file, called, ratios = str(_source(source) or entry.path), spectrum_names(source), _ratios(project, entry)
        for place, row in zip(places.tolist(), groups.members.rows[places].tolist(), strict=True):
            known = (_cell(source.table[column][row]) if column in source.table else "" for column in columns)
            chance, is_outlier = f"{groups.probabilities[place]:.3g}", str(int(groups.labels[place] == OUTLIER))
            x_y = np.concatenate([plane[at[place]] for plane in planes.values()]) if planes else np.empty(0)
            where = (f"{value:.6g}" if at[place] >= 0 else "" for value in x_y.tolist())
            snr = (_text(float(ratio[row])) for ratio in ratios) if ratios is not None else ("", "")
            yield file, called[row], *known, names[place], chance, is_outlier, *where, *snr


def _planes_of(project: Project, groups: Groups) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.intp]]:
    """The planes that were laid out, and where in them each spectrum of `groups` is; -1 where it is not."""
    explored = project.exploration
    if explored is None:
        return {}, np.full(len(groups.members), -1, dtype=np.intp)
    return dict(sorted(explored.planes.items())), groups.members.positions_in(explored.members)


def _ratios(project: Project, entry: Entry) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    result = project.result(entry)
    denoised = result.denoised if result is not None else None
    return (denoised.snr_before, denoised.snr_after) if denoised is not None else None


def _means_table(means: Sequence[GroupMean]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow((SHIFT_HEADER, *(f"{one.name}{kind}" for one in means for kind in (" mean", " spread"))))
    curves = np.stack([curve for one in means for curve in (one.mean, one.spread)], axis=1)
    for shift, row in zip(means[0].axis, curves.tolist(), strict=True):
        writer.writerow((f"{shift:.8g}", *(f"{value:.7g}" for value in row)))
    return table.getvalue()


def _source(raw: SpectrumSet) -> Path | None:
    source = raw.about.get("source")
    return Path(str(source)).absolute() if source else None


def _numbered(folder: Path, raw: SpectrumSet, kind: str) -> Iterator[Path]:
    """`a-denoised.csv`, `a-2-denoised.csv`, `a-3-denoised.csv`, … for the source `a.txt`."""
    source = _source(raw)
    stem = source.stem if source else "spectrum"
    yield folder / f"{stem}-denoised.{kind}"
    number = 2
    while True:
        yield folder / f"{stem}-{number}-denoised.{kind}"
        number += 1


def _files_of(path: Path, raw: SpectrumSet, kind: str) -> tuple[Path, ...]:
    beside = kind == "csv" and len(raw) > 1
    return (path, _raw_beside(path), _error_beside(path)) if beside else (path,)


def _raw_beside(path: Path) -> Path:
    return path.with_suffix(f".raw{path.suffix}")


def _error_beside(path: Path) -> Path:
    return path.with_suffix(f".expected-error{path.suffix}")


def _any_exists(path: Path) -> bool:
    return any(place.exists() for place in (path, _raw_beside(path), _error_beside(path)))


def _refuse_source(path: Path, raw: SpectrumSet) -> None:
    source = _source(raw)
    if source and path.exists() and source.exists() and path.samefile(source):
        raise StudioError(
            f"'{path.name}' is the file the raw spectra came from, and raw data is never overwritten.",
            remedy="Choose another name or another folder.",
        )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write '{path}': {reason}.", remedy="Choose a folder that exists and may be written."
        ) from error


def _write_columns(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    columns = np.stack([raw.values[0], denoised.spectra.values[0], denoised.expected_error[0]], axis=1)
    lines = [f"{SHIFT_HEADER},raw,denoised,expected error"]
    lines += [f"{shift:.8g},{a:.7g},{b:.7g},{c:.4g}" for shift, (a, b, c) in zip(raw.axis, columns, strict=True)]
    atomic_write(path, "\n".join(lines) + "\n")


def _write_matrices(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    # The raw spectra and the error first: where the denoised file is, all three are.
    for place, values, number in (
        (_raw_beside(path), raw.values, "%.7g"),
        (_error_beside(path), denoised.expected_error, "%.4g"),
        (path, denoised.spectra.values, "%.7g"),
    ):
        with atomic_path(place) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            _write_matrix(file, raw, values, number)


def _write_matrix(file: IO[str], raw: SpectrumSet, values: NDArray[Any], number: str) -> None:
    writer = csv.writer(file, lineterminator="\n")
    columns = [column for column in raw.table if column != "name"]
    columns = (["name"] if "name" in raw.table else []) + columns
    writer.writerow((*columns, *(f"{shift:.8g}" for shift in raw.axis)))
    row_format = ",".join([number] * raw.points) + "\n"  # one format a row: ten times as fast as one a number
    for row, spectrum in enumerate(values):
        if columns:
            cells = io.StringIO()
            csv.writer(cells, lineterminator="").writerow([_cell(raw.table[column][row]) for column in columns])
            file.write(cells.getvalue() + ",")
        file.write(row_format % tuple(spectrum.tolist()))


def _cell(value: Any) -> str:
    """An entry of the table on one line; a number with as many digits as tell it from its neighbours."""
    text = " ".join(str(value).splitlines())
    return text.removesuffix(".0") if isinstance(value, (float, np.floating)) else text


def _write_hdf5(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    from ramanstudio.formats import hdf5

    hdf5.write(
        path,
        denoised.spectra,
        raw=raw.values,
        denoised=denoised.spectra.values,
        expected_error=denoised.expected_error,
        snr_before=denoised.snr_before,
        snr_after=denoised.snr_after,
    )
