"""`ramanstudio recipe`: list, show and check recipes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import DONE, exit_code
from ramanstudio.cli.terminal import format_table, one_line, say
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError

if TYPE_CHECKING:
    from ramanstudio.processing.recipe import Recipe


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `recipe`."""
    actions = parser.add_subparsers(required=True, title="what to do", metavar="list|show|check")
    listing = actions.add_parser("list", help="list the built-in recipes and their steps")
    listing.set_defaults(run_recipe=_list)
    show = actions.add_parser("show", help="print a recipe as TOML: a start for one of your own")
    show.add_argument("recipe", metavar="RECIPE", help="a recipe, or the name of a built-in one")
    show.set_defaults(run_recipe=_show)
    check = actions.add_parser("check", help="check recipes, and say what is wrong")
    check.add_argument("recipes", nargs="+", type=options.path, metavar="R.toml", help="file of a recipe")
    check.set_defaults(run_recipe=_check)


def run(arguments: Namespace) -> int:
    """List, show or check recipes; returns the exit code."""
    return int(arguments.run_recipe(arguments))


VERB: Final = Verb("recipe", "List the built-in recipes, show one as TOML, or check one.", add_arguments, run)


def _list(_arguments: Namespace) -> int:
    from ramanstudio.processing.recipe import built_in_recipes

    print(format_table(("name", "steps"), [(recipe.name, _steps(recipe)) for recipe in built_in_recipes()]))
    print()
    for recipe in built_in_recipes():
        print(f"{recipe.name}: {recipe.description}")
    return DONE


def _show(arguments: Namespace) -> int:
    from ramanstudio.processing.recipe import find_recipe

    print(find_recipe(arguments.recipe).to_text(), end="")
    return DONE


def _check(arguments: Namespace) -> int:
    from ramanstudio.processing.recipe import Recipe

    n_wrong = 0
    for path in arguments.recipes:
        try:
            recipe = Recipe.load(path)
            _check_files(recipe, path)
            _check_crops(recipe, path)
        except StudioError as error:
            n_wrong += 1
            say(str(error))
        else:
            print(f"{one_line(str(path))}: {_steps(recipe) or 'no steps'}")
    return exit_code(len(arguments.recipes) - n_wrong, n_wrong)


def _check_files(recipe: Recipe, path: Path) -> None:
    """Raise StudioError when a file that a step refers to is missing."""
    from ramanstudio.processing.calibration import AUTOMATIC

    for entry in recipe.steps:
        for parameter in ("file", "like", "profile"):
            name = getattr(entry.step, parameter, "")
            if name not in ("", AUTOMATIC) and not Path(name).exists():
                raise StudioError(
                    f"The recipe '{path.name}', step '{entry.step.key}', refers to '{name}', which is not there.",
                    remedy="Correct its path in the recipe.",
                )


def _check_crops(recipe: Recipe, path: Path) -> None:
    """Raise StudioError when a step keeps nothing, because its ends are the wrong way round."""
    from ramanstudio.processing.ranges import Crop

    for entry in recipe.steps:
        if isinstance(entry.step, Crop) and entry.step.low_cm >= entry.step.high_cm:
            raise StudioError(
                f"The recipe '{path.name}', step 'crop', keeps nothing from {entry.step.low_cm:g} to"
                f" {entry.step.high_cm:g} cm⁻¹.",
                remedy="Give low_cm below high_cm.",
            )


def _steps(recipe: Recipe) -> str:
    """The steps in order: "cosmic_rays, denoise, baseline (off)"."""
    return ", ".join(entry.step.key + ("" if entry.enabled else " (off)") for entry in recipe.steps)
