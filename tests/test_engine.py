"""The engine's promises, kept by the shipped model."""

import numpy as np
import pytest
import torch

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import CONFIDENCE_90, Denoised
from ramanstudio.engine import Engine
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.predictor import TOKENS_PER_BATCH, Predictor

AXIS = np.linspace(200, 1800, 1000)
ONE = Calibration.constant(1.0)


@pytest.fixture(scope="module")
def engine():
    return Engine.load(device="cpu", threads=1)


def clean_spectra(random, n_spectra=40, axis=AXIS):
    """Sharp and broad lines, the strongest 100 high, on a sloping background."""
    centre = random.uniform(axis[0], axis[-1], (n_spectra, 8, 1))
    width = random.uniform(4, 25, (n_spectra, 8, 1))
    height = random.uniform(5, 100, (n_spectra, 8, 1))
    return (height * np.exp(-0.5 * ((axis - centre) / width) ** 2)).sum(axis=1) + 300 - axis / 10


def root_mean_square(rows):
    return np.sqrt(np.mean(rows**2, axis=1))


@pytest.mark.parametrize(("snr", "least_gain"), [(1.5, 3.5), (10, 2.5), (50, 1.7), (400, 1.1)])
def test_noise_shrinks_and_no_spectrum_becomes_worse(engine, snr, least_gain):
    random = np.random.default_rng(0)
    clean = clean_spectra(random)
    noise = random.normal(0, 100 / snr, clean.shape)
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean + noise))
    gain = root_mean_square(noise) / root_mean_square(denoised.spectra.values - clean)
    assert np.median(gain) > least_gain
    assert gain.min() > 10 ** (-0.1 / 20)


@pytest.mark.parametrize("snr", [1.5, 10, 50])
def test_the_claimed_error_is_near_the_true_one(engine, snr):
    random = np.random.default_rng(1)
    clean = clean_spectra(random)
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean + random.normal(0, 100 / snr, clean.shape)))
    true = root_mean_square(denoised.spectra.values - clean)
    claimed = root_mean_square(denoised.expected_error)
    # what repeats differ by is in the claim but not in these simulated spectra, so it is on the safe side
    assert 0.8 < np.median(claimed / true) < 2.5
    assert np.mean(np.abs(denoised.spectra.values - clean) < CONFIDENCE_90 * denoised.expected_error) > 0.85


def test_the_ratios_are_of_the_right_size(engine):
    random = np.random.default_rng(2)
    clean = 100 * np.exp(-0.5 * ((AXIS - 900) / 15) ** 2)
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean + random.normal(0, 10, (30, 1000))))
    assert np.median(denoised.snr_before) == pytest.approx(10, rel=0.25)
    assert np.all(denoised.gain > 2)
    assert denoised.gain == pytest.approx(denoised.snr_after / denoised.snr_before)


def test_a_constant_spectrum_comes_back_as_it_was(engine):
    raw = SpectrumSet.of(AXIS, np.full((2, 1000), 7.5))
    denoised = engine.denoise(raw)
    assert np.array_equal(denoised.spectra.values, raw.values)
    assert np.array_equal(denoised.gain, [1, 1])


def test_a_noiseless_spectrum_comes_back_unchanged(engine):
    clean = clean_spectra(np.random.default_rng(3), n_spectra=10)
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean))
    assert np.abs(denoised.spectra.values - clean).max() < 0.2  # of lines 100 high


@pytest.mark.parametrize("measured", ["photons", "whole counts", "clipped"])
def test_no_ratio_of_millions_is_claimed_where_most_samples_are_equal(engine, measured):
    random = np.random.default_rng(14)
    clean = 100 * np.exp(-0.5 * ((AXIS - 900) / 15) ** 2)
    raw = {
        "photons": lambda: random.poisson(0.1 + clean / 10, (20, 1000)).astype(float),
        "whole counts": lambda: np.round(clean + random.normal(0, 0.3, (20, 1000))),
        "clipped": lambda: np.maximum(clean + random.normal(-3, 3, (20, 1000)), 0),
    }[measured]()
    truth = {"photons": 0.1 + clean / 10, "whole counts": clean, "clipped": np.maximum(clean - 3, 0)}[measured]
    denoised = engine.denoise(SpectrumSet.of(AXIS, raw))
    before, after = root_mean_square(raw - truth), root_mean_square(denoised.spectra.values - truth)
    assert np.all(after < before)
    height = truth.max()
    assert np.median(denoised.snr_before) < 3 * height / np.median(before)
    assert np.median(denoised.snr_after) < 3 * height / np.median(after)


def test_a_noiseless_spectrum_that_is_mostly_zero_comes_back_unchanged(engine):
    clean = 100 * np.exp(-0.5 * ((AXIS - 900) / 15) ** 2)
    clean[clean < 1e-6] = 0
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean))
    assert np.abs(denoised.spectra.values[0] - clean).max() < 0.2


@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_a_unit_that_is_tiny_or_huge_does_not_matter(engine, unit):
    raw = clean_spectra(np.random.default_rng(4), n_spectra=4) + np.random.default_rng(5).normal(0, 5, (4, 1000))
    plain, other = engine.denoise(SpectrumSet.of(AXIS, raw)), engine.denoise(SpectrumSet.of(AXIS, raw * unit))
    assert np.allclose(other.snr_before, plain.snr_before, rtol=0.01)
    assert np.allclose(other.snr_after, plain.snr_after, rtol=0.01)


def test_a_spectrum_far_cleaner_than_any_repeats_is_not_said_to_gain(engine):
    random = np.random.default_rng(3)
    clean = clean_spectra(random, n_spectra=10)
    denoised = engine.denoise(SpectrumSet.of(AXIS, clean + random.normal(0, 0.001, clean.shape)))
    assert np.all(denoised.gain < 1.3)
    assert np.all(denoised.snr_after < 100 / 0.001)


def test_unit_and_offset_do_not_matter(engine):
    random = np.random.default_rng(4)
    raw = clean_spectra(random, n_spectra=4) + random.normal(0, 5, (4, 1000))
    plain = engine.denoise(SpectrumSet.of(AXIS, raw))
    other = engine.denoise(SpectrumSet.of(AXIS, 1e-6 * raw + 0.001))
    assert np.allclose((other.spectra.values - 0.001) * 1e6, plain.spectra.values, atol=0.05)
    assert np.allclose(other.snr_after, plain.snr_after, rtol=0.02)


@pytest.mark.parametrize("points", [100, 500, 2049, 6000])
def test_short_and_long_spectra_are_denoised(engine, points):
    random = np.random.default_rng(5)
    axis = np.linspace(100, 3500, points)
    clean = 100 * np.exp(-0.5 * ((axis - 1500) / 400) ** 2)
    noise = random.normal(0, 10, points)
    denoised = engine.denoise(SpectrumSet.of(axis, clean + noise))
    assert np.std(denoised.spectra.values[0] - clean) < 0.6 * np.std(noise)
    assert np.isfinite(denoised.expected_error).all()


def test_the_shortest_spectrum_is_denoised_too(engine):
    raw = np.random.default_rng(5).normal(0, 1, (20, 32))
    denoised = engine.denoise(SpectrumSet.of(np.linspace(100, 300, 32), raw))
    assert np.median(root_mean_square(denoised.spectra.values) / root_mean_square(raw)) < 0.7


def test_facts_and_columns_stay_with_the_spectra(engine):
    raw = SpectrumSet(AXIS, np.random.default_rng(6).normal(0, 1, (3, 1000)), {"x": [1, 2, 3]}, {"laser_nm": 532})
    denoised = engine.denoise(raw)
    assert denoised.spectra.about["laser_nm"] == 532
    assert list(denoised.spectra.table["x"]) == [1, 2, 3]
    assert np.array_equal(denoised[1:].spectra.values, denoised.spectra.values[1:])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("together", [False, True])
def test_a_spectrum_that_holds_no_numbers_is_left_as_it_is_and_the_others_are_denoised(engine, bad, together):
    raw = repeats(np.random.default_rng(21), n_spectra=12)
    values, whole = raw.values.copy(), np.arange(12) != 5
    values[5, 10] = bad
    warned = []
    detected = engine.denoise(raw.with_values(values), together, Progress(on_warning=warned.append))
    assert np.array_equal(detected.spectra.values[5], values[5], equal_nan=True)
    assert np.isnan(detected.expected_error[5]).all()
    assert all(np.isnan(ratios[5]) for ratios in (detected.snr_before, detected.snr_after, detected.gain))
    others = engine.denoise(raw[whole], together)
    assert np.allclose(detected.spectra.values[whole], others.spectra.values, atol=1e-3)
    assert np.allclose(detected.gain[whole], others.gain, rtol=1e-3)
    (sentence,) = warned
    assert sentence.startswith("1 of 12 spectra holds values that are not numbers (NaN or infinite). It stays as it is")
    again = detected.with_noise_region(raw.with_values(values), 1000, 1200)
    assert np.isnan(again.snr_before[5]) and np.isfinite(again.snr_before[whole]).all()


def test_of_many_files_the_spectra_that_hold_no_numbers_are_said_once_by_name(engine):
    raw, warned = repeats(np.random.default_rng(22), n_spectra=8), []
    values = raw.values.copy()
    values[[1, 2]] = np.nan
    sets = [raw.with_values(values).with_about(source="/a/map.wdf"), raw[3]]
    holed, other = engine.denoise_each(sets, Progress(on_warning=warned.append), together=[1, 0])
    assert np.isnan(holed.snr_after[[1, 2]]).all() and np.isfinite(holed.snr_after[3:]).all()
    assert np.isfinite(other.snr_after).all()
    assert len(warned) == 1
    assert warned[0].startswith("2 of 9 spectra in 'map.wdf' hold values that are not numbers")


def test_where_no_spectrum_holds_numbers_a_set_is_refused_with_a_sentence(engine):
    with pytest.raises(StudioError, match="3 of 3 spectra hold values that are not numbers"):
        engine.denoise(SpectrumSet(AXIS, np.full((3, 1000), np.nan)))


def test_a_spectrum_too_short_is_refused_with_a_sentence(engine):
    with pytest.raises(StudioError, match="20 points is too short"):
        engine.denoise(SpectrumSet.of(np.arange(20.0), np.ones(20)))


def test_a_spectrum_too_short_for_the_wide_windows_of_a_model_is_refused_with_a_sentence():
    small, raw = Engine.load("smae-small", device="cpu"), SpectrumSet.of(np.arange(47.0), np.ones(47))
    with pytest.raises(StudioError, match=r"47 points is too short .* 64 points are needed, or 32 for smae-base"):
        small.denoise(raw)
    assert isinstance(small.denoise_each([raw])[0], StudioError)


def test_many_files_are_denoised_together_and_one_bad_one_stops_no_other(engine):
    random = np.random.default_rng(7)
    sets = [SpectrumSet.of(AXIS, random.normal(0, 1, (2, 1000))) for _ in range(3)]
    sets.insert(1, SpectrumSet.of(AXIS, np.full(1000, np.nan)))
    sets.append(SpectrumSet.of(AXIS[:300], random.normal(0, 1, 300)))
    shown = {}
    results = engine.denoise_each(sets, Progress(on_show=lambda pair: shown.update([pair])))
    assert isinstance(results[1], StudioError)
    assert [isinstance(result, Denoised) for result in results] == [True, False, True, True, True]
    assert set(shown) == {0, 1, 2, 3, 4}
    alone = engine.denoise(sets[2])
    assert np.allclose(results[2].spectra.values, alone.spectra.values, atol=1e-4)


def repeats(random, n_spectra=100, sigma=30.0):
    clean = np.outer(random.uniform(0.5, 1.5, n_spectra), clean_spectra(random, n_spectra=1)[0])
    return SpectrumSet.of(AXIS, clean + random.normal(0, sigma, clean.shape))


def test_of_many_files_each_is_denoised_with_the_set_it_was_said_to_belong_to(engine):
    raw = repeats(np.random.default_rng(14))
    sets = [raw[:40], raw[40], raw[41:100], raw[:40]]
    alone, item, other, whole = engine.denoise_each(sets, together=[0, 7, 7, 9])
    assert np.allclose(alone.spectra.values, engine.denoise(raw[:40]).spectra.values, atol=1e-3)
    joint = engine.denoise(raw[40:], together=True).spectra.values
    assert np.allclose(np.vstack([item.spectra.values, other.spectra.values]), joint, atol=1e-3)
    assert np.allclose(whole.spectra.values, engine.denoise(raw[:40], together=True).spectra.values, atol=1e-3)
    assert np.median(whole.gain) > 1.2 * np.median(alone.gain)


def test_a_set_too_large_for_the_memory_is_denoised_in_portions_from_all_over_it(engine, monkeypatch):
    raw, reports = repeats(np.random.default_rng(16), n_spectra=90), []
    monkeypatch.setattr("ramanstudio.denoising.batches.MAX_TOGETHER", 40)
    (detected,) = engine.denoise_each([raw], Progress(lambda done, *_: reports.append(done)), together=[1])
    for first in range(3):
        assert np.allclose(
            detected[first::3].expected_error, engine.denoise(raw[first::3], together=True).expected_error
        )
    assert reports == sorted(reports)
    assert reports[-1] == 90


def test_a_set_that_is_looked_at_twice_is_counted_once(engine):
    raw, reports = repeats(np.random.default_rng(15)), []
    engine.denoise_each([raw[:10], raw], Progress(lambda done, *_: reports.append(done)), together=[0, 1])
    assert reports == sorted(reports)
    assert reports[-1] == 110


def test_work_that_is_cancelled_stops_between_two_batches(engine):
    n_spectra = SpectrumSet.of(AXIS, np.random.default_rng(8).normal(0, 1, (500, 1000)))
    calls = []
    progress = Progress(lambda *call: calls.append(call), is_cancelled=lambda: len(calls) >= 2)
    with pytest.raises(Cancelled):
        engine.denoise(n_spectra, progress=progress)
    assert calls[-1][0] < 500


def test_the_noise_can_be_measured_in_a_region(engine):
    random = np.random.default_rng(9)
    noise = random.normal(0, 1, (10, 1000)) * np.where(AXIS > 1000, 20, 5)
    raw = SpectrumSet.of(AXIS, 100 * np.exp(-0.5 * ((AXIS - 600) / 15) ** 2) + noise)
    denoised = engine.denoise(raw)
    quiet, loud = denoised.with_noise_region(raw, 200, 950), denoised.with_noise_region(raw, 1050, 1800)
    assert np.median(quiet.snr_before / loud.snr_before) == pytest.approx(4, rel=0.2)
    assert np.all(quiet.snr_after > loud.snr_after)
    with pytest.raises(StudioError, match="widen"):
        denoised.with_noise_region(raw, 500, 510)


def test_repeats_denoised_together_gain_more(engine):
    random = np.random.default_rng(11)
    clean = np.outer(random.uniform(0.5, 1.5, 100), clean_spectra(random, n_spectra=1)[0])
    noise = random.normal(0, 30, clean.shape)
    raw = SpectrumSet.of(AXIS, clean + noise)
    alone, joined = engine.denoise(raw), engine.denoise(raw, together=True)
    error_alone = root_mean_square(alone.spectra.values - clean)
    error_joined = root_mean_square(joined.spectra.values - clean)
    assert np.median(error_joined) < 0.8 * np.median(error_alone)
    assert np.median(root_mean_square(joined.expected_error) / error_joined) > 0.8


@pytest.mark.parametrize("snr", [5, 10])
def test_a_band_that_few_spectra_have_is_not_painted_over_by_the_others(engine, snr):
    random = np.random.default_rng(12)
    common = clean_spectra(random, n_spectra=1)[0]
    band = 100 * np.exp(-0.5 * ((AXIS - 1100) / 8) ** 2)
    clean = np.tile(common, (1000, 1))
    clean[:5] += band
    raw = SpectrumSet.of(AXIS, clean + random.normal(0, 100 / snr, clean.shape))
    joined = engine.denoise(raw, together=True)
    top = np.abs(AXIS - 1100) < 4
    height, measured = ((item.values[:5] - common)[:, top].mean() for item in (joined.spectra, raw))
    assert height == pytest.approx(measured, rel=0.1)


def test_spectra_that_share_nothing_are_denoised_as_each_by_itself(engine):
    random = np.random.default_rng(13)
    raw = SpectrumSet.of(AXIS, clean_spectra(random, n_spectra=30) + random.normal(0, 10, (30, 1000)))
    alone, joined = engine.denoise(raw), engine.denoise(raw, together=True)
    assert np.allclose(alone.spectra.values, joined.spectra.values)
    assert np.allclose(alone.snr_after, joined.snr_after)


def test_what_tells_the_spectra_of_a_set_apart_is_kept(engine):
    random = np.random.default_rng(14)
    ends = clean_spectra(random, n_spectra=2)
    share = random.uniform(0, 1, (300, 1))
    clean = share * ends[0] + (1 - share) * ends[1]
    raw = SpectrumSet.of(AXIS, clean + random.normal(0, 30, clean.shape))
    alone, joined = (engine.denoise(raw, together=together).spectra.values for together in (False, True))
    between = ends[0] - ends[1]
    detected = (joined - ends[1]) @ between / (between @ between)
    assert np.polyfit(share[:, 0], detected, 1)[0] == pytest.approx(1, abs=0.05)
    assert np.median(root_mean_square(joined - clean)) < 0.6 * np.median(root_mean_square(alone - clean))


def test_substances_are_grouped_whatever_their_fluorescence(engine):
    random = np.random.default_rng(15)
    belongs = np.repeat(np.arange(4), 15)
    clean = clean_spectra(random, n_spectra=4)[belongs]
    glow = random.uniform(0, 3, (60, 1)) * 100 * np.exp(-(((AXIS - 900) / 900) ** 2))
    detected = engine.cluster(SpectrumSet.of(AXIS, clean + glow + random.normal(0, 8, clean.shape)))
    assert detected.n_clusters == 4
    assert all(len(set(detected.labels[belongs == item])) == 1 for item in range(4))


def test_what_cannot_be_grouped_is_said(engine):
    flat = SpectrumSet.of(AXIS, np.random.default_rng(16).normal(0, 1, (3, 1000)))
    with pytest.raises(StudioError, match="cannot form 9 groups"):
        engine.cluster(flat, 9)
    with pytest.raises(StudioError, match="not numbers"):
        engine.cluster(SpectrumSet.of(AXIS, np.full(1000, np.nan)))


class _SmallGpu(Predictor):
    """A predictor whose GPU is the CPU, with room for so many samples at once."""

    room = 0

    def _noise_of_batch(self, axis, values, sigma):
        if self.device == "cuda" and values.size > self.room:
            raise torch.OutOfMemoryError
        real, self.device = self.device, "cpu"
        try:
            return super()._noise_of_batch(axis, values, sigma)
        finally:
            self.device = real


@pytest.mark.parametrize(("room", "ends_on", "warnings"), [(20_000, "cuda", 0), (0, "cpu", 1)])
def test_a_full_gpu_halves_the_batch_then_leaves_it_to_the_cpu(engine, room, ends_on, warnings):
    predictor = _SmallGpu(engine._predictor._network, ONE, "cpu")
    predictor.device, predictor.tokens_per_batch, predictor.room = "cuda", TOKENS_PER_BATCH["cuda"], room
    values = np.random.default_rng(10).normal(0, 1, (30, 1000)).astype(np.float32)
    messages = []
    noise, _ = predictor.noise(AXIS, values, np.ones(30, np.float32), Progress(on_warning=messages.append))
    assert predictor.device == ends_on
    assert len(messages) == warnings
    assert np.all(np.abs(noise).sum(axis=1) > 0)


def test_a_full_memory_of_the_computer_is_a_sentence(engine, monkeypatch):
    network = engine._predictor._network
    monkeypatch.setattr(network, "forward", lambda samples, *_: samples.new_empty(10**15))
    with pytest.raises(StudioError, match="memory is full"):
        Predictor(network, ONE, "cpu").noise(AXIS, np.ones((1, 1000), np.float32), np.ones(1, np.float32))


def test_a_device_or_model_that_is_not_there_is_named(engine):
    with pytest.raises(StudioError, match="no model 'nonesuch'"):
        Engine.load("nonesuch")
    if not torch.cuda.is_available():
        with pytest.raises(StudioError, match="no device 'cuda'"):
            Engine.load(device="cuda")
    assert engine.device_name.startswith("CPU · ")


@pytest.mark.parametrize("points", [300, 5000])
def test_results_are_equal_to_the_last_bit_for_any_number_of_threads(points):
    axis = np.linspace(200, 3200, points)
    raw = SpectrumSet.of(axis, np.random.default_rng(17).normal(100, 10, (40 if points < 1000 else 3, points)))
    first, second = (Engine.load("smae-small", device="cpu", threads=threads) for threads in (1, 3))
    expected = first.denoise(raw), first.embed(raw)
    denoised, features = second.denoise(raw), second.embed(raw)
    assert second.device_name == "CPU · 3 threads"
    assert np.array_equal(denoised.spectra.values, expected[0].spectra.values)
    assert np.array_equal(denoised.expected_error, expected[0].expected_error)
    assert np.array_equal(features, expected[1])


def test_a_spectrum_has_the_same_result_alone_and_among_many():
    engine = Engine.load("smae-small", device="cpu", threads=2)
    raw = SpectrumSet.of(AXIS, np.random.default_rng(18).normal(100, 10, (130, 1000)))
    n_spectra = engine.denoise(raw)
    for row in (0, 64, 129):
        assert np.allclose(engine.denoise(raw[row]).spectra.values, n_spectra.spectra.values[row], atol=1e-3)


def test_cancelling_stops_threads_that_compute_ahead():
    engine = Engine.load("smae-small", device="cpu", threads=2)
    raw = SpectrumSet.of(AXIS, np.random.default_rng(19).normal(100, 10, (600, 1000)))
    calls = []
    with pytest.raises(Cancelled):
        engine.denoise(raw, progress=Progress(lambda *call: calls.append(call), is_cancelled=lambda: len(calls) >= 3))
    assert calls[-1][0] < 600
    assert engine.denoise(raw[:2]).gain.shape == (2,)


NOISY = np.random.default_rng(23).normal(0, 5, (12, 400)) + 100 * np.exp(
    -0.5 * ((np.linspace(200, 1800, 400) - np.where(np.arange(12)[:, None] < 6, 700, 1200)) / 12) ** 2
)
PLAIN_AXIS = np.linspace(200, 1800, 400)
EXTREMES = {
    "axis to 1e300": (np.linspace(1e290, 1e300, 400), NOISY),
    "axis over all magnitudes": (np.geomspace(1, 1e300, 400), NOISY),
    "axis with one absurd end": (np.append(PLAIN_AXIS[:-1], 1e300), NOISY),
    "axis of denormal numbers": (np.linspace(0, 4e-310, 400), NOISY),
    "axis of no width": (500 + np.linspace(0, 1e-9, 400), NOISY),
    "intensities to 1e38": (PLAIN_AXIS, NOISY * 2e36),
    "intensities of both signs to 1e38": (PLAIN_AXIS, np.where(NOISY > 0, 3e38, -3e38)),
    "one huge value": (PLAIN_AXIS, np.where(np.eye(12, 400) > 0, 3e38, NOISY)),
    "one large value": (PLAIN_AXIS, np.where(np.eye(12, 400) > 0, 1e30, NOISY)),
    "no spectra": (PLAIN_AXIS, np.empty((0, 400))),
    "zeros": (PLAIN_AXIS, np.zeros((12, 400))),
    "constant": (PLAIN_AXIS, np.full((12, 400), 7.0)),
    "identical": (PLAIN_AXIS, np.repeat(NOISY[:1], 12, axis=0)),
    "denormal": (PLAIN_AXIS, NOISY * 1e-43),
    "every magnitude": (PLAIN_AXIS, NOISY * np.logspace(-40, 36, 12)[:, None]),
    "one spectrum": (PLAIN_AXIS, NOISY[:1]),
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_numbers_give_a_result_or_a_sentence(extreme):
    engine = Engine.load("smae-small", device="cpu", threads=1)
    axis, values = EXTREMES[extreme]
    raw = SpectrumSet(axis, values)
    refused = []
    for verb in (
        lambda: engine.denoise(raw),
        lambda: engine.denoise(raw, together=True),
        lambda: engine.denoise_each([raw, raw], together=[1, 1]),
        lambda: engine.embed(raw),
        lambda: engine.cluster(raw),
        lambda: engine.cluster(raw, 2, method="mixture"),
        lambda: engine.cluster(raw, method="density"),
        lambda: engine.cluster(raw, 2, method="tree"),
        lambda: engine.compute_fingerprints([raw]),
    ):
        try:
            verb()
        except StudioError as error:
            refused.append(str(error))
    assert all(sentence.count(" ") > 4 for sentence in refused)
    if extreme in ("zeros", "constant", "identical", "denormal", "one large value"):
        assert not [sentence for sentence in refused if "cannot form" not in sentence]


def test_one_huge_spectrum_stays_as_measured_and_the_others_are_denoised():
    engine = Engine.load("smae-small", device="cpu", threads=1)
    values = NOISY.copy()
    values[3, 3] = 3e38
    warned = []
    denoised = engine.denoise(SpectrumSet(PLAIN_AXIS, values), progress=Progress(on_warning=warned.append))
    assert warned == [
        "1 of 12 spectra holds intensities above 1e+30. It stays as it is, without a signal-to-noise ratio."
    ]
    assert np.isnan(denoised.snr_after).tolist() == [row == 3 for row in range(12)]
    assert np.all(np.delete(denoised.gain, 3) > 1)


@pytest.mark.parametrize("together", [False, True])
def test_cosmic_rays_stay_as_measured_and_count_neither_as_signal_nor_as_noise(engine, together):
    random = np.random.default_rng(5)
    clean = clean_spectra(random, 6) + random.normal(0, 5, (6, 1000))
    spiked = clean.copy()
    spiked[2, 500:502] += (900, 500)
    before, after = (engine.denoise(SpectrumSet.of(AXIS, values), together) for values in (clean, spiked))
    np.testing.assert_allclose(after.gain, before.gain, rtol=0.05)
    np.testing.assert_allclose(after.spectra.values[2, 500:502], spiked[2, 500:502], rtol=1e-5)
    beside = [*range(490, 500), *range(502, 512)]
    np.testing.assert_allclose(after.spectra.values[2, beside], before.spectra.values[2, beside], atol=15)
    measured = after.with_noise_region(SpectrumSet.of(AXIS, spiked), 300, 3000)
    np.testing.assert_allclose(measured.snr_before[2], after.snr_before[2], rtol=0.1)


@pytest.mark.parametrize(("snr", "most_lost"), [(30, 0.02), (100, 0.01)])
def test_the_tops_of_narrow_lines_are_kept_where_the_network_is_unsure(engine, snr, most_lost):
    axis, random = np.arange(200.0, 1300.0, 4.0), np.random.default_rng(7)
    centre = 700 + 4 * random.uniform(-0.5, 0.5, (60, 1))
    clean = 100 / (1 + ((axis - centre) / 4.4) ** 2) + 10 / (1 + ((axis - 1000) / 40) ** 2)
    denoised = engine.denoise(SpectrumSet.of(axis, clean + random.normal(0, 100 / snr, clean.shape)))
    top = clean.argmax(axis=1)
    rows = np.arange(60)
    lost = (clean[rows, top] - denoised.spectra.values[rows, top]) / 100
    assert np.median(lost) < most_lost
    assert np.mean(np.abs(lost * 100) < CONFIDENCE_90 * denoised.expected_error[rows, top]) > 0.8
