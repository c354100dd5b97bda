"""Reads an HDF5 file of unknown origin as a whole, in a process of its own, and says whether it may be opened.

libhdf5 loops, crashes or takes gigabytes on some damaged files, and follows links to other files of the computer. This
module runs as a program beside the main one: what happens to it happens to nothing else. It imports nothing of ours, so
that it starts fast. Requests and replies are lines of JSON on standard input and output.

A file may be opened when it holds hard links only, no external links, no external raw storage, no virtual datasets, no
references, no filters but gzip, shuffle and lzf, and stays within the limits below; and when everything in it can be
read within the limits of time and memory.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any, BinaryIO, Final

import numpy as np

MIN_OBJECTS: Final = 30_000  # groups, datasets and types that any file may hold …
OBJECT_BYTES: Final = 512  # … and one for each of these in a larger file: a project has ten for each entry …
MAX_OBJECTS: Final = 300_000  # … up to this
MAX_DEPTH: Final = 16  # of groups within groups
MAX_ATTRIBUTES: Final = 200_000
MAX_ATTRIBUTE_BYTES: Final = 8 * 2**20
MAX_NAME: Final = 1000  # characters of the name of a link or an attribute
MAX_TEXT_BYTES: Final = 64 * 2**20  # of all texts of variable length
DATA_BYTES: Final = 200 * 2**20  # a file may hold this much data …
DATA_BYTES_PER_BYTE: Final = 20  # … and this much for each of its bytes: spectra compress two to five times
BLOCK_BYTES: Final = 16 * 2**20  # read at a time
MEMORY_BYTES: Final = 600 * 2**20  # more than this program has at its start
SECONDS: Final = 3.0  # of computing …
SECONDS_PER_BYTE: Final = 1 / (20 * 2**20)  # … this much more for each byte of the file …
SECONDS_PER_OBJECT: Final = 5e-4  # … and for each object that it has room for; measured: .45 ms on a busy machine
IDLE_SECONDS: Final = 60.0
DAMAGED: Final = "it is a damaged or truncated HDF5 file"
FILTERS: Final = {1: "gzip", 2: "shuffle", 32000: "lzf"}


class Refused(Exception):
    """The file may not be opened; the message is the reason, as it stands after "Could not read 'a.h5': "."""


def objects_with_room(size: int) -> int:
    """Return how many groups and datasets a file of `size` bytes has room for, at most MAX_OBJECTS."""
    return min(MAX_OBJECTS, size // OBJECT_BYTES)


def seconds_of_computing(size: int) -> float:
    """Return how long reading a file of `size` bytes may take."""
    return SECONDS + SECONDS_PER_BYTE * size + SECONDS_PER_OBJECT * objects_with_room(size)


class Budget:
    """What may still be read of a file."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data_bytes = DATA_BYTES + DATA_BYTES_PER_BYTE * size
        self.text_bytes = MAX_TEXT_BYTES
        self.max_objects = max(MIN_OBJECTS, objects_with_room(size))
        self.objects = self.max_objects
        self.attributes = MAX_ATTRIBUTES

    def take_data(self, name: str, n_bytes: int) -> None:
        """Count the bytes of a dataset; raises Refused when there are too many."""
        self.data_bytes -= n_bytes
        if self.data_bytes < 0:
            what = f"'{name}' states {n_bytes:,} bytes, and the whole file" if n_bytes > 2**20 else "the file"
            raise Refused(f"{what} states more than it can hold in its {self.size:,} bytes")

    def take_text(self, n_bytes: int) -> None:
        """Count the bytes of texts of variable length; raises Refused when there are too many."""
        self.text_bytes -= n_bytes
        if self.text_bytes < 0:
            raise Refused("it has texts too long for a column")

    def take_object(self) -> None:
        """Count a group or dataset; raises Refused when there are too many."""
        self.objects -= 1
        if self.objects < 0:
            raise Refused(f"it has more than {self.max_objects:,} groups and datasets")

    def take_attributes(self, count: int) -> None:
        """Count attributes; raises Refused when there are too many."""
        self.attributes -= count
        if self.attributes < 0:
            raise Refused(f"it has more than {MAX_ATTRIBUTES:,} attributes")


def probe(path: str) -> str:
    """Read a whole file; returns why it may not be opened, empty when it may."""
    import h5py

    try:
        budget = Budget(os.stat(path).st_size)  # noqa: PTH116
        with h5py.File(path, "r") as file:
            _read_group(file, budget, 0, set())
    except Refused as reason:
        return str(reason)
    except Exception:  # whatever h5py raises for a damaged file
        return DAMAGED
    return ""


def _read_group(group: Any, budget: Budget, depth: int, groups: set[Any]) -> None:
    """Read the attributes and members of a group; a group that was read already is left out."""
    from h5py import h5l, h5o

    address = h5o.get_info(group.id).addr
    if address in groups:
        return
    groups.add(address)
    if depth > MAX_DEPTH:
        raise Refused(f"its groups are nested more than {MAX_DEPTH} deep")
    budget.take_object()
    _read_attributes(group, budget)
    for name in _names(group, budget):
        if group.id.links.get_info(name).type != h5l.TYPE_HARD:
            raise Refused("it has links to other places or other files; a spectrum file may not refer to other files")
        kind = h5o.get_info(group.id, name).type
        if kind == h5o.TYPE_GROUP:
            _read_group(group[name], budget, depth + 1, groups)
        elif kind == h5o.TYPE_DATASET:
            budget.take_object()
            _read_dataset(group[name], budget)
        else:
            budget.take_object()


def _names(group: Any, budget: Budget) -> list[bytes]:
    """Return the names in a group; raises Refused when there are too many or one is too long."""
    names: list[bytes] = []

    def keep(name: bytes) -> bool | None:
        names.append(name)
        return True if len(name) > MAX_NAME or len(names) > budget.objects else None  # True ends it

    group.id.links.iterate(keep)
    if names and (len(names[-1]) > MAX_NAME or len(names) > budget.objects):
        raise Refused(f"it has more than {budget.max_objects:,} groups and datasets, or names that are too long")
    return names


def _read_attributes(item: Any, budget: Budget) -> None:
    """Read all attributes of a group or dataset."""
    from h5py import h5a, h5s

    count = h5a.get_num_attrs(item.id)
    budget.take_attributes(count)
    for index in range(count):
        attribute = h5a.open(item.id, index=index)
        name = attribute.name.decode("utf-8", "replace")
        _check_type(attribute.get_type(), name)
        n_bytes = math.prod(attribute.shape) * attribute.get_type().get_size()
        if attribute.get_space().get_simple_extent_type() != h5s.NULL and n_bytes > MAX_ATTRIBUTE_BYTES:
            raise Refused(f"its attribute '{name[:60]}' states {n_bytes:,} bytes")
        value = item.attrs[name]
        budget.take_text(_text_bytes([value] if isinstance(value, str | bytes) else value))


def _text_bytes(values: Any) -> int:
    """Return the bytes of the texts among values."""
    if not isinstance(values, list):
        if getattr(values, "dtype", np.dtype(float)).kind != "O":
            return 0
        values = values.ravel()
    return sum(len(text) for text in values if isinstance(text, str | bytes))


def _check_type(datatype: Any, name: str) -> None:
    """Raise Refused for references and lists of variable length, wherever they are in a type."""
    from h5py import h5t

    kind = datatype.get_class()
    if kind == h5t.REFERENCE:
        raise Refused(f"'{name[:60]}' holds references, which are not supported")
    if kind == h5t.VLEN:
        raise Refused(f"'{name[:60]}' holds lists of variable length, which are not supported")
    if kind == h5t.COMPOUND:
        for member in range(datatype.get_nmembers()):
            _check_type(datatype.get_member_type(member), name)
    elif kind == h5t.ARRAY:
        _check_type(datatype.get_super(), name)


def _read_dataset(dataset: Any, budget: Budget) -> None:
    """Check how a dataset is stored, and read its attributes and all its values."""
    from h5py import h5d, h5s, h5t

    name = dataset.name or "?"
    storage = dataset.id.get_create_plist()
    if storage.get_external_count() > 0:
        raise Refused(f"'{name[:60]}' is stored in another file; a spectrum file may not refer to other files")
    if storage.get_layout() == h5d.VIRTUAL:
        raise Refused(f"'{name[:60]}' is a view of other datasets; a spectrum file may not refer to other files")
    filters = [storage.get_filter(index)[0] for index in range(storage.get_nfilters())]
    if not set(filters) <= set(FILTERS):
        raise Refused(f"'{name[:60]}' is compressed in a way that is not supported; gzip and lzf are")
    datatype = dataset.id.get_type()
    _check_type(datatype, name)
    _read_attributes(dataset, budget)
    space = dataset.id.get_space().get_simple_extent_type()
    if space == h5s.NULL:
        return
    # Intensities become float32, whatever they are stored as.
    budget.take_data(name, math.prod(dataset.shape) * max(4, datatype.get_size()))
    if storage.get_layout() == h5d.CHUNKED and math.prod(storage.get_chunk()) * datatype.get_size() > DATA_BYTES:
        raise Refused(f"'{name[:60]}' is stored in chunks that are too large")
    is_text = datatype.get_class() == h5t.STRING and datatype.is_variable_str()
    for block in _blocks(dataset, 64 if is_text else max(1, datatype.get_size())):
        values = dataset[block]
        if is_text:
            budget.take_text(_text_bytes([values] if isinstance(values, str | bytes) else values))


def _blocks(dataset: Any, item_bytes: int) -> Any:
    """Yield selections that cover a dataset in blocks of whole chunks."""
    if not dataset.shape or not all(dataset.shape):
        yield ()
        return
    row_bytes = item_bytes * math.prod(dataset.shape[1:])
    step = max(1, BLOCK_BYTES // row_bytes)
    if dataset.chunks:
        step = max(1, step // dataset.chunks[0]) * dataset.chunks[0]
    for begin in range(0, dataset.shape[0], step):
        yield slice(begin, begin + step)


# The program ---------------------------------------------------------------------------------------------------------


def main() -> int:
    """Answer requests until standard input ends, or none comes for a minute."""
    import h5py  # noqa: F401  (what it takes is not counted as the file's)

    _limit_memory()
    # The descriptors: in a program without a console Python has no sys.stdin.
    with open(0, "rb", buffering=0) as requests, open(1, "wb", buffering=0) as replies:
        for line in _lines(requests):
            path = str(json.loads(line)["path"])
            _limit_time(path)
            replies.write(json.dumps({"reason": probe(path)}).encode() + b"\n")
            _end_limit_of_time()
    return 0


def _lines(stream: BinaryIO) -> Any:
    """Yield the lines of a stream, until it ends or is idle."""
    import select

    buffer = b""
    while True:
        if os.name == "posix" and not select.select([stream], [], [], IDLE_SECONDS)[0]:
            return
        block = stream.read(65536)
        if not block:
            return
        *lines, buffer = (buffer + block).split(b"\n")
        yield from lines


def _limit_memory() -> None:
    """Limit the memory of this process, where the system can."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def _limit_time(path: str) -> None:
    """End this process when a file takes too much time to compute; the parent limits the time on the clock."""
    import signal

    if hasattr(signal, "setitimer"):
        try:
            size = os.stat(path).st_size  # noqa: PTH116
        except (OSError, ValueError):
            size = 0
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds_of_computing(size))


def _end_limit_of_time() -> None:
    """Let this process live on."""
    import signal

    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    sys.exit(main())
