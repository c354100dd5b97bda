"""How an entry came about: file and hash, reader, every step with its parameters and chosen values, model, version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.metadata import BY_KEY, edited_keys, value_text
from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.version import __version__
from ramanstudio.project.entry_processing import is_current
from ramanstudio.project.recovered_spectra import digest_of

if TYPE_CHECKING:
    from ramanstudio.project.project import Entry, Project, Result

SOURCE, EDITS, PROCESSING, FOUND, SOFTWARE = "Source", "Edited by hand", "Processing", "Results", "Software"
_BLOCK: Final = 2**20
_MAX_HASHES: Final = 10_000
_hashes: dict[tuple[str, int, int], str] = {}  # by path, size and time of files
_NOT_PARAMETERS: Final = ("step", "title", "summary")


@dataclass(frozen=True, slots=True)
class ProvenanceRow:
    """One line: the group it belongs to, its name, and what is known."""

    group: str
    name: str
    text: str


def provenance_of(entry: Entry, project: Project, progress: Progress = SILENT) -> tuple[ProvenanceRow, ...]:
    """Return how an entry came about; reads its file for the hash.

    Raises Cancelled when asked to stop.
    """
    result = project.result(entry)
    return (
        *source_rows(entry, progress),
        *edit_rows(entry),
        *_step_rows(entry, result),
        *_found_rows(entry, project),
        *_software_rows(result),
    )


def provenance_text(rows: Sequence[ProvenanceRow], separator: str = "\n") -> str:
    """Return the rows as text, a line each; groups as headings where lines are separate."""
    if separator != "\n":
        return separator.join(f"{row.name}: {row.text}" for row in rows)
    lines: list[str] = []
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(group)
        lines.append(f"  {row.name}: {row.text}")
    return "\n".join(lines)


def file_hash(path: Path, progress: Progress = SILENT) -> str:
    """Return the SHA-256 of a file, empty where it cannot be read. Raises Cancelled when asked to stop.

    It is read once for all its entries, as long as its size and time stay the same.
    """
    total = hashlib.sha256()
    try:
        status = path.stat()
        key = (str(path), status.st_size, status.st_mtime_ns)
        if (known := _hashes.get(key)) is not None:
            return known
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                progress(0, 0)
                total.update(block)
    except (OSError, ValueError):
        return ""
    if len(_hashes) >= _MAX_HASHES:
        _hashes.clear()
    _hashes[key] = total.hexdigest()
    return _hashes[key]


@lru_cache(maxsize=16)
def model_hash(name: str) -> str:
    """Return the SHA-256 of the weights of a denoising model, empty where it is not on this computer."""
    from ramanstudio.mae import model_store

    try:
        return model_store.read_card(model_store.find(name)).sha256
    except StudioError:
        return ""


def source_rows(entry: Entry, progress: Progress = SILENT) -> list[ProvenanceRow]:
    """Return where the spectra of an entry come from. Raises Cancelled when asked to stop."""
    source = entry.source
    rows = [ProvenanceRow(SOURCE, "Name", entry.name)]
    if source is None:
        return [*rows, ProvenanceRow(SOURCE, "Problem", entry.problem)]
    read_from = Path(str(source.about.get("source") or entry.path))
    if sha256 := file_hash(read_from, progress):
        rows.append(ProvenanceRow(SOURCE, "File", str(read_from)))
        rows.append(ProvenanceRow(SOURCE, "SHA-256 of the file, as it is now", sha256))
    elif "source" in source.about:
        rows.append(ProvenanceRow(SOURCE, "File", f"{read_from} (it is no longer there)"))
    else:
        rows.append(ProvenanceRow(SOURCE, "File", "none: these spectra were computed in the program"))
    for key, name in (("operation", "Computed as"), ("operands", "Computed from"), ("axis_note", "Common axis")):
        if key in source.about:
            rows.append(ProvenanceRow(SOURCE, name, str(source.about[key])))
    if "format" in source.about:
        rows.append(ProvenanceRow(SOURCE, "Read as", str(source.about["format"])))
    shape = f"{format_number(len(source))} × {format_number(source.points)} points"
    rows.append(ProvenanceRow(SOURCE, "Spectra", f"{shape}, {source.axis[0]:.1f} to {source.axis[-1]:.1f} cm⁻¹"))
    rows.append(ProvenanceRow(SOURCE, "BLAKE2b of axis and intensities", digest_of(source)))
    for key in ("axis_in_file", "notes"):
        if text := value_text(source.about.get(key)):
            rows.append(ProvenanceRow(SOURCE, BY_KEY[key].name, text))
    return rows


def edit_rows(entry: Entry) -> list[ProvenanceRow]:
    """Return what the user set by hand: metadata, the laser that moved the axis, the noise region."""
    rows = []
    about: Mapping[str, Any] = entry.source.about if entry.source is not None else {}
    for key in edited_keys(about):
        name, unit = (BY_KEY[key].name, BY_KEY[key].unit) if key in BY_KEY else (key, "")
        value = value_text(about.get(key))
        text = f"{value} {unit}".strip() if value else "removed"
        if key == "laser_nm" and "laser_in_file_nm" in about:
            text += f" (the file states {value_text(about['laser_in_file_nm'])} nm)"
        rows.append(ProvenanceRow(EDITS, name, text))
    if entry.noise_region is not None:
        low, high = entry.noise_region
        rows.append(ProvenanceRow(EDITS, "Noise region", f"{low:.1f} to {high:.1f} cm⁻¹"))
    return rows


def _step_rows(entry: Entry, result: Result | None) -> list[ProvenanceRow]:
    if result is None or (result.processed is None and result.denoised is None):
        return [ProvenanceRow(PROCESSING, "Steps", "none: the spectra are as measured")]
    rows = []
    if not is_current(entry, result):
        rows.append(ProvenanceRow(PROCESSING, "State", "the recipe has changed since and is still to be applied"))
    if result.processed is None:
        return [*rows, ProvenanceRow(PROCESSING, "1. Denoise", f"model {result.model}")]
    for index, record in enumerate(result.processed.records):
        problem = result.processed.problems.get(index)
        did = f"not applied: {problem.sentence}" if problem is not None else str(record.get("summary", ""))
        parameters = ", ".join(
            f"{name.replace('_', ' ')} = {_value(value)}"
            for name, value in record.items()
            if name not in _NOT_PARAMETERS and value not in ((), [], "")
        )
        text = "; ".join(part for part in (did, parameters) if part)
        rows.append(ProvenanceRow(PROCESSING, f"{index + 1}. {record['title']}", text))
    if result.set_size:
        rows.append(ProvenanceRow(PROCESSING, "Denoised as a set of", f"{format_number(result.set_size)} spectra"))
    return rows


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_significant(value, 6)
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_value, value)) + ")"
    return "automatic" if value is None else " ".join(str(value).split())


def _found_rows(entry: Entry, project: Project) -> list[ProvenanceRow]:
    rows = []
    if (found := project.identification(entry)) is not None:
        searched = ", ".join(hash_[:16] for hash_ in found.libraries) or "none"
        rows.append(ProvenanceRow(FOUND, "Identified with the libraries (hash)", searched))
    for predictions in project.predictions_for(entry):
        text = f"'{predictions.model}' (hash {predictions.model_hash[:16]})"
        rows.append(ProvenanceRow(FOUND, "Classified with the fine-tuned model", text))
    groups = project.groups
    if groups is not None and (groups.members.entry_ids == entry.id).any():
        rows.append(ProvenanceRow(FOUND, "Grouped by", groups.method or "hand"))
    return rows


def _software_rows(result: Result | None) -> list[ProvenanceRow]:
    rows = [ProvenanceRow(SOFTWARE, "Program", f"RamanStudio {__version__}")]
    if result is not None and result.model:
        sha256 = model_hash(result.model)
        rows.append(ProvenanceRow(SOFTWARE, "Model", result.model + (f" (SHA-256 {sha256})" if sha256 else "")))
    return rows
