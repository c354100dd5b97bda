"""What became of the files of a drop: opened, not spectra, not readable, skipped, as a sentence with details."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import OpenedFile

MAX_NAMES: Final = 3  # of files in the sentence
MAX_LISTED: Final = 200  # in the details, of each kind


@dataclass(frozen=True, slots=True)
class ReadCount:
    """The files of a drop: how many were `read`, how many others are `known` (open already), and what was left out.

    `unsupported` are files of folders in formats that cannot be read, `skipped` counts others by suffix.
    """

    read: int
    known: int
    unsupported: Sequence[OpenedFile] = ()
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def n_skipped(self) -> int:
        """How many files are of no kind that holds spectra."""
        return self.skipped.total()


def summary_sentence(count: ReadCount, failed: Sequence[OpenedFile]) -> str:
    """Return the sentence that accounts for every file of a drop."""
    problems = [*failed, *count.unsupported]
    not_spectra = [file for file in problems if file.kind == "not spectra"]
    needs_laser = [file for file in problems if file.kind == "needs laser"]
    unreadable = [file for file in problems if file.kind not in ("not spectra", "needs laser")]
    total = count.read + len(count.unsupported)
    opened = count.read - len(failed)
    parts = [f"{format_number(opened)} of {count_of(total, 'file')} {'was' if opened == 1 else 'were'} opened"]
    if count.known:
        parts.append(f"{format_number(count.known)} {'was' if count.known == 1 else 'were'} open already")
    for files, one, many in (
        (needs_laser, "needs the laser wavelength", "need the laser wavelength"),
        (not_spectra, "holds no Raman spectra", "hold no Raman spectra"),
        (unreadable, "could not be read", "could not be read"),
    ):
        if files:
            parts.append(f"{format_number(len(files))} {one if len(files) == 1 else many} ({_names(files)})")
    if count.n_skipped:
        kinds = ", ".join(f"{format_number(number)} {suffix}" for suffix, number in count.skipped.most_common(4))
        more = " …" if len(count.skipped) > 4 else ""
        parts.append(
            f"{format_number(count.n_skipped)} {'was' if count.n_skipped == 1 else 'were'} skipped ({kinds}{more})"
        )
    return "; ".join(parts) + "."


def summary_details(count: ReadCount, failed: Sequence[OpenedFile]) -> str:
    """Return the files that were not opened, by the reason and what to do, and how many were skipped by suffix."""
    by_reason: dict[str, list[Path]] = defaultdict(list)
    for file in [*failed, *count.unsupported]:
        reason = file.problem.replace(f"'{file.path.name}'", "…")
        by_reason[f"{reason} {file.remedy}".strip()].append(file.path)
    blocks = []
    for reason, paths in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        names = "\n".join(str(path) for path in paths[:MAX_LISTED])
        more = f"\nand {len(paths) - MAX_LISTED} more" if len(paths) > MAX_LISTED else ""
        blocks.append(f"{count_of(len(paths), 'file')}: {reason}\n{names}{more}")
    if count.n_skipped:
        kinds = "\n".join(f"{suffix}: {format_number(number)}" for suffix, number in count.skipped.most_common())
        blocks.append(f"Skipped, as files of these kinds hold no spectra that are read:\n{kinds}")
    return "\n\n".join(blocks)


def _names(files: Sequence[OpenedFile]) -> str:
    names = ", ".join(file.path.name for file in files[:MAX_NAMES])
    return names + (" …" if len(files) > MAX_NAMES else "")
