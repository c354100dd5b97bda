"""How spectra are read before a head judges them: as measured, without baseline, as slopes, denoised, as features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.config import FOR_CLASSES, REPRESENTATIONS
from ramanstudio.signal import spectral_features
from ramanstudio.signal.pca import PrincipalComponents, unit_rows

if TYPE_CHECKING:
    from ramanstudio.mae.finetuning import FeatureTuner

Floats = NDArray[np.floating[Any]]
OF_THE_DENOISED: Final = {"lines": "line components", "slopes": "slope components"}
ENOUGH: Final = 4000  # spectra that the components are found from


@dataclass(frozen=True, slots=True)
class FeatureExtractor:
    """A loaded model as teaching sees it: its name and hash, and what it makes of spectra.

    `denoise` gives the denoised spectra, `features` those of denoised spectra (N, D), or None where it gives none.
    """

    parent: str
    sha256: str
    denoise: Callable[[SpectrumSet, Progress], SpectrumSet]
    features: Callable[[SpectrumSet, Progress], NDArray[np.float32] | None]
    tuner: FeatureTuner | None = None  # the half that gives features, to be learned anew
    weights: Mapping[str, NDArray[Any]] | None = None  # of that half, once it was


@dataclass(frozen=True, slots=True, eq=False)
class Representations:
    """What is read of N spectra, block by block (N, D), each row of unit length; `denoised` for what is drawn."""

    blocks: Mapping[str, NDArray[np.float32]]
    denoised: SpectrumSet
    components: Mapping[str, PrincipalComponents] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.denoised)

    def has(self, representation: str) -> bool:
        """Whether at least one block of a reading is here, and not only those that another reading has too."""
        return REPRESENTATIONS[representation][-1] in self.blocks or (
            representation == "joined" and "lines" in self.blocks
        )

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The components as arrays to be kept with a model."""
        parts = ("mean", "axes", "scale")
        kept = self.components.items()
        return {f"{name}.{part}": np.asarray(getattr(one, part), np.float32) for name, one in kept for part in parts}

    def rows(self, representation: str) -> NDArray[np.float32]:
        """The blocks of a reading side by side (N, D)."""
        return np.hstack([self.blocks[name] for name in REPRESENTATIONS[representation] if name in self.blocks])


def represent(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    components: Mapping[str, PrincipalComponents] | None = None,
    representations: tuple[str, ...] = FOR_CLASSES,
    progress: Progress = SILENT,
) -> Representations:
    """All blocks that `representations` need of `spectra`; `components` are those of earlier spectra, else of these.

    Raises StudioError when a spectrum cannot be denoised, Cancelled when asked to stop.
    """
    denoised = extractor.denoise(spectra, progress)
    return represent_denoised(extractor, spectra, denoised, components, representations, progress)


def represent_denoised(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    denoised: SpectrumSet,
    components: Mapping[str, PrincipalComponents] | None = None,
    representations: tuple[str, ...] = FOR_CLASSES,
    progress: Progress = SILENT,
) -> Representations:
    """The same of spectra that are denoised already."""
    wanted = {block for representation in representations for block in REPRESENTATIONS[representation]}
    blocks: dict[str, NDArray[np.float32]] = {}
    found = dict(components or {})
    if wanted & {"lines", "slopes"}:
        pair = spectral_features.lines_and_slopes(denoised.axis, denoised.values)
        for (block, of_the_set), rows in zip(OF_THE_DENOISED.items(), pair, strict=True):
            blocks[block] = rows
            if of_the_set in wanted:
                if of_the_set not in found:
                    chosen = np.random.default_rng(0).permutation(len(rows))[:ENOUGH]
                    found[of_the_set] = PrincipalComponents.fit(rows[np.sort(chosen)])
                blocks[of_the_set] = found[of_the_set].transform(rows)
    if "heights" in wanted:
        blocks["heights"] = unit_rows(denoised.values - spectral_features.baseline(denoised.axis, denoised.values))
    if "features" in wanted:
        features = extractor.features(denoised, progress)
        if features is not None:
            blocks["features"] = features
    if "tuned" in wanted and extractor.tuner is not None and extractor.weights is not None:
        blocks["tuned"] = extractor.tuner.features(denoised.axis, denoised.values, extractor.weights)
    blocks |= _of_the_raw(spectra, wanted)
    return Representations(MappingProxyType(blocks), denoised, MappingProxyType(found))


def _of_the_raw(spectra: SpectrumSet, wanted: set[str]) -> dict[str, NDArray[np.float32]]:
    """The blocks that need no model."""
    from scipy.signal import savgol_filter

    values, blocks = spectra.values, dict[str, NDArray[np.float32]]()
    if "spectrum" in wanted:
        blocks["spectrum"] = unit_rows(values - spectral_features.baseline(spectra.axis, values))
    if "slope" in wanted:
        window = min(spectral_features.SLOPE_SAMPLES, (spectra.points - 1) // 2 * 2 + 1)
        blocks["slope"] = unit_rows(savgol_filter(values, window, spectral_features.SLOPE_DEGREE, deriv=1, axis=1))
    if "measured" in wanted:
        blocks["measured"] = unit_rows(values)
    return blocks
