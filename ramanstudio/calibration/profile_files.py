"""The user's folder of calibration profiles: listed, imported, and chosen by the metadata of spectra."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from ramanstudio.calibration.intensity import INTENSITY, IntensityProfile
from ramanstudio.calibration.profile import AXIS, SUFFIX, Profile, read_record
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path

AnyProfile = Profile | IntensityProfile
MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A profile of the user's folder and its file."""

    path: Path
    profile: AnyProfile


def load_profile(path: Path | str) -> AnyProfile:
    """Read a profile of either kind. Raises StudioError when it is damaged or something else."""
    path = Path(path)
    record, what = read_record(path)
    kind = record.get("kind")
    if kind == AXIS:
        return Profile.from_record(record, what, path.stem)
    if kind == INTENSITY:
        return IntensityProfile.from_record(record, what, path.stem)
    raise StudioError(f"{what} is not a calibration profile.", remedy="Choose another file.")


def profile_folder() -> Path:
    """Return the user's folder of profiles, created when missing."""
    folder = paths.user_data() / "calibration"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stored_profiles(folder: Path | None = None) -> tuple[tuple[StoredProfile, ...], tuple[StudioError, ...]]:
    """Return the profiles of the user's folder (or of `folder`) by name, and the errors of those that are damaged."""
    stored, problems = [], []
    for path in sorted((folder or profile_folder()).glob(f"*{SUFFIX}")):
        if path.name.startswith("."):
            continue
        try:
            file = path.stat()
            stored.append(StoredProfile(path, _load_unchanged(path, file.st_mtime_ns, file.st_size)))
        except StudioError as error:
            problems.append(error)
    return tuple(sorted(stored, key=lambda entry: entry.profile.name.lower())), tuple(problems)


@lru_cache(maxsize=256)
def _load_unchanged(path: Path, _modified_ns: int, _size: int) -> AnyProfile:
    """A profile that is read once as long as its file stays as it is: a batch asks for it with each set of spectra."""
    return load_profile(path)


def store(profile: AnyProfile, folder: Path | None = None) -> Path:
    """Save a profile in the user's folder under its name, never over another one; returns its file."""
    folder = folder or profile_folder()
    stem = "".join(letter if letter.isalnum() or letter in " -_.()" else "-" for letter in profile.name).strip(" .")
    stem = (stem or "profile")[:100]
    candidates = [folder / f"{stem}{SUFFIX}", *(folder / f"{stem} {number}{SUFFIX}" for number in range(2, 1000))]
    path = next(path for path in candidates if not path.exists())
    profile.save(path)
    return path


def import_profile(path: Path, folder: Path | None = None) -> StoredProfile:
    """Copy a profile file into the user's folder. Raises StudioError when it is not a profile."""
    profile = load_profile(path)
    target = (folder or profile_folder()) / path.name
    number = 2
    while target.exists():
        if load_profile(target).hash == profile.hash:
            return StoredProfile(target, load_profile(target))
        target = target.with_name(f"{path.stem} {number}{SUFFIX}")
        number += 1
    with atomic_path(target) as draft:
        shutil.copyfile(path, draft)
    return StoredProfile(target, profile)


def fitting_profile(
    spectra: SpectrumSet, stored: Sequence[StoredProfile], kind: type[AnyProfile] = Profile
) -> StoredProfile | None:
    """Return the one profile of a kind that fits the metadata of the spectra; None where none or several do.

    It fits when laser and instrument are stated on both sides and agree, and nothing that both state differs.
    """
    fitting = [entry for entry in stored if isinstance(entry.profile, kind) and entry.profile.fits(spectra.about)]
    return fitting[0] if len(fitting) == 1 else None


def require_fitting_profile(spectra: SpectrumSet, kind: type[AnyProfile] = Profile) -> StoredProfile:
    """Return the one profile of the user's folder that fits the metadata of the spectra.

    Raises StudioError where none or several do; it says what is missing, or which ones.
    """
    stored = [entry for entry in stored_profiles()[0] if isinstance(entry.profile, kind)]
    chosen = fitting_profile(spectra, stored, kind)
    if chosen is not None:
        return chosen
    what = "correction of the Raman shift axis" if kind is Profile else "correction of relative intensity"
    fitting = [f"'{entry.profile.name}'" for entry in stored if entry.profile.fits(spectra.about)]
    if fitting:
        raise StudioError(
            f"{len(fitting)} saved profiles fit these spectra: {', '.join(fitting[:MOST_NAMED])}.",
            remedy="Choose one in the step, or delete those that no longer hold (Calibrate…, Profiles).",
        )
    missing = [title for key, title in (("laser_nm", "laser wavelength"), ("instrument", "instrument"))
               if not spectra.about.get(key)]  # fmt: skip
    if stored and missing:
        raise StudioError(
            f"No saved calibration profile can be chosen: these spectra do not state their {' and '.join(missing)}.",
            remedy="Set it under Metadata, or choose a profile in the step.",
        )
    reasons = [reason for entry in stored if (reason := _why_not(entry.profile, spectra))]
    raise StudioError(
        f"No saved calibration profile ({what}) fits these spectra. {' '.join(reasons[:1])}".strip(),
        remedy="Choose a profile in the step, or calibrate this instrument first (Calibrate…).",
    )


def _why_not(profile: AnyProfile, spectra: SpectrumSet) -> str:
    """What a profile of the same instrument differs in; empty for another instrument."""
    same = dict(spectra.about, laser_nm=profile.laser_nm)
    others = profile.other_parts(spectra.about)
    if profile.fits(same):
        return f"'{profile.name}' was measured with {profile.laser_nm:g} nm."
    is_same_instrument = profile.fits({key: same[key] for key in ("instrument", "laser_nm") if key in same})
    return f"'{profile.name}': {others[0]}" if others and is_same_instrument else ""
