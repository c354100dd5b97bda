"""`ramanstudio info`: what files hold, as a reader sees them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.cli import options
from ramanstudio.cli.errors import error_for_user
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import find_files
from ramanstudio.cli.terminal import one_line, say
from ramanstudio.cli.verb import Verb
from ramanstudio.core.spectra import SpectrumSet

_LOWEST_SNR: Final = 4.0  # the highest excursion of noise alone comes near it
_CHECKED: Final = 500  # spectra of a set that are checked
_AVERAGED: Final = 5  # points, without which the highest excursion of the noise would count as a band


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `info`."""
    options.add_files(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Print the metadata of files; returns the exit code."""
    from ramanstudio.formats import registry

    files = find_files(arguments.files)
    n_failed = 0
    for file in files:
        try:
            for spectra in registry.read(file, arguments.laser_nm):
                print("\n".join(_describe(file, spectra)))
        except Exception as error:
            n_failed += 1
            say(str(error_for_user(error)))
    return exit_code(len(files) - n_failed, n_failed)


VERB: Final = Verb("info", "Show what files hold: format, axis, metadata, SNR.", add_arguments, run)


def _describe(file: Path, spectra: SpectrumSet) -> list[str]:
    """The lines that describe one set of spectra."""
    steps = np.diff(spectra.axis)
    step = f"{steps[0]:.2f}" if np.ptp(steps) < 0.01 else f"{steps.min():.2f} to {steps.max():.2f}"
    map_size = ""
    if spectra.is_map:
        map_size = f", a map of {len(np.unique(spectra.table['x']))} × {len(np.unique(spectra.table['y']))}"
    finite = spectra.values[np.isfinite(spectra.values)]
    facts = {
        "spectra": f"{len(spectra)}{map_size}",
        "axis": f"{spectra.points} points, {spectra.axis[0]:.1f} to {spectra.axis[-1]:.1f} cm⁻¹, every {step} cm⁻¹",
        "intensity": f"{finite.min():g} to {finite.max():g}" if finite.size else "no numbers",
        "columns": ", ".join(spectra.table),
        **{
            key.replace("_", " "): f"{value}"
            for key, value in spectra.about.items()
            if key != "source" and not key.startswith("header.")
        },
        "SNR": _describe_snr(spectra),
    }
    lines = [one_line(str(file)), *(f"  {key:<16} {fact}" for key, fact in facts.items() if fact)]
    return [*lines, *(f"  {'check':<16} {sentence}" for sentence in _check(spectra))]


def _check(spectra: SpectrumSet) -> list[str]:
    """What the checks of measured spectra find, in sentences; of a large map some spectra are looked at."""
    from ramanstudio.signal.quality import check_quality

    if len(spectra) > _CHECKED:
        spectra = spectra[np.linspace(0, len(spectra) - 1, _CHECKED).astype(np.intp)]
        spectra = SpectrumSet(spectra.axis, spectra.values)  # its spectra are no neighbours of each other
    return [finding.sentence for finding in check_quality(spectra).sentences()]


def _describe_snr(spectra: SpectrumSet) -> str:
    """The median signal-to-noise ratio in words; empty where it cannot be measured."""
    from ramanstudio.signal import snr

    if not np.isfinite(spectra.values).all() or spectra.points < snr.FEWEST_POINTS:
        return ""
    smooth = np.mean(np.lib.stride_tricks.sliding_window_view(spectra.values, _AVERAGED, axis=1), axis=2)
    edge = _AVERAGED // 2
    signal = snr.signal_height(spectra.axis[edge:-edge], smooth)
    ratio = float(np.median(signal / np.maximum(snr.noise_sigma(spectra.values), 1e-30)))
    text = f"about {ratio:.0f}" if ratio >= _LOWEST_SNR else f"below {_LOWEST_SNR:g}"
    return text + (" (median of the spectra)" if len(spectra) > 1 else "")
