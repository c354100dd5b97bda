"""WITec projects and data (.wip, .wid): every spectrum, time series, line, depth scan and area scan in them.

witio (MIT-0) interprets the tags: axes, positions, settings. It trusts the offsets in them, so the tree is walked here
first: each tag has to lie within the one around it, behind the one before.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN, ByteReader
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

_SIGNATURES: Final = (b"WIT_PRCT", b"WIT_DATA", b"WIT_PR06", b"WIT_DA06")
_TREE, _TYPES = 0, (0, 2, 3, 4, 5, 6, 7, 8, 9)
_TAG_END: Final = struct.Struct("<IQQ")  # type, start and end, after the name
MAX_TAGS: Final = 500_000
MAX_CHILDREN: Final = 10_000  # witio looks for each by its name
MAX_DEPTH: Final = 40
MAX_NAME: Final = 1000
MAX_INFORMATION_BYTES: Final = 200_000
MAX_NOTES: Final = 3
_UNITS: Final = {"nm": axes.NM, "1/cm": axes.ABSOLUTE, "rel. 1/cm": axes.SHIFT, "eV": axes.EV}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("january januar", "february februar", "march märz", "april", "may mai", "june juni", "july juli", "august",
         "september", "october oktober", "november", "december dezember"), 1,
    )
    for name in names.split()
}  # fmt: skip


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a WITec project."""
    return start.startswith(_SIGNATURES)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read all graphs of a project that have a spectral axis, each a set with its name, and positions in µm.

    `laser_nm` of the user wins over the project's. Raises StudioError when the file is damaged or holds no spectra.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content):
        raise read_error(path, "it has the suffix of a WITec project but not its signature")
    _check_tags(source)
    import witio

    sets: list[SpectrumSet] = []
    errors: list[StudioError] = []
    try:
        project = witio.read_bytes(source.content)
        graphs = project.find(class_name="TDGraph")
        images = [entry for entry in project.data if entry.class_name in ("TDImage", "TDBitmap")]
        information = _information(project)
    except Exception:  # whatever witio makes of a damaged tree
        raise read_error(path, "its list of measurements is damaged", COPY_AGAIN) from None
    for graph in graphs:
        name = ""
        try:
            name = str(graph.caption or "")
            spectra = _spectra(path, graph, name, information, laser_nm)
        except StudioError as error:
            errors.append(error)
        except Exception:  # the same
            errors.append(read_error(path, f"'{name}' in it is damaged", COPY_AGAIN))
        else:
            sets += [spectra] if spectra is not None else []
    n_others = len(graphs) - len(sets) - len(errors) + len(images)
    if not sets:
        raise (
            errors[0]
            if errors
            else read_error(
                path,
                "it contains no spectra, only images or texts",
                "In WITec Project, open it to see what it contains.",
            )
        )
    notes = [f"{n_others} images and other curves in the project are not spectra."] if n_others else []
    if errors:
        left_out = " ".join(error.sentence for error in errors[:MAX_NOTES])
        notes.append(f"{len(errors)} measurements were left out. {left_out}")
    if notes:
        sets[0] = sets[0].with_about(notes=" ".join([*notes, str(sets[0].about.get("notes", ""))]).strip())
    return tuple(sets)


def _check_tags(source: ByteReader) -> None:
    """Raise StudioError unless all tags lie within each other and one behind the other, as witio assumes."""
    n_tags = 0

    def walk(offset: int, limit: int, depth: int) -> int:
        nonlocal n_tags
        n_tags += 1
        length = source.number("<I", offset)
        if n_tags > MAX_TAGS or depth > MAX_DEPTH or length > MAX_NAME:
            raise source.damaged("its list of contents")
        begin = offset + 4 + length + _TAG_END.size
        kind, start, end = source.unpack("<IQQ", offset + 4 + length)
        if end > source.size:
            raise source.cut_off()
        if kind not in _TYPES or start < begin or (kind == _TREE and start != begin) or not start <= end <= limit:
            raise source.damaged("its list of contents")
        n_children = 0
        while kind == _TREE and begin < end:
            n_children += 1
            if n_children > MAX_CHILDREN:
                raise source.damaged("its list of contents")
            begin = walk(begin, end, depth + 1)
        return int(end)

    walk(8, source.size, 0)


def _spectra(
    path: Path, graph: Any, name: str, information: dict[str, str], laser_nm: float | None
) -> SpectrumSet | None:
    """Return the spectra of a graph; None when its axis is no spectral one."""
    sizes = [int(graph.payload[key].scalar()) for key in ("SizeX", "SizeY", "SizeGraph")]
    n_bytes = graph.payload.path("GraphData", "Data").data.nbytes
    if min(sizes) < 1 or sizes[2] < 2 or sizes[0] * sizes[1] * sizes[2] > n_bytes:
        raise read_error(
            path, f"'{name}' in it states {sizes[0]} × {sizes[1]} spectra of {sizes[2]} points", COPY_AGAIN
        )
    if not _is_spectral(graph):
        return None  # a curve of time, frequency or height
    axis, unit = graph.x_axis()
    laser = _laser(graph)
    if unit not in _UNITS or laser is not None:
        axis, unit = graph.x_axis("nm")  # and from there with the laser that the user may have set
    values = np.ascontiguousarray(np.swapaxes(graph.array(), 0, 1)).reshape(-1, sizes[2])
    table = _positions(graph, sizes)
    measured = np.ones(len(values), dtype=bool)
    if values.dtype.kind == "f":  # lines of a scan that was stopped are NaN from the first point on
        measured = ~np.isnan(values[:, 0])
        measured[~measured] = ~np.all(np.isnan(values[~measured]), axis=1)
    about = _metadata(graph, information.get(re.sub(r"_Spec\..*|_Spec$", "", name), ""))
    if not np.any(measured):
        raise read_error(path, f"'{name}' in it was stopped before its first line", "Measure again.")
    if not np.all(measured):
        values, table = values[measured], {key: column[measured] for key, column in table.items()}
        about["notes"] = f"The measurement was stopped: {len(values)} of {len(measured)} spectra were collected."
    if len(values) == 1:
        about |= {f"{column}_um": float(numbers[0]) for column, numbers in table.items() if column in "xyz"}
        table = {}
    return raman_spectra(
        path, axis, _UNITS.get(unit, axes.NM), values, file_laser_nm=laser, laser_nm=laser_nm,
        about={"title": name, **about}, table=table,
    )  # fmt: skip


def _linked(graph: Any, name: str) -> Any:
    """Return the entry of the project whose number a graph states under a name, None without one."""
    tag = graph.payload.find(name)
    return graph.project.find_by_id(tag.scalar()) if tag is not None else None


def _is_spectral(graph: Any) -> bool:
    """Return whether the axis of a graph is one of wavelengths, energies or Raman shift; lengths have nm too."""
    interpretation = _linked(graph, "XInterpretationID")
    if interpretation is not None:
        return bool(interpretation.class_name == "TDSpectralInterpretation")
    transformation = _linked(graph, "XTransformationID")
    if transformation is None:
        return False
    return transformation.class_name == "TDSpectralTransformation" or graph.x_axis()[1] in _UNITS


def _laser(graph: Any) -> float | None:
    """Return the excitation wavelength in nm that the axis of a graph refers to."""
    interpretation = _linked(graph, "XInterpretationID")
    if interpretation is None or interpretation.class_name != "TDSpectralInterpretation":
        return None
    laser = float(interpretation.payload["ExcitationWaveLength"].scalar())
    return laser if 100.0 <= laser <= 3000.0 else None


def _positions(graph: Any, sizes: list[int]) -> dict[str, NDArray[Any]]:
    """Return the columns x, y and, where it varies, z (N,) in µm; the number of the spectrum without positions."""
    x, y = np.meshgrid(np.arange(sizes[0], dtype=float), np.arange(sizes[1], dtype=float))  # rows are lines of the scan
    space = _linked(graph, "SpaceTransformationID")
    if space is None or space.class_name != "TDSpaceTransformation":
        return {} if x.size == 1 else {"index": np.arange(x.size)}
    places, unit = space.apply_space_transform(np.stack([x, y, np.zeros_like(x)], axis=-1))
    if unit != "um":
        return {}
    places = places.reshape(-1, 3)
    table = {"x": places[:, 0], "y": places[:, 1], "z": places[:, 2]}
    if len(places) > 1 and np.ptp(places[:, 2]) == 0:
        del table["z"]
    return table


def _information(project: Any) -> dict[str, str]:
    """Return {name of the measurement: text} of the texts that older versions write for each measurement."""
    texts: dict[str, str] = {}
    for entry in project.find(class_name="TDText"):
        caption, stream = str(entry.caption or ""), entry.tag.find("TDStream")
        data = stream.find("StreamData") if stream is not None else None
        if data is None or np.asarray(data.data).nbytes > MAX_INFORMATION_BYTES:
            continue
        try:
            texts[caption.removesuffix(" Information").strip()] = str(entry.text())
        except Exception:  # a text in another form
            continue
    return texts


def _metadata(graph: Any, text: str) -> dict[str, Plain | None]:
    """Return what the project says about a measurement: structured settings of new versions, a text in old ones."""

    def number(pattern: str) -> float | None:
        match = re.search(pattern + r"[^:\n]*:\s*([-+]?\d+(?:\.\d+)?)", text)
        return float(match[1]) if match else None

    def words(pattern: str) -> str | None:
        match = re.search(pattern + r"[^:\n]*:[ \t]*([^\n]+)", text)
        return match[1].strip() if match else None

    stated = graph.measurement_metadata

    def setting(key: str) -> float | None:
        value = stated.get(key)
        return float(value) if isinstance(value, int | float) else None

    accumulations = setting("accumulations") or number("Number Of Accumulations")
    created = getattr(graph.trace_record, "creation_time_local", None)
    date = created.isoformat(" ", "seconds") if created is not None else _date(words("Date"), words("Time"))
    return {
        "instrument": "WITec",
        "exposure_s": positive(setting("integration_time_s") or number(r"Integration Time \[s\]")),
        "accumulations": int(accumulations) if accumulations and 1 <= accumulations < 1e9 else None,
        "laser_power_mw": positive(setting("laser_power_mw") or number(r"Laser Power \[mW\]")),
        "date": date,
        "grating": str(stated.get("grating") or "") or words("Grating"),
        "objective": str(stated.get("objective_name") or "") or words("Objective Name"),
        "sample": words("Sample Name"),
        "configuration": str(stated.get("configuration_name") or "") or words("Configuration"),
        "intensity_unit": "counts",
    }


def _date(date: str | None, time: str | None) -> str | None:
    """Return 'Montag, 6. Juli 2015' or 'Monday, July 6, 2015' with its time as 2015-07-06 11:01:23."""
    if not date:
        return None
    words = re.findall(r"[^\W\d_]+|\d+", date.lower())
    month = next((_MONTHS[word] for word in words if word in _MONTHS), None)
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 5]
    year, day = (next((n for n in numbers if low <= n <= high), None) for low, high in ((1990, 2100), (1, 31)))
    if month is None or year is None or day is None:
        return date
    return iso_date(f"{year:04d}-{month:02d}-{day:02d} {(time or '').strip()}".strip())
