"""The actions of batches and of folders that are watched, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action

BATCH_ACTIONS: Final = (
    Action(
        "watch_folder",
        "Watch folder…",
        "File",
        "",
        "Open and process the files of a folder as an instrument writes them",
        "ph.eye",
        synonyms="live monitor automatic new files instrument hot folder",
    ),
    Action(
        "batch",
        "Batch…",
        "Process",
        "Ctrl+B",
        "Apply a recipe to all files of a folder, and write the results and a table",
        "ph.stack-simple",
        separator=True,
        synonyms="many files folder process all automatic table high throughput",
    ),
)
