"""`ramanstudio calibrate`: learn the axis or the response of an instrument from a standard; verify a profile."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import DONE, SOME_FAILED
from ramanstudio.cli.outputs import require_writable
from ramanstudio.cli.terminal import format_table, plural
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError

if TYPE_CHECKING:
    from ramanstudio.calibration.intensity import IntensityProfile
    from ramanstudio.calibration.profile import Profile
    from ramanstudio.core.spectra import SpectrumSet

VERIFY: Final = "verify"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `calibrate`."""
    parser.usage = (
        "ramanstudio calibrate STANDARD --substance silicon --out P.toml\n"
        "       ramanstudio calibrate verify P.toml STANDARD --substance calcite"
    )
    parser.add_argument("files", nargs="+", type=options.path, metavar="STANDARD", help="spectrum of the standard")
    parser.add_argument(
        "--substance",
        metavar="NAME",
        help="what was measured: silicon, polystyrene, calcite, neon, …, or a file with a table of lines",
    )
    parser.add_argument(
        "--intensity", metavar="NAME", help="learn the relative intensity: srm2241, …, or a file with a certificate"
    )
    parser.add_argument("--out", type=options.path, metavar="P.toml", help="file for the profile")
    parser.add_argument(
        "--after", type=options.path, metavar="P.toml", help="go on from this profile, as silicon after a lamp"
    )
    parser.add_argument("--name", default="", help="name of the profile")
    parser.add_argument("--temperature-c", type=float, metavar="T", help="temperature of the standard in °C (20)")
    parser.add_argument(
        "--tolerance-cm", type=float, default=1.0, metavar="D", help="verify: allowed deviation of a line (1 cm⁻¹)"
    )
    options.add_laser(parser)
    options.add_overwrite(parser)


def run(arguments: Namespace) -> int:
    """Learn a profile, or verify one; returns the exit code."""
    files: list[Path] = arguments.files
    if str(files[0]) == VERIFY and (len(files) > 1 or not files[0].exists()):
        return _verify(arguments, files[1:])
    if len(files) != 1:
        raise StudioError("One spectrum of a standard is needed.", remedy="Give one file.")
    if bool(arguments.substance) == bool(arguments.intensity):
        raise StudioError(
            "It is not said what was measured.", remedy="Give --substance silicon, or --intensity srm2241."
        )
    if arguments.out is None:
        raise StudioError("There is no file for the profile.", remedy="Give --out P.toml.")
    require_writable(arguments.out, files, arguments.overwrite or _may_be_replaced(arguments.out))
    spectra = _read(files[0], arguments)
    profile = _learn_intensity(spectra, arguments) if arguments.intensity else _learn_axis(spectra, arguments)
    profile.save(arguments.out)
    print(profile.sentence())
    print(f"Saved as '{arguments.out}'.")
    return DONE


VERB: Final = Verb(
    "calibrate", "Correct the Raman shift axis or the relative intensity by a standard.", add_arguments, run
)


def _learn_axis(spectra: SpectrumSet, arguments: Namespace) -> Profile:
    from ramanstudio import calibration
    from ramanstudio.calibration.draft import remaining_error

    after = calibration.Profile.load(arguments.after) if arguments.after else None
    profile = calibration.calibrate(
        spectra,
        arguments.substance,
        temperature_c=arguments.temperature_c,
        after=after,
        name=arguments.name or arguments.out.stem,
    )
    own = profile.lines[len(after.lines) if after else 0 :]
    header = ("line / cm⁻¹", "shown", "before", "after", "± fit", "")
    rows = [
        (
            f"{line.reference_cm:.2f}",
            f"{line.shown_cm:.2f}",
            f"{line.error_cm:+.2f}",
            f"{remaining_error(profile, line, after):+.2f}",
            f"{2 * line.shown_sd_cm:.2f}",
            line.note if line.used else f"not used: {line.note}",
        )
        for line in own
    ]
    print(format_table(header, rows))
    print(f"Model: {profile.curve.model}, from {plural(sum(line.used for line in own), 'line')}.")
    if profile.convention:
        print(f"The axis was made with wavelengths in {profile.convention}; the correction is for vacuum.")
    return profile


def _learn_intensity(spectra: SpectrumSet, arguments: Namespace) -> IntensityProfile:
    from ramanstudio import calibration

    return calibration.calibrate_intensity(spectra, arguments.intensity, name=arguments.name or arguments.out.stem)


def _verify(arguments: Namespace, files: list[Path]) -> int:
    from ramanstudio import calibration

    if len(files) == 2 and not arguments.substance:
        raise StudioError("It is not said what was measured.", remedy="Give --substance calcite.")
    if len(files) != 2:
        raise StudioError(
            "A profile and one spectrum of a standard are needed.",
            remedy="Give: calibrate verify P.toml STANDARD --substance silicon.",
        )
    profile = calibration.Profile.load(files[0])
    verification = calibration.verify(
        profile, _read(files[1], arguments), arguments.substance, arguments.tolerance_cm, arguments.temperature_c
    )
    header = ("line / cm⁻¹", "before", "after", "± fit", "", "")
    rows = [
        (
            f"{line.reference_cm:.2f}",
            f"{line.before_cm:+.2f}",
            f"{line.after_cm:+.2f}",
            f"{2 * line.sd_cm:.2f}",
            "pass" if line.passed else "FAIL",
            "" if line.known else "outside the known range",
        )
        for line in verification.lines
    ]
    print(format_table(header, rows))
    print(verification.sentence())
    profile.with_check(verification.check()).save(files[0])
    return DONE if verification.passed and not verification.worsens else SOME_FAILED


def _read(file: Path, arguments: Namespace) -> SpectrumSet:
    from ramanstudio.formats import registry

    sets = registry.read(file, arguments.laser_nm)
    spectra = sets[0]
    if arguments.laser_nm and "laser_nm" not in spectra.about:
        return spectra.with_about(laser_nm=arguments.laser_nm)
    return spectra


def _may_be_replaced(path: Path) -> bool:
    """Whether a file that is there is a profile. Raises StudioError when its verifications would be lost."""
    from ramanstudio import calibration

    try:
        profile = calibration.load_profile(path)
    except StudioError:
        return False
    if isinstance(profile, calibration.Profile) and profile.checks:
        raise StudioError(
            f"The profile '{path.name}' holds {plural(len(profile.checks), 'verification')}, which would be lost.",
            remedy="Choose another name, or replace it with --overwrite.",
        )
    return True
