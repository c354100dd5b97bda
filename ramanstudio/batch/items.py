"""The files of a batch on their way: read in groups that are large enough to be computed at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ramanstudio.batch import zarr_store
from ramanstudio.batch.journal import path_key, state_of
from ramanstudio.batch.large_files import LargeSet, open_large
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.runner import Processed

GROUP_VALUES: Final = 1_000_000  # intensities that are read, computed and written at once
GROUP_FILES: Final = 512


@dataclass(slots=True)
class Item:
    """A file on its way: its sets or why it cannot be read, then where its results go."""

    file: Path
    path: str
    state: str
    sets: tuple[SpectrumSet, ...] = ()
    error: StudioError | None = None
    lazy: LargeSet | None = None
    names: list[str] = field(default_factory=list)
    processed: list[Processed] = field(default_factory=list)
    codes: list[list[str]] = field(default_factory=list)
    cells: list[list[list[Any]]] = field(default_factory=list)
    row_files: list[str] = field(default_factory=list)


def read_group(queue: list[Path], laser_nm: float | None, by_rows: bool) -> list[Item]:
    """Read files off the end of `queue` until there are enough to compute at once; large ones `by_rows` later."""
    from ramanstudio.formats import registry

    items, n_values = list[Item](), 0
    while queue and n_values < GROUP_VALUES and len(items) < GROUP_FILES:
        file = queue.pop()
        item = Item(file, path_key(file), state_of(file))
        try:
            item.lazy = open_large(file, laser_nm) if by_rows else None
            if item.lazy is None:
                is_store = zarr_store.is_store(file)
                item.sets = (zarr_store.read(file),) if is_store else registry.read(file, laser_nm)
            n_values += sum(spectra.values.size for spectra in item.sets)
        except StudioError as error:
            item.error = error
        except Exception as error:
            item.error = unexpected(error)
        items.append(item)
    return items


def unexpected(error: Exception) -> StudioError:
    """Return a fault of the program as an error that a user may read."""
    return StudioError(
        f"Something unexpected happened: {type(error).__name__}: {error}.", remedy="Report it, with the file."
    )
