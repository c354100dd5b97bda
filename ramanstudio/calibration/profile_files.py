"""The user's folder of calibration profiles: listed, imported, and chosen by the metadata of spectra."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ramanstudio.calibration.intensity import INTENSITY, IntensityProfile
from ramanstudio.calibration.profile import AXIS, SAME_LASER_NM, SUFFIX, Profile, read_record
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path

AnyProfile = Profile | IntensityProfile


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
            stored.append(StoredProfile(path, load_profile(path)))
        except StudioError as error:
            problems.append(error)
    return tuple(sorted(stored, key=lambda entry: entry.profile.name.lower())), tuple(problems)


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
    spectra: SpectrumSet, stored: Sequence[StoredProfile], kind: type = Profile
) -> StoredProfile | None:
    """Return the one profile of a kind that fits the metadata of the spectra; None where none or several do.

    It fits when laser and instrument are stated on both sides and agree, and nothing that both state differs.
    """
    fitting = [entry for entry in stored if isinstance(entry.profile, kind) and _fits(spectra, entry.profile)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(spectra: SpectrumSet, profile: AnyProfile) -> bool:
    laser = spectra.about.get("laser_nm")
    if not isinstance(laser, int | float) or not profile.laser_nm or abs(laser - profile.laser_nm) > SAME_LASER_NM:
        return False
    known = {
        "instrument": profile.instrument, "serial": profile.serial, "grating": profile.grating,
        "objective": profile.optical_path,
    }  # fmt: skip
    pairs = {key: (own, str(spectra.about.get(key, ""))) for key, own in known.items()}
    if not all(pairs["instrument"]):
        return False
    return all(not own or not other or own.strip().lower() == other.strip().lower() for own, other in pairs.values())
