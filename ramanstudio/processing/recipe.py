"""Recipes: an ordered list of steps, each switched on or off, loaded from and saved to TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.schema import Schema, flag, list_of, mapping_of, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.processing.background import Background
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.calibration import CorrectIntensity, Shift
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.resample import Resample
from ramanstudio.processing.runner import Processed, Runner
from ramanstudio.processing.smooth import Derivative, Smooth
from ramanstudio.processing.step import Denoiser, RecipeStep, Step

VERSION: Final = 1  # of the file; raised when a step comes to mean something else

# Every step there is, in the order in which they are offered.
STEPS: Final[tuple[type[Step], ...]] = (
    RemoveCosmicRays, Shift, CorrectIntensity, Crop, CutOut, Background, Denoise, SubtractBaseline, Smooth, Derivative,
    Resample, Normalise,
)  # fmt: skip
_BY_KEY: Final = {step.key: step for step in STEPS}
_FILE: Final = Schema(
    {
        "step": optional(list_of(mapping_of(lambda value: value), 200), ()),
        "name": optional(text(200), ""),
        "description": optional(text(2000), ""),
    }
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps in the order in which they are applied."""

    steps: tuple[RecipeStep, ...] = ()
    name: str = ""
    description: str = ""

    @classmethod
    def of(cls, *steps: Step, name: str = "") -> Recipe:
        """Return a recipe of enabled steps. Raises StudioError where Denoise occurs twice."""
        recipe = cls(tuple(RecipeStep(step) for step in steps), name)
        recipe.check()
        return recipe

    @classmethod
    def default(cls) -> Recipe:
        """Return what new spectra get: cosmic rays removed automatically, then denoised."""
        return cls.of(RemoveCosmicRays(), Denoise(), name="Default")

    def check(self) -> None:
        """Raise StudioError where Denoise occurs more than once."""
        if sum(isinstance(entry.step, Denoise) for entry in self.steps if entry.enabled) > 1:
            raise StudioError("A recipe can denoise only once.", remedy="Remove one of its steps 'Denoise'.")

    def apply(
        self,
        spectra: SpectrumSet,
        engine: Denoiser | None = None,
        progress: Progress = SILENT,
        error: NDArray[np.float32] | None = None,
    ) -> Processed:
        """Apply the recipe to N spectra; without an `engine` the default model is loaded where it is needed.

        `error` (N, B) is the standard error of spectra that are averages, which is carried through.
        Raises StudioError when a step cannot be applied, Cancelled when asked to stop.
        """
        if engine is None and any(isinstance(entry.step, Denoise) and entry.enabled for entry in self.steps):
            from ramanstudio.engine import Engine

            engine = Engine.load()
        return Runner(spectra, engine, error=error).run(self.steps, progress)

    def with_enabled(self, index: int, enabled: bool) -> Recipe:
        """Return the recipe with a step switched on or off."""
        steps = list(self.steps)
        steps[index] = replace(steps[index], enabled=enabled)
        return replace(self, steps=tuple(steps))

    def to_text(self, about: Mapping[str, Any] | None = None) -> str:
        """Return the recipe as TOML, with the program's version and what else is known `about` it."""
        import tomli_w

        rows = [_row(entry) for entry in self.steps]
        head = {"version": VERSION, "program": f"RamanStudio {__version__}", "name": self.name}
        head |= {"description": self.description} if self.description else {}
        head |= about or {}
        return tomli_w.dumps({**head, "step": rows})

    def save(self, path: Path | str) -> None:
        """Write the recipe as TOML. Raises StudioError when that cannot be done."""
        from ramanstudio.core.writing import atomic_write

        atomic_write(Path(path), self.to_text())

    @classmethod
    def load(cls, path: Path | str) -> Recipe:
        """Read a recipe from a TOML file.

        Raises StudioError when it cannot be read, is of a newer version, or a step has a wrong parameter.
        """
        path = Path(path)
        try:
            content = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise StudioError(f"There is no file '{path}'.", remedy="Give a recipe that exists.") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise StudioError(f"'{path.name}' cannot be read: {reason}.", remedy="Choose another recipe.") from error
        except UnicodeDecodeError as error:
            raise StudioError(f"'{path.name}' is no text, and no recipe.", remedy="Choose another recipe.") from error
        return cls.from_text(content, path.name)

    @classmethod
    def from_text(cls, content: str, name: str = "recipe") -> Recipe:
        """Return the recipe of a TOML text; errors as `load`."""
        remedy = "Correct the file, or choose another recipe."
        try:
            record = tomllib.loads(content)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise StudioError(f"'{name}' is not a recipe: {error}.", remedy=remedy) from error
        version = record.get("version", VERSION)
        if not isinstance(version, int) or version > VERSION:
            raise StudioError(
                f"The recipe '{name}' was written by a newer version of RamanStudio.", remedy="Update RamanStudio."
            )
        fields = _FILE.read(record, f"The recipe '{name}'", remedy)
        steps = tuple(_step(row, name, remedy) for row in fields["step"])
        recipe = cls(steps, fields["name"], fields["description"])
        recipe.check()
        return recipe


def _row(entry: RecipeStep) -> dict[str, Any]:
    step = entry.step
    parameters = {name: getattr(step, name) for name in step.schema.fields}
    plain = {name: _plain(value) for name, value in parameters.items() if value is not None}
    return {"step": step.key, **({} if entry.enabled else {"enabled": False}), **plain}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _step(row: Mapping[str, Any], name: str, remedy: str) -> RecipeStep:
    what = f"The recipe '{name}'"
    known = Schema({"step": text(choices=tuple(_BY_KEY)), "enabled": optional(flag(), True)}).read(row, what, remedy)
    kind = _BY_KEY[known["step"]]
    unknown = set(row) - {"step", "enabled"} - set(kind.schema.fields)
    if unknown:
        raise StudioError(
            f"{what}: '{kind.key}' has no parameter '{sorted(unknown)[0]}'.",
            remedy=f"Its parameters are: {', '.join(kind.schema.fields) or 'none'}.",
        )
    parameters = kind.schema.read(row, f"{what}, step '{kind.key}',", remedy)
    return RecipeStep(kind(**parameters), known["enabled"])


@cache
def built_in_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that come with the program, from resources/recipes."""
    return tuple(Recipe.load(path) for path in sorted(bundled_path("resources", "recipes").glob("*.toml")))


def find_recipe(name: str | Path) -> Recipe:
    """Return a built-in recipe by its name, whatever its case, else the recipe of a file.

    Raises StudioError when there is neither, or the file is no recipe.
    """
    path = Path(name)
    known = {recipe.name.casefold(): recipe for recipe in built_in_recipes()}
    recipe = known.get(str(name).casefold().replace("-", " ").replace("_", " "))
    if recipe is not None and not path.exists():
        return recipe
    if not path.exists() and not path.suffix:
        names = ", ".join(f"'{recipe.name}'" for recipe in built_in_recipes())
        raise StudioError(f"There is no recipe '{name}'.", remedy=f"Give a file, or one of {names}.")
    return Recipe.load(path)
