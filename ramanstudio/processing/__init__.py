"""Recipes: corrections of spectra as an ordered list of steps, applied by one runner everywhere.

>>> from ramanstudio.processing import Recipe
>>> processed = Recipe.default().apply(spectra)
"""

from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed, Runner

__all__ = ["Processed", "Recipe", "Runner"]
