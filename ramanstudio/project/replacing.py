"""Projects in which spectra are replaced: by those of a file that was read again, or by edited ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.metadata_edits import with_current_metadata
from ramanstudio.project.project import Entry, Project


def with_replaced(project: Project, entry_id: int, new: Sequence[Entry]) -> Project:
    """Return a project with an entry replaced: the first of `new` keeps its id and recipe, the others follow it."""
    first, *others = new
    entries: list[Entry] = []
    for entry in project.entries:
        if entry.id == entry_id:
            set_id = entry_id if first.set_id else 0
            entries += [replace(first, id=entry_id, set_id=set_id, recipe=entry.recipe), *others]
        else:
            entries.append(entry)
    return project.with_entries(entries)


def with_sources(project: Project, sources: Mapping[int, SpectrumSet], keep_results: bool = False) -> Project:
    """Return a project with other spectra of entries, by entry id; they are no longer those of the file.

    `keep_results` keeps what was denoised, where only the metadata differ.
    """
    changed = {entry.id for entry in project.entries if entry.id in sources and sources[entry.id] is not entry.source}
    if not changed:
        return project
    edited = project.with_entries(
        replace(entry, source=sources[entry.id], file_index=None, problem="", remedy="")
        if entry.id in changed
        else entry
        for entry in project.entries
    )
    return with_current_metadata(edited) if keep_results else edited
