"""Sphinx: the user guide and the API reference, `make docs`."""

from __future__ import annotations

from ramanstudio import __version__

project = "RamanStudio"
author = "RamanStudio developers"
copyright = "2026, RamanStudio developers"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Docstrings put code between single backticks.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# Seldom needed to read the pages, and slow or heavy to import.
autodoc_mock_imports = ["torch"]

html_theme = "pydata_sphinx_theme"
html_title = "RamanStudio"
html_show_sourcelink = False
html_theme_options = {"navbar_end": ["theme-switcher"], "show_prev_next": True, "show_toc_level": 2}
autosummary_generate = False
