"""Recipes on many files: one generator that the command line, folder watching and scripts call.

>>> from ramanstudio import batch
>>> for result in batch.process(["tonight/"], "Routine", out="results"):
...     print(result.file, result.outputs, result.error)
"""

from ramanstudio.batch.processing import process, watch
from ramanstudio.batch.run import FileResult

__all__ = ["FileResult", "process", "watch"]
