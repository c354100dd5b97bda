"""Representations of spectra for a classifier: measured, baseline-corrected, differentiated, denoised, or features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.config import FOR_CLASSES, REPRESENTATIONS
from ramanstudio.signal import spectral_features
from ramanstudio.signal.pca import PrincipalComponents, unit_rows

if TYPE_CHECKING:
    from ramanstudio.mae.finetuning import FeatureTuner

COMPONENTS_OF: Final = {"lines": "line components", "slopes": "slope components"}
COMPONENT_ARRAYS: Final = ("mean", "axes", "scale")
MIN_SAMPLES: Final = 8  # of a spectrum
MAX_SHIFT_CM: Final = 1e6  # as in the cards of models
MIN_INTENSITY, MAX_INTENSITY = 1e-6, 1e15  # of a spectrum, at its largest
MAX_COMPONENT_ROWS: Final = 4000  # spectra that the principal components are found from


@dataclass(frozen=True, slots=True)
class FeatureExtractor:
    """A loaded model as fine-tuning uses it: name, hash, denoising and features.

    `denoise` returns denoised spectra (N, B). `features` returns the features (N, D) of denoised spectra, None where
    the model has none. `tuner` fine-tunes the feature network, `weights` are those that it found.
    """

    parent: str
    sha256: str
    denoise: Callable[[SpectrumSet, Progress], SpectrumSet]
    features: Callable[[SpectrumSet, Progress], NDArray[np.float32] | None]
    tuner: FeatureTuner | None = None
    weights: Mapping[str, NDArray[Any]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Representations:
    """Blocks (N, D) that represent N spectra, each row of unit length, and the `denoised` spectra.

    `components` are the principal components by which some blocks were computed.
    """

    blocks: Mapping[str, NDArray[np.float32]]
    denoised: SpectrumSet
    components: Mapping[str, PrincipalComponents] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.denoised)

    def has(self, representation: str) -> bool:
        """Whether a representation differs from the others that are here: its own last block was computed."""
        own_block = REPRESENTATIONS[representation][-1]
        return own_block in self.blocks or (representation == "joined" and "lines" in self.blocks)

    @property
    def component_arrays(self) -> dict[str, NDArray[Any]]:
        """The principal components (K, D), their mean (D,) and scales as named arrays, to be saved with a model."""
        return {
            f"{name}.{part}": np.asarray(getattr(components, part), np.float32)
            for name, components in self.components.items()
            for part in COMPONENT_ARRAYS
        }

    def rows(self, representation: str) -> NDArray[np.float32]:
        """Return the blocks of a representation side by side (N, D)."""
        return np.hstack([self.blocks[name] for name in REPRESENTATIONS[representation] if name in self.blocks])


def represent(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    components: Mapping[str, PrincipalComponents] | None = None,
    representations: tuple[str, ...] = FOR_CLASSES,
    progress: Progress = SILENT,
) -> Representations:
    """Return all blocks that `representations` need of `spectra` (N, B).

    `components` are those of a saved model; without them they are found from these spectra. Raises StudioError when a
    spectrum cannot be denoised, Cancelled when asked to stop.
    """
    require_usable(spectra)
    denoised = extractor.denoise(spectra, progress)
    return represent_denoised(extractor, spectra, denoised, components, representations, progress)


def require_usable(spectra: SpectrumSet) -> None:
    """Raise StudioError when `spectra` (N, B) cannot be represented: none, too few samples, or no Raman shifts."""
    if not len(spectra):
        raise StudioError("There are no spectra.", remedy="Open some spectra.")
    if spectra.points < MIN_SAMPLES:
        raise StudioError(
            f"These spectra have {spectra.points} samples; a model needs at least {MIN_SAMPLES}.",
            remedy="Use spectra with more samples.",
        )
    if np.abs(spectra.axis[[0, -1]]).max() > MAX_SHIFT_CM:
        raise StudioError(
            f"The axis reaches from {spectra.axis[0]:.4g} to {spectra.axis[-1]:.4g} cm⁻¹: these are no Raman shifts.",
            remedy="Correct the axis of the file, or its laser wavelength.",
        )


def to_safe_range(spectra: SpectrumSet) -> SpectrumSet:
    """Return `spectra` (N, B) with rows of extreme size scaled, so that their squares neither overflow nor vanish.

    Representations do not depend on the scale of a spectrum. Factors are powers of two, so nothing is rounded.
    """
    size = np.abs(spectra.values).max(axis=1).astype(np.float64)
    is_extreme = (size > MAX_INTENSITY) | ((size > 0) & (size < MIN_INTENSITY))
    if not is_extreme.any():
        return spectra
    exponent = np.where(is_extreme, np.floor(np.log2(np.where(size > 0, size, 1.0))), 0.0)
    return spectra.with_values(spectra.values.astype(np.float64) * np.exp2(-exponent)[:, None])


def represent_denoised(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    denoised: SpectrumSet,
    components: Mapping[str, PrincipalComponents] | None = None,
    representations: tuple[str, ...] = FOR_CLASSES,
    progress: Progress = SILENT,
) -> Representations:
    """Return the same as `represent` for spectra that are `denoised` (N, B) already."""
    if not np.isfinite(denoised.values).all():
        raise StudioError("Some spectra could not be denoised.", remedy="Remove spectra with extreme intensities.")
    spectra, denoised = to_safe_range(spectra), to_safe_range(denoised)
    wanted = {block for name in representations for block in REPRESENTATIONS[name]}
    blocks: dict[str, NDArray[np.float32]] = {}
    known = dict(components or {})
    if wanted & {"lines", "slopes"}:
        pair = spectral_features.lines_and_slopes(denoised.axis, denoised.values)
        for (block, component_block), rows in zip(COMPONENTS_OF.items(), pair, strict=True):
            blocks[block] = rows
            if component_block in wanted:
                if component_block not in known:
                    chosen = np.random.default_rng(0).permutation(len(rows))[:MAX_COMPONENT_ROWS]
                    known[component_block] = PrincipalComponents.fit(rows[np.sort(chosen)])
                blocks[component_block] = known[component_block].transform(rows)
    if "heights" in wanted:
        blocks["heights"] = unit_rows(denoised.values - spectral_features.baseline(denoised.axis, denoised.values))
    if "features" in wanted:
        features = extractor.features(denoised, progress)
        if features is not None:
            blocks["features"] = features
    if "tuned" in wanted and extractor.tuner is not None and extractor.weights is not None:
        blocks["tuned"] = extractor.tuner.features(denoised.axis, denoised.values, extractor.weights)
    blocks |= _blocks_of_measured(spectra, wanted)
    return Representations(MappingProxyType(blocks), denoised, MappingProxyType(known))


def _blocks_of_measured(spectra: SpectrumSet, wanted: set[str]) -> dict[str, NDArray[np.float32]]:
    """Return the blocks that are computed from measured spectra, without a model."""
    from scipy.signal import savgol_filter

    values, blocks = spectra.values, dict[str, NDArray[np.float32]]()
    if wanted & {"spectrum", "roots"}:
        corrected = values - spectral_features.baseline(spectra.axis, values)
        if "spectrum" in wanted:
            blocks["spectrum"] = unit_rows(corrected)
        if "roots" in wanted:
            blocks["roots"] = unit_rows(np.sqrt(np.maximum(corrected, 0)))
    if "slope" in wanted:
        window = min(spectral_features.SLOPE_SAMPLES, (spectra.points - 1) // 2 * 2 + 1)
        blocks["slope"] = unit_rows(savgol_filter(values, window, spectral_features.SLOPE_DEGREE, deriv=1, axis=1))
    if "measured" in wanted:
        blocks["measured"] = unit_rows(values)
    return blocks
