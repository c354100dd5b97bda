"""An entry's recipe is applied around the network, which is not asked again for what comes behind Denoise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.gui.document.priority_queue import PriorityQueue
from ramanstudio.gui.document.processing_queue import PORTION, process_waiting, processing_item
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop
from ramanstudio.processing.recipe import Recipe
from ramanstudio.project import project_file
from ramanstudio.project.entry_processing import RecipeRun, apply_behind, is_current, is_front_current
from ramanstudio.project.history import History
from ramanstudio.project.project import DEFAULT_RECIPE, Entry, Project, Result
from ramanstudio.project.replacing import with_sources

AXIS = np.linspace(200.0, 1800.0, 400)
SPIKE = 120


def spectra(count: int = 1, spike: float = 0.0) -> SpectrumSet:
    """Two lines on a slope with noise; a cosmic ray of this height in the first."""
    lines = 100 * np.exp(-(((AXIS - 900) / 15) ** 2)) + 60 * np.exp(-(((AXIS - 1400) / 15) ** 2)) + 0.05 * AXIS
    values = lines + np.random.default_rng(1).normal(0, 2, (count, AXIS.size))
    values[0, SPIKE] += spike
    return SpectrumSet.of(AXIS, values)


def halve_noise(piece: SpectrumSet) -> Denoised:
    smooth = (piece.values[:, :-2] + piece.values[:, 1:-1] + piece.values[:, 2:]) / 3
    values = np.pad(smooth, ((0, 0), (1, 1)), mode="edge")
    ones = np.ones(len(piece), dtype=np.float32)
    return Denoised(piece.with_values(values), np.full(values.shape, 1.0, np.float32), 10 * ones, 20 * ones)


def processed(entry: Entry) -> Result:
    run = RecipeRun(entry)
    return replace(run.finish([halve_noise(piece) for piece in run.pieces]), model="test")


def test_what_enters_denoise_and_the_final_spectra_come_from_one_recipe() -> None:
    recipe = Recipe.of(RemoveCosmicRays(), Crop(400, 1700), Denoise(), Normalise("maximum"))
    entry = Entry(1, "a", Path("a"), spectra(spike=400), recipe=recipe)
    result = processed(entry)
    assert result.denoised is not None
    assert result.measured.axis[0] >= 400
    assert result.measured.values.max() < 300, "the cosmic ray is gone before the network sees the spectra"
    assert result.final.values.max() == pytest.approx(1.0)
    assert result.denoised.spectra.values.max() > 50
    assert result.unprocessed.same_axis(result.final)
    assert result.unprocessed.values.max() > 2, "beside the final spectrum the measured one is drawn with its spike"


def test_a_step_behind_denoise_leaves_the_denoised_spectra_alone() -> None:
    entry = Entry(1, "a", Path("a"), spectra(), recipe=DEFAULT_RECIPE)
    result = processed(entry)
    changed = replace(entry, recipe=Recipe.of(RemoveCosmicRays(), Denoise(), SubtractBaseline("rubber band")))
    assert is_front_current(changed, result)
    assert not is_current(changed, result)
    again = apply_behind(changed, result)
    assert again.denoised is result.denoised
    assert is_current(changed, again)
    assert abs(float(again.final.values[0, :20].mean())) < abs(float(result.final.values[0, :20].mean())) / 2
    front = replace(entry, recipe=Recipe.of(RemoveCosmicRays(automatic=False), Denoise()))
    assert not is_front_current(front, result)


def test_a_step_that_cannot_be_applied_leaves_the_spectra_as_they_were() -> None:
    entry = Entry(1, "a", Path("a"), spectra(), recipe=Recipe.of(RemoveCosmicRays(), Denoise(), Crop(5000, 6000)))
    result = processed(entry)
    assert result.processed is not None
    (error,) = result.processed.problems.values()
    assert "5000" in str(error)
    assert result.denoised is not None
    assert np.array_equal(result.final.values, result.denoised.spectra.values)


def test_a_recipe_without_denoise_measures_the_ratio_once() -> None:
    entry = Entry(1, "a", Path("a"), spectra(), recipe=DEFAULT_RECIPE.with_enabled(1, False))
    run = RecipeRun(entry)
    assert not run.needs_network
    assert run.pieces == []
    result = run.finish([])
    assert result.denoised is not None
    assert not result.is_denoised
    assert result.denoised.gain.tolist() == [1.0]
    assert 20 < float(result.denoised.snr_before[0]) < 100


def test_a_large_set_is_processed_in_portions_like_the_whole() -> None:
    entry = Entry(1, "a", Path("a"), spectra(PORTION + 40), recipe=DEFAULT_RECIPE)
    result = processed(entry)
    changed = replace(entry, recipe=Recipe.of(RemoveCosmicRays(), Denoise(), Normalise("vector")))
    shown: list[dict[int, Result]] = []
    process_waiting(PriorityQueue([processing_item(changed, result)]), Progress(on_show=shown.append))
    whole = apply_behind(changed, result)
    assert np.array_equal(shown[0][1].final.values, whole.final.values)
    assert shown[0][1].denoised is result.denoised
    assert is_current(changed, shown[0][1])


def test_a_project_keeps_recipes_and_denoised_spectra_of_another_axis(tmp_path: Path) -> None:
    recipe = Recipe.of(RemoveCosmicRays(), Crop(400, 1700), Denoise(), Normalise("maximum"), name="mine")
    entries = (
        Entry(1, "a", Path("a"), spectra(), recipe=recipe),
        Entry(2, "b", Path("b"), spectra(), recipe=recipe),
        Entry(3, "c", Path("c"), spectra()),
    )
    result = processed(entries[0])
    path = tmp_path / "work.ramanstudio"
    project_file.save(Project(entries, {1: result}), path)
    project = project_file.load(path)
    again = project.entries
    assert again[0].recipe == recipe
    assert again[0].recipe.name == "mine"
    assert again[0].recipe is again[1].recipe
    assert again[2].recipe is DEFAULT_RECIPE
    loaded = project.result(again[0])
    assert loaded is not None
    assert is_front_current(again[0], loaded)
    completed = apply_behind(again[0], loaded)
    assert np.array_equal(completed.final.values, result.final.values)
    assert completed.model == "test"


def test_edited_metadata_reach_what_was_computed_and_undo_takes_them_back() -> None:
    recipe = Recipe.of(Crop(400, 1700), Denoise(), Normalise("maximum"))
    source = spectra().with_about(sample="sand", intensity_unit="counts")
    history = History(Project((Entry(1, "a", Path("a"), source, recipe=recipe),)))
    history.add_results({1: processed(history.present.entries[0])})
    edited = source.with_metadata({"sample": "quartz", "intensity_unit": "cps", "operator": "me"})
    history.push(with_sources(history.present, {1: edited}, keep_results=True), "Edit")
    (entry,) = history.present.entries
    result = history.present.result(entry)
    assert result is not None and result.denoised is not None and is_current(entry, result)
    assert result.final.about == {"sample": "quartz", "intensity_unit": "a.u.", "operator": "me"}, (
        "as Normalise made it"
    )
    assert result.denoised.spectra.about == edited.about
    again = apply_behind(replace(entry, recipe=Recipe.of(Crop(400, 1700), Denoise())), result)
    assert again.final.about == edited.about, "a changed step begins with stages that have the new metadata"
    undone = history.undo()
    result = undone.result(undone.entries[0])
    assert result is not None and is_current(undone.entries[0], result)
    assert result.final.about == {"sample": "sand", "intensity_unit": "a.u."}
    redone = history.redo()
    assert redone.result(redone.entries[0]).final.about["sample"] == "quartz"  # type: ignore[union-attr]
