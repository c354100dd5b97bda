"""Recipes: saved and loaded, applied by one runner that computes again only what changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.processing import Recipe, Runner
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.recipe import STEPS, built_in_recipes
from tests.processing.test_steps import CountingDenoiser, spectra

FULL = Recipe.of(
    RemoveCosmicRays(added=((0, 464.0),)),
    CutOut(((510.0, 540.0), (600.0, 610.0))),
    Denoise("no"),
    SubtractBaseline("arpls", 120.0),
    Normalise("band", 990.0, 1010.0),
    name="Everything",
)


def test_a_saved_recipe_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    switched = FULL.with_enabled(3, False)
    switched.save(path)
    assert Recipe.load(path) == switched


@pytest.mark.parametrize("recipe", built_in_recipes(), ids=lambda recipe: recipe.name)
def test_built_in_recipes_are_saved_and_run(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    recipe.save(path)
    assert Recipe.load(path) == recipe
    processed = recipe.apply(spectra(5, background=800), CountingDenoiser())
    assert np.isfinite(processed.spectra.values).all() and len(processed.records) == len(recipe.steps)


def test_a_changed_step_never_asks_the_network_again_for_a_step_behind_it() -> None:
    denoiser = CountingDenoiser()
    runner = Runner(spectra(2, background=500), denoiser)
    first = runner.run(Recipe.of(RemoveCosmicRays(), Denoise(), Normalise("maximum")).steps)
    second = runner.run(Recipe.of(RemoveCosmicRays(), Denoise(), Normalise("vector")).steps)
    assert len(denoiser.axes) == 1
    assert not np.allclose(first.spectra.values, second.spectra.values)
    runner.run(Recipe.of(Crop(300, 1500), RemoveCosmicRays(), Denoise()).steps)
    assert len(denoiser.axes) == 2


def test_the_runner_gives_what_a_fresh_one_gives() -> None:
    runner = Runner(spectra(3, background=500), CountingDenoiser())
    for recipe in (FULL, Recipe.default(), FULL.with_enabled(1, False), FULL):
        again = runner.run(recipe.steps)
    fresh = Runner(spectra(3, background=500), CountingDenoiser()).run(FULL.steps)
    np.testing.assert_array_equal(again.spectra.values, fresh.spectra.values)
    np.testing.assert_array_equal(again.expected_error, fresh.expected_error)


def test_a_step_that_cannot_be_applied_leaves_the_spectra_as_they_were_before_it() -> None:
    source = spectra()
    recipe = Recipe.of(Crop(5000, 6000), Normalise("maximum"))
    with pytest.raises(StudioError, match="5000"):
        recipe.apply(source)
    processed = Runner(source).run(recipe.steps, skip_problems=True)
    assert list(processed.problems) == [0]
    assert processed.spectra.values.max() == pytest.approx(1)


def test_ratios_are_those_of_the_step_denoise() -> None:
    processed = Recipe.default().apply(spectra(2), CountingDenoiser())
    assert processed.snr_before.tolist() == [10, 10] and processed.snr_after.tolist() == [30, 30]
    assert np.isnan(Recipe.of(Normalise("vector")).apply(spectra(2)).snr_after).all()


def test_a_recipe_cannot_denoise_twice() -> None:
    with pytest.raises(StudioError, match="only once"):
        Recipe.of(Denoise(), Denoise())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 99", "newer version"),
        ("this is = = not toml", "not a recipe"),
        ('[[step]]\nstep = "sharpen"', "sharpen"),
        ('[[step]]\nstep = "crop"\nlow_cm = 1', "high_cm"),
        ('[[step]]\nstep = "smooth"\nwidth_cm = 1e9', "width_cm"),
        ('[[step]]\nstep = "smooth"\nstrength = 3', "no parameter 'strength'"),
        ('[[step]]\nstep = "baseline"\nmethod = "magic"', "method"),
        ("step = 3", "step"),
    ],
)
def test_a_damaged_recipe_names_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(StudioError, match=said) as error:
        Recipe.load(path)
    assert error.value.remedy


def test_every_step_has_a_key_and_a_title_of_its_own() -> None:
    assert len({step.key for step in STEPS}) == len({step.title for step in STEPS}) == len(STEPS)
