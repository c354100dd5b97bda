"""Search results in a project file: the identifications of an entry as arrays of one HDF5 group, written and read."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import array, list_of, number, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.project.checks import check_arrays, read_texts, require
from ramanstudio.project.project import Identifications

if TYPE_CHECKING:
    import h5py

    from ramanstudio.core.ranges import Region
    from ramanstudio.search.matches import Match

_NUMBERS: Final = ("probability", "score", "hqi", "pearson", "euclid", "gap")
_INDICES: Final = ("library", "reference")
_BANDS: Final = ("matched", "missing", "extra")
_ARRAYS: Final = ("rows", "verdicts", "names", "numbers", "places", "band_counts", "bands")


def write(group: h5py.Group, identifications: Identifications) -> None:
    """Write the search results of one entry into an empty group.

    Texts are stored once, in `texts`, and matches one after the other: `verdicts` (N, 4) has for each spectrum of
    `rows` whether it is unknown, its number of candidates, the index of its remark and its number of matches.
    """
    results = [(row, result) for row, result in enumerate(identifications.results) if result is not None]
    matches = [match for _, result in results for match in result.matches]
    remarks_and_names = [*(result.explanation for _, result in results), *(match.name for match in matches)]
    texts = {text: index for index, text in enumerate(dict.fromkeys(remarks_and_names))}
    bands = [[getattr(match, kind) for kind in _BANDS] for match in matches]
    verdicts = [
        (result.unknown, result.candidate_set_size, texts[result.explanation], len(result.matches))
        for _, result in results
    ]
    arrays: dict[str, NDArray[Any]] = {
        "rows": np.array([row for row, _ in results], dtype=np.int64),
        "verdicts": np.array(verdicts, dtype=np.int64).reshape(-1, 4),
        "names": np.array([texts[match.name] for match in matches], dtype=np.int64),
        "numbers": _columns(matches, _NUMBERS, np.float64),
        "places": _columns(matches, _INDICES, np.int64),
        "band_counts": np.array([[len(shifts) for shifts in kinds] for kinds in bands], dtype=np.int64).reshape(-1, 3),
        "bands": np.array(list(chain.from_iterable(chain.from_iterable(bands))), dtype=np.float64),
    }
    for name, values in arrays.items():
        group.create_dataset(name, data=values, compression="lzf" if values.size > 1000 else None)
    for name, strings in (("texts", list(texts)), ("libraries", list(identifications.libraries))):
        hdf5.write_column(group, name, np.array(strings, dtype=str))
    hdf5.write_attribute(group, "asked", identifications.query_key)


def read(group: h5py.Group, source: SpectrumSet) -> Identifications:
    """Read what `write` wrote for the spectra `source`. Raises ValueError where an array is wrong."""
    from ramanstudio.search.matches import Identification

    texts, libraries = read_texts(group["texts"]), tuple(read_texts(group["libraries"]))
    arrays = {name: np.asarray(group[name][()]) for name in _ARRAYS}
    _check(arrays, len(source), len(texts), len(libraries))
    rows, verdicts, names, numbers, indices, band_counts, bands = (arrays[name] for name in _ARRAYS)
    ends = np.cumsum(band_counts.ravel())[:-1]
    band_groups = [tuple(shifts.tolist()) for shifts in np.split(bands, ends)] if len(band_counts) else []
    matches = [
        _match(texts[name], numbers[index].tolist(), indices[index].tolist(), band_groups[3 * index : 3 * index + 3])
        for index, name in enumerate(names.tolist())
    ]
    results: list[Identification | None] = [None] * len(source)
    start = 0
    for row, (unknown, candidates, remark, n_row) in zip(rows.tolist(), verdicts.tolist(), strict=True):
        results[row] = Identification(tuple(matches[start : start + n_row]), bool(unknown), candidates, texts[remark])
        start += n_row
    return Identifications(source, tuple(results), text()(group.attrs["asked"]), libraries)


def _check(arrays: dict[str, NDArray[Any]], n_spectra: int, n_texts: int, n_libraries: int) -> None:
    """Raise ValueError unless all indices and counts point to what is there."""
    n_rows, n_matches = len(arrays["rows"]), len(arrays["names"])
    checks = {
        "rows": array("iu", (n_rows,), 0, n_spectra - 1),
        "verdicts": array("iu", (n_rows, 4), 0, 2**31),
        "names": array("iu", (n_matches,), 0, n_texts - 1),
        "numbers": array("f", (n_matches, len(_NUMBERS)), allow_nan=True),
        "places": array("iu", (n_matches, len(_INDICES)), 0, 2**31),
        "band_counts": array("iu", (n_matches, len(_BANDS)), 0, 2**31),
        "bands": array("f", (None,)),
    }
    check_arrays(arrays, checks)
    verdicts = arrays["verdicts"]
    require(len(np.unique(arrays["rows"])) == n_rows, "a spectrum is listed twice")
    require(int(verdicts[:, 3].sum()) == n_matches, "the number of matches is another")
    require(int(arrays["band_counts"].sum()) == len(arrays["bands"]), "the number of bands is another")
    require(bool(np.all(verdicts[:, 2] < n_texts)), "an explanation is missing")
    require(bool(np.all(verdicts[:, 1] <= verdicts[:, 3])), "there are more candidates than matches")
    require(bool(np.all(arrays["places"][:, 0] < max(1, n_libraries))), "a library is missing")


def region_to_json(region: Region | None) -> list[Any] | None:
    """Return a search range as plain numbers; an open end is None."""
    if region is None:
        return None
    ends = [end if math.isfinite(end) else None for end in (region.low_cm, region.high_cm)]
    return [*ends, [list(excluded) for excluded in region.excluded]]


def region_from_json(value: Any) -> Region | None:
    """Return the search range that `region_to_json` wrote. Raises ValueError where it is none."""
    from ramanstudio.core.ranges import Region

    if value is None:
        return None
    end = number()
    low, high, excluded = list_of(lambda item: item, length=3)(value)
    ends = (-math.inf if low is None else end(low), math.inf if high is None else end(high))
    require(ends[0] < ends[1], "the range is empty")
    return Region(*ends, tuple((begin, stop) for begin, stop in list_of(list_of(end, length=2), 1000)(excluded)))


def _match(name: str, numbers: list[float], indices: list[int], bands: list[Any]) -> Match:
    from ramanstudio.search.matches import Match

    fields: dict[str, Any] = dict(zip((*_NUMBERS, *_INDICES, *_BANDS), (*numbers, *indices, *bands), strict=True))
    return Match(name=name, **fields)


def _columns(matches: list[Match], names: tuple[str, ...], dtype: Any) -> NDArray[Any]:
    """The fields `names` (K) of N matches as an array (N, K)."""
    rows = [[getattr(match, name) for name in names] for match in matches]
    return np.array(rows, dtype=dtype).reshape(-1, len(names))
