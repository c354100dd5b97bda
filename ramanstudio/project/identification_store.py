"""What spectra were found to be, on disk: the identifications of an entry as columns of one HDF5 group, both ways."""

from __future__ import annotations

import math
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.project.project import Identifications

if TYPE_CHECKING:
    import h5py

    from ramanstudio.search.matches import Match, Region

_NUMBERS: Final = ("probability", "score", "hqi", "pearson", "euclid", "gap")
_PLACES: Final = ("library", "reference")
_BANDS: Final = ("matched", "missing", "extra")
_ARRAYS: Final = ("rows", "verdicts", "names", "numbers", "places", "band_counts", "bands")


def put(group: h5py.Group, identified: Identifications) -> None:
    """Write what was found for one entry into an empty group."""
    import h5py

    pairs = [(row, one) for row, one in enumerate(identified.found) if one is not None]
    matches = [match for _, one in pairs for match in one.matches]
    texts = {text: number for number, text in enumerate(dict.fromkeys(_texts(pairs, matches)))}
    bands = [[getattr(match, kind) for kind in _BANDS] for match in matches]
    arrays: dict[str, NDArray[Any]] = {
        "rows": np.array([row for row, _ in pairs], dtype=np.int64),
        "verdicts": np.array(
            [(one.unknown, one.candidate_set_size, texts[one.explanation], len(one.matches)) for _, one in pairs],
            dtype=np.int64,
        ).reshape(-1, 4),
        "names": np.array([texts[match.name] for match in matches], dtype=np.int64),
        "numbers": _table(matches, _NUMBERS, np.float64),
        "places": _table(matches, _PLACES, np.int64),
        "band_counts": np.array([[len(one) for one in kinds] for kinds in bands], dtype=np.int64).reshape(-1, 3),
        "bands": np.array(list(chain.from_iterable(chain.from_iterable(bands))), dtype=np.float64),
    }
    for name, array in arrays.items():
        group.create_dataset(name, data=array, compression="lzf" if array.size > 1000 else None)
    strings = h5py.string_dtype()
    group.create_dataset("texts", data=list(texts), dtype=strings, shape=(len(texts),))
    group.create_dataset(
        "libraries", data=list(identified.libraries), dtype=strings, shape=(len(identified.libraries),)
    )
    group.attrs["asked"] = identified.asked


def read(path: Path, group: h5py.Group, source: SpectrumSet) -> Identifications:
    """What `put` wrote for the spectra `source`. Raises ValueError where it does not fit together."""
    from ramanstudio.search.matches import Identification, Match

    hdf5.check_dataset_size(path, *(group[name] for name in (*_ARRAYS, "texts", "libraries")))
    rows, verdicts, names, numbers, places, counts, bands = (group[name][()] for name in _ARRAYS)
    texts = [str(text) for text in group["texts"].asstr()[()]]
    many = verdicts[:, 3]
    if not (len(rows) == len(verdicts) and many.sum() == len(names) == len(numbers) == len(places) == len(counts)):
        raise ValueError("the identifications do not fit together")
    if counts.sum() != len(bands) or rows.max(initial=-1) >= len(source):
        raise ValueError("the identifications do not fit their spectra")
    ends = np.cumsum(counts.ravel())[:-1]
    cut = [tuple(piece.tolist()) for piece in np.split(bands, ends)] if len(counts) else []
    matches = [
        _match(Match, texts[name], row, place, cut[3 * number : 3 * number + 3])
        for number, (name, row, place) in enumerate(zip(names.tolist(), numbers.tolist(), places.tolist(), strict=True))
    ]
    found: list[Identification | None] = [None] * len(source)
    start = 0
    for row, (unknown, candidates, explanation, count) in zip(rows.tolist(), verdicts.tolist(), strict=True):
        found[row] = Identification(
            tuple(matches[start : start + count]), bool(unknown), candidates, texts[explanation]
        )
        start += count
    libraries = tuple(str(one) for one in group["libraries"].asstr()[()])
    return Identifications(source, tuple(found), str(group.attrs["asked"]), libraries)


def told_region(region: Region | None) -> list[Any] | None:
    """Where spectra are compared, as plain numbers; an end that is none is None."""
    if region is None:
        return None
    ends = [end if math.isfinite(end) else None for end in (region.low_cm, region.high_cm)]
    return [*ends, [list(one) for one in region.without]]


def region_of(told: list[Any] | None) -> Region | None:
    """What `told_region` told. Raises ValueError or TypeError where it is none."""
    from ramanstudio.search.matches import Region

    if told is None:
        return None
    low, high, without = told
    ends = (-math.inf if low is None else float(low), math.inf if high is None else float(high))
    return Region(*ends, tuple((float(begin), float(end)) for begin, end in without))


def _match(of: type[Match], name: str, numbers: list[float], places: list[int], bands: list[Any]) -> Match:
    known: dict[str, Any] = dict(zip((*_NUMBERS, *_PLACES, *_BANDS), (*numbers, *places, *bands), strict=True))
    return of(name=name, **known)


def _texts(pairs: list[tuple[int, Any]], matches: list[Match]) -> list[str]:
    return [*(one.explanation for _, one in pairs), *(match.name for match in matches)]


def _table(matches: list[Match], names: tuple[str, ...], dtype: Any) -> NDArray[Any]:
    rows = [[getattr(match, name) for name in names] for match in matches]
    return np.array(rows, dtype=dtype).reshape(-1, len(names))
