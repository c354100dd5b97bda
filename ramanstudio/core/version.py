"""The version of RamanStudio, also `ramanstudio.__version__`."""

__version__ = "0.1.0"
