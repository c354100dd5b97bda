"""How an entry came about: file, edits, steps with what they chose, results, model."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Runner
from ramanstudio.project.entry_processing import result_of
from ramanstudio.project.project import Entry, Project
from ramanstudio.project.provenance import provenance_of, provenance_text

AXIS = np.linspace(200.0, 1200.0, 300)
RECIPE = Recipe.of(Crop(300.0, 1100.0), Normalise())


def project(file: Path) -> Project:
    about = {"source": str(file), "format": "Text", "laser_nm": 532.0, "laser_in_file_nm": 785.0, "edited": "laser_nm"}
    source = SpectrumSet(AXIS, np.float32(5 + np.random.default_rng(0).random((1, AXIS.size))), {}, about)
    entry = Entry(1, file.name, file, source, noise_region=(400.0, 500.0), recipe=RECIPE)
    return Project((entry,)).with_results(
        {1: replace(result_of(entry, Runner(source).run(RECIPE.steps)), model="none")}
    )


def test_a_file_its_edits_and_every_step_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("what was read")
    opened = project(file)
    text = provenance_text(provenance_of(opened.entries[0], opened))
    assert hashlib.sha256(b"what was read").hexdigest() in text
    assert "Laser wavelength: 532 nm (the file states 785 nm)" in text and "Noise region: 400.0 to 500.0 cm⁻¹" in text
    assert "1. Crop: " in text and "low cm = 300, high cm = 1100" in text
    assert "2. Normalise: " in text and "method = maximum" in text and "Model: none" in text
    file.write_text("changed since")
    assert hashlib.sha256(b"changed since").hexdigest() in provenance_text(provenance_of(opened.entries[0], opened))


def test_what_is_missing_or_outdated_is_said(tmp_path: Path) -> None:
    opened = project(tmp_path / "gone.txt")
    text = provenance_text(provenance_of(opened.entries[0], opened), "; ")
    assert "gone.txt (it is no longer there)" in text and "SHA-256" not in text
    changed = opened.with_entries([replace(opened.entries[0], recipe=Recipe.of(Crop(310.0, 1100.0)))])
    assert "the recipe has changed since" in provenance_text(provenance_of(changed.entries[0], changed))
    bare = Project(opened.entries)
    assert "none: the spectra are as measured" in provenance_text(provenance_of(bare.entries[0], bare))
