"""Results as files: spectra in any format that is written, tables, figures, map files."""

from ramanstudio.export.writers import WRITERS, write

__all__ = ["WRITERS", "write"]
