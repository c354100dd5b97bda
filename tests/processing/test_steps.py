"""Processing steps: what each does to spectra and their expected error, and what it says where it cannot be applied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.processing.background import Background
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.calibration import CorrectIntensity, Shift
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.resample import Resample, common_axis_step
from ramanstudio.processing.runner import Runner
from ramanstudio.processing.smooth import Derivative, Smooth
from ramanstudio.processing.step import RecipeStep, Step, StepResult

AXIS = np.linspace(200.0, 1800.0, 801)
SIGMA = 2.0


def lines(axis: np.ndarray = AXIS) -> np.ndarray:
    shifts, heights, widths = (464, 1001, 1350), (300, 500, 120), (12, 8, 20)
    return sum(h / (1 + ((axis - s) / (w / 2)) ** 2) for s, h, w in zip(shifts, heights, widths, strict=True))


def spectra(n: int = 1, background: float = 0.0, seed: int = 1) -> SpectrumSet:
    noise = np.random.default_rng(seed).normal(0, SIGMA, (n, len(AXIS)))
    return SpectrumSet(AXIS, lines() + 50 + background * np.exp(-AXIS / 700) + noise)


class CountingDenoiser:
    """Stands in for an engine: gives the moving mean, and counts how often it is asked."""

    def __init__(self) -> None:
        self.axes: list[np.ndarray] = []

    def denoise(
        self, spectra: SpectrumSet, together: bool = False, progress: object = None, replaced: object = None
    ) -> Denoised:
        self.axes.append(spectra.axis)
        kernel = np.ones(5) / 5
        values = np.array([np.convolve(np.pad(row, 2, mode="edge"), kernel, mode="valid") for row in spectra.values])
        ratio = np.full(len(spectra), 10, dtype=np.float32)
        return Denoised(spectra.with_values(values), np.full(values.shape, 0.5, np.float32), ratio, 3 * ratio)


def apply(step: Step, source: SpectrumSet, denoiser: CountingDenoiser | None = None) -> StepResult:
    return Runner(source, denoiser).run([RecipeStep(step)]).results[0]


def true_error(step: Step, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """The standard deviation that repeats have after a step, and the expected error that the step states, mid-range."""
    result = apply(step, spectra(n))
    inside = slice(len(result.state.spectra.axis) // 4, 3 * len(result.state.spectra.axis) // 4)
    return (
        result.state.spectra.values[:, inside].std(axis=0),
        np.median(result.state.expected_error[:, inside], axis=0),
    )


@pytest.mark.parametrize(
    "step",
    [
        Smooth("savitzky-golay", 20), Smooth("gaussian", 12), Smooth("whittaker", 16), Smooth("median", 18),
        Derivative(1, 20), Derivative(2, 30), Resample(8.0), Resample(2.0), Normalise("area"),
    ],
    ids=lambda step: f"{step.key} {getattr(step, 'method', '')}",
)  # fmt: skip
def test_the_expected_error_is_what_repeats_differ_by_after_the_step(step: Step) -> None:
    true, stated = true_error(step)
    assert np.median(stated / true) == pytest.approx(1, abs=0.25)


def test_crop_keeps_the_range_and_the_error_with_it() -> None:
    state = apply(Crop(400, 600), spectra()).state
    assert state.spectra.axis[0] >= 400 and state.spectra.axis[-1] <= 600
    assert state.expected_error.shape == state.spectra.values.shape


def test_a_crop_outside_of_the_axis_names_the_range_of_the_spectra() -> None:
    with pytest.raises(StudioError, match=r"3000.*4000") as error:
        apply(Crop(3000, 4000), spectra())
    assert "200 to 1800" in error.value.remedy


def test_a_cut_out_range_is_a_gap_that_denoising_does_not_bridge() -> None:
    denoiser = CountingDenoiser()
    processed = Runner(spectra(), denoiser).run([RecipeStep(CutOut(((900.0, 1100.0),))), RecipeStep(Denoise())])
    assert not ((processed.spectra.axis > 900) & (processed.spectra.axis < 1100)).any()
    assert [(axis[0], axis[-1]) for axis in denoiser.axes] == [(200, 898), (1102, 1800)]


def test_a_shift_moves_the_axis_and_nothing_else() -> None:
    source = spectra()
    state = apply(Shift(1.8), source).state
    np.testing.assert_allclose(state.spectra.axis, source.axis + 1.8)
    np.testing.assert_array_equal(state.spectra.values, source.values)


def test_denoise_without_a_model_says_what_to_do() -> None:
    with pytest.raises(StudioError) as error:
        apply(Denoise(), spectra())
    assert "model" in error.value.remedy


@pytest.mark.parametrize("method", ["automatic", "arpls", "snip", "rolling ball", "anchors"])
def test_a_baseline_takes_off_the_fluorescence_and_leaves_the_lines(method: str) -> None:
    anchors = tuple((shift, 50 + 3000 * np.exp(-shift / 700)) for shift in (200, 300, 700, 850, 1200, 1600, 1800))
    result = apply(SubtractBaseline(method, 150.0, anchors=anchors), spectra(2, background=3000))
    left = result.state.spectra.values
    top = np.argmin(np.abs(AXIS - 1001))
    assert left[0, top] == pytest.approx(lines()[top], rel=0.25)
    quiet = (AXIS > 1500) & (AXIS < 1750)
    assert np.abs(left[:, quiet].mean()) < 30
    assert (result.curves["baseline"] > 0).all() and (result.curves["baseline_error"] >= 0).all()


@pytest.mark.parametrize(
    "method", ["airpls", "modpoly", "imodpoly", "aspls", "asls", "rubber band", "concave rubber band"]
)
def test_every_classic_baseline_runs_and_stays_below_the_strongest_line(method: str) -> None:
    result = apply(SubtractBaseline(method), spectra(1, background=500))
    assert result.state.spectra.values.max() > 300


def test_a_length_that_does_not_fit_the_axis_is_refused() -> None:
    with pytest.raises(StudioError, match="100000 cm"):
        apply(SubtractBaseline("arpls", 100_000), spectra())


def test_a_single_spectrum_cannot_be_corrected_for_scatter() -> None:
    with pytest.raises(StudioError, match="only one"):
        apply(Normalise("msc"), spectra())


def test_scatter_correction_brings_scaled_and_offset_spectra_together() -> None:
    scaled = SpectrumSet(AXIS, np.stack([lines(), 2 * lines() + 40, 0.5 * lines() - 10]))
    values = apply(Normalise("msc"), scaled).state.spectra.values
    np.testing.assert_allclose(values, np.broadcast_to(values[0], values.shape), atol=0.5)


@pytest.mark.parametrize(
    ("method", "measure"),
    [
        ("maximum", lambda rows: rows.max(axis=1)), ("vector", lambda rows: np.linalg.norm(rows, axis=1)),
        ("snv", lambda rows: rows.std(axis=1)), ("min-max", lambda rows: np.ptp(rows, axis=1)),
    ],
)  # fmt: skip
def test_normalised_spectra_have_unit_size(method: str, measure: object) -> None:
    values = apply(Normalise(method), spectra(3)).state.spectra.values
    np.testing.assert_allclose(measure(values.astype(float)), 1, rtol=1e-4)  # type: ignore[operator]


def test_flat_spectra_cannot_be_normalised_and_say_how_many() -> None:
    flat = SpectrumSet(AXIS, np.zeros((2, len(AXIS))))
    with pytest.raises(StudioError, match="2 of 2"):
        apply(Normalise("maximum"), flat)


def test_resampling_finer_than_measured_says_so() -> None:
    assert "finer than measured" in apply(Resample(0.5), spectra()).summary
    assert "finer" not in apply(Resample(4.0), spectra()).summary


def test_resampling_keeps_a_straight_line_straight() -> None:
    straight = SpectrumSet(AXIS, (3 * AXIS + 5)[None])
    state = apply(Resample(3.7), straight).state
    np.testing.assert_allclose(state.spectra.values[0, 2:-2], 3 * state.spectra.axis[2:-2] + 5, rtol=1e-4)


def test_the_second_derivative_of_a_parabola_is_constant() -> None:
    parabola = SpectrumSet(AXIS, (0.5 * (AXIS - 900) ** 2)[None])
    values = apply(Derivative(2, 20), parabola).state.spectra.values
    np.testing.assert_allclose(values, 1, rtol=1e-2)


def test_a_background_is_subtracted_by_a_factor_or_fitted(tmp_path: Path) -> None:
    glass = 100 * np.exp(-(((AXIS - 1400) / 300) ** 2)) + 20
    file = tmp_path / "glass.txt"
    file.write_text("\n".join(f"{shift:.2f}\t{value:.4f}" for shift, value in zip(AXIS, glass, strict=True)))
    mixed = SpectrumSet(AXIS, lines()[None] + 1.7 * glass)
    fixed = apply(Background(str(file), 1.7), mixed).state.spectra.values[0]
    np.testing.assert_allclose(fixed, lines(), atol=1.0)
    fitted = apply(Background(str(file)), mixed)
    assert fitted.record["factor_median"] == pytest.approx(1.7, rel=0.1)


def test_a_background_that_does_not_cover_the_spectra_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "short.txt"
    file.write_text("\n".join(f"{shift}\t{1.0}" for shift in np.linspace(400, 600, 100)))
    with pytest.raises(StudioError, match="does not cover"):
        apply(Background(str(file), 1.0), spectra())


def test_cosmic_rays_are_interpolated_counted_and_marked() -> None:
    source = spectra(3)
    values = source.values.copy()
    values[1, 500:502] += (400, 300)
    result = apply(RemoveCosmicRays(), source.with_values(values))
    assert result.curves["count"].tolist() == [0, 1, 0]
    assert np.flatnonzero(result.curves["replaced"][1]).tolist() == [500, 501]
    assert result.summary == "1 found in 1 spectra"
    np.testing.assert_allclose(result.state.spectra.values[1, 500:502], source.values[1, 500:502], atol=8 * SIGMA)


def test_a_cosmic_ray_can_be_added_and_taken_back_by_hand() -> None:
    source = spectra()
    values = source.values.copy()
    values[0, 500] += 400
    spiked = source.with_values(values)
    kept = apply(RemoveCosmicRays(removed=((0, float(AXIS[500])),)), spiked)
    assert not kept.curves["replaced"].any()
    added = apply(RemoveCosmicRays(automatic=False, added=((0, float(AXIS[500])),)), spiked)
    assert np.flatnonzero(added.curves["replaced"][0]).tolist() == [500]


def test_a_replaced_point_has_the_error_of_interpolation_and_keeps_its_mark_through_the_recipe() -> None:
    source = SpectrumSet(
        AXIS, np.repeat(lines()[None], 2, axis=0) + np.random.default_rng(3).normal(0, SIGMA, (2, 801))
    )
    on_line, beside = int(np.argmin(np.abs(AXIS - 1005))), int(np.argmin(np.abs(AXIS - 700)))
    marks = tuple(
        (row, float(AXIS[point + offset])) for row, point in enumerate((on_line, beside)) for offset in (0, 1)
    )
    steps = [RemoveCosmicRays(automatic=False, added=marks), Denoise("no"), Crop(300, 1700)]
    processed = Runner(source, CountingDenoiser()).run([RecipeStep(step) for step in steps])
    marked = [np.flatnonzero(row) for row in processed.replaced]
    assert [len(points) for points in marked] == [2, 2] and processed.replaced.shape == processed.spectra.values.shape
    error = [processed.expected_error[row, points].max() for row, points in enumerate(marked)]
    assert error[0] > 5 * error[1] > 2 * 0.5  # a straight line across the flank of a line misses more


def test_what_shape_cannot_tell_is_left_and_reported() -> None:
    axis = np.arange(200.0, 1300.0, 4.0)
    narrow = 200 / (1 + ((axis - 600) / 3.2) ** 2) + 30 / (1 + ((axis - 900) / 30) ** 2)
    values = np.stack([narrow * size for size in np.linspace(0.3, 3, 40)])
    noisy = SpectrumSet(axis, values + np.random.default_rng(0).normal(0, 2, values.shape))
    result = apply(RemoveCosmicRays(), noisy)
    assert result.record["doubtful"] > 0 and "line or spike?" in result.summary
    assert not (result.curves["doubtful"] & result.curves["replaced"]).any()
    row, point = np.argwhere(result.curves["doubtful"])[0]
    judged = apply(RemoveCosmicRays(added=((int(row), float(axis[point])),)), noisy)
    assert judged.curves["replaced"][row, point] and not judged.curves["doubtful"][row, point]


class Doubling:
    """A profile of relative intensity."""

    def apply(self, spectra: SpectrumSet) -> SpectrumSet:
        return spectra.with_values(2.0 * spectra.values).with_about(intensity_correction="lamp")


class Moving:
    """A profile of the Raman shift axis."""

    def apply(self, spectra: SpectrumSet) -> SpectrumSet:
        return spectra.with_axis(spectra.axis + 2.0, spectra.values).with_about(calibrated_by="neon")


def test_profiles_move_the_axis_and_scale_intensities_with_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = {"lamp.toml": Doubling(), "neon.toml": Moving()}
    monkeypatch.setattr("ramanstudio.processing.calibration.load_profile", profiles.__getitem__)
    source = spectra(2)
    start = Runner(source).run([])
    corrected = apply(CorrectIntensity("lamp.toml"), source).state
    np.testing.assert_allclose(corrected.spectra.values, 2 * source.values)
    np.testing.assert_allclose(corrected.expected_error, 2 * start.expected_error)
    assert corrected.spectra.about["intensity_correction"] == "lamp"
    moved = apply(Shift(0.5, "neon.toml"), source).state.spectra
    np.testing.assert_allclose(moved.axis, AXIS + 2.5)
    np.testing.assert_array_equal(moved.values, source.values)
    assert moved.about["calibrated_by"] == "neon"
    with pytest.raises(StudioError, match="not intensities"):
        apply(CorrectIntensity("neon.toml"), source)
    with pytest.raises(StudioError, match="not the Raman shift"):
        apply(Shift(0.5, "lamp.toml"), source)


def test_one_flat_spectrum_or_one_with_gaps_does_not_stop_the_others() -> None:
    values = spectra(4).values.copy()
    values[1], values[2, 100] = 0, np.nan
    source = SpectrumSet(AXIS, values)
    for step in (Normalise("maximum"), Smooth("whittaker", 16), SubtractBaseline("arpls"), Derivative(1, 15)):
        result = apply(step, source)
        after = result.state.spectra.values
        np.testing.assert_array_equal(after[2], values[2])
        assert np.isfinite(after[[0, 3]]).all() and not np.allclose(after[0], values[0])
        assert result.record["left_as_they_were"] >= 1 and "left as they were" in result.summary
    with pytest.raises(StudioError, match="Every spectrum"):
        apply(Smooth(), SpectrumSet(AXIS, np.full((2, len(AXIS)), np.nan)))


def test_spectra_take_the_axis_of_a_file_or_the_one_they_share(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("\n".join(f"{shift}\t{1.0}" for shift in np.linspace(300, 900, 121)))
    resampled = apply(Resample(like=str(file)), spectra()).state.spectra
    np.testing.assert_allclose(resampled.axis, np.linspace(300, 900, 121))
    other = SpectrumSet(np.linspace(500, 2500, 401), np.ones((1, 401)))
    step = common_axis_step([spectra(), other])
    axes = [apply(step, one).state.spectra.axis for one in (spectra(), other)]
    np.testing.assert_array_equal(axes[0], axes[1])
    assert (axes[0][0], step.step_cm) == (500, 5)
    with pytest.raises(StudioError, match="share"):
        common_axis_step([spectra(), SpectrumSet(np.linspace(1790, 2500, 401), np.ones((1, 401)))])


def test_a_baseline_bridges_ranges_of_weight_zero_and_follows_those_of_high_weight() -> None:
    background = 50 + 300 * np.exp(-(((AXIS - 900) / 60) ** 2))  # a hump that arPLS takes for a line
    source = SpectrumSet(AXIS, (lines() + background)[None])
    inside = (AXIS > 700) & (AXIS < 900)
    plain = apply(SubtractBaseline("arpls", 400.0), source).curves["baseline"][0]
    followed = apply(SubtractBaseline("arpls", 400.0, region_weights=((600, 940, 50.0),)), source).curves["baseline"][0]
    assert np.abs(followed - background - lines())[inside].max() < 0.3 * np.abs(plain - background)[inside].max()
    bridged = apply(SubtractBaseline("modpoly", degree=6, region_weights=((950, 1050, 0.0),)), source).curves[
        "baseline"
    ][0]
    assert bridged[(AXIS > 950) & (AXIS < 1050)].max() < 200 < source.values[0].max()
    with pytest.raises(StudioError, match="3000"):
        apply(SubtractBaseline(region_weights=((3000, 3100, 0.0),)), source)


@pytest.mark.parametrize(
    ("step", "points"),
    [
        (SubtractBaseline(), 12), (SubtractBaseline("arpls", 1e6), 400), (Smooth("savitzky-golay", 900), 400),
        (Smooth("whittaker", 2), 4), (Derivative(2, 900), 400), (Crop(5000, 6000), 400), (CutOut(((0, 9000),)), 400),
        (Resample(1e3), 400), (Normalise("band", 5000, 6000), 400), (Normalise("msc"), 400),
        (SubtractBaseline("anchors", anchors=((500, 1),)), 400), (Background("/nowhere/glass.txt"), 400),
        (CorrectIntensity("/nowhere/lamp.toml"), 400), (Denoise(), 20),
    ],
    ids=lambda value: getattr(value, "key", str(value)),
)  # fmt: skip
def test_what_a_step_cannot_do_is_a_sentence_that_names_it(step: Step, points: int) -> None:
    axis = np.linspace(200, 1000, points)
    source = SpectrumSet(axis, np.random.default_rng(0).normal(100, 5, (1, points)))
    with pytest.raises(StudioError) as error:
        apply(step, source, CountingDenoiser())
    assert error.value.sentence.startswith(f"{step.title}: ") and error.value.remedy
    kept = Runner(source, CountingDenoiser()).run([RecipeStep(step)], skip_problems=True)
    np.testing.assert_array_equal(kept.spectra.values, source.values)
    assert list(kept.problems) == [0]


@pytest.mark.parametrize("values", [np.zeros((1, 801)), np.zeros((0, 801)), np.full((2, 801), 65535.0)])
def test_spectra_without_signal_are_processed_without_a_warning(values: np.ndarray) -> None:
    result = apply(Denoise("no"), SpectrumSet(AXIS, values), ZeroRatios())
    assert result.summary == "" and result.state.spectra.values.shape == values.shape
    with pytest.raises(StudioError, match="No stretch of 32 points"):
        apply(Denoise("no"), SpectrumSet(np.array([200.0, 300.0]), np.ones((1, 2))), ZeroRatios())


class ZeroRatios(CountingDenoiser):
    """Finds no signal at all."""

    def denoise(
        self, spectra: SpectrumSet, together: bool = False, progress: object = None, replaced: object = None
    ) -> Denoised:
        zero = np.zeros(len(spectra), np.float32)
        return Denoised(spectra, np.zeros(spectra.values.shape, np.float32), zero, zero)
