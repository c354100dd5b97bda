"""RamanStudio: Raman spectra denoised by a masked autoencoder, clustered, identified and classified.

>>> import ramanstudio
>>> engine = ramanstudio.Engine.load()
>>> (spectra,) = ramanstudio.read("quartz.csv")
>>> denoised = engine.denoise(spectra)
>>> table = ramanstudio.peaks.fit(spectra, profile="lorentz")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramanstudio import peaks
    from ramanstudio.core.errors import StudioError
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.core.version import __version__
    from ramanstudio.engine import Engine
    from ramanstudio.export.writers import write
    from ramanstudio.formats.registry import read
    from ramanstudio.library.library import Library

__all__ = ["Engine", "Library", "SpectrumSet", "StudioError", "__version__", "peaks", "read", "write"]

# Where each public name is defined. It is imported when it is first used, so that `import ramanstudio` is instant.
_DEFINED_IN = {
    "Engine": "ramanstudio.engine",
    "Library": "ramanstudio.library.library",
    "SpectrumSet": "ramanstudio.core.spectra",
    "StudioError": "ramanstudio.core.errors",
    "__version__": "ramanstudio.core.version",
    "read": "ramanstudio.formats.registry",
    "write": "ramanstudio.export.writers",
}

_PACKAGES = ("batch", "calibration", "peaks", "processing")  # `import ramanstudio` gives these, too


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"ramanstudio.{name}")
    if name not in _DEFINED_IN:
        raise AttributeError(f"module 'ramanstudio' has no attribute '{name}'")
    value = getattr(import_module(_DEFINED_IN[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_DEFINED_IN, *_PACKAGES})
