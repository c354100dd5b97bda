"""The network's properties that do not depend on what it learned."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ramanstudio.mae.config import NetworkConfig
from ramanstudio.mae.network import SpectrumAutoencoder

NETWORK = SpectrumAutoencoder(NetworkConfig(width=32, heads=2, encoder_layers=1, decoder_layers=1))


@settings(deadline=None, max_examples=40)
@given(points=st.integers(32, 3000))
def test_windows_fold_back_to_the_spectrum(points):
    samples = torch.randn(2, points, generator=torch.Generator().manual_seed(points))
    windows = NETWORK.windows(samples[:, None])[:, :, 0]
    assert windows.shape == (2, NETWORK.window_count(points), NETWORK.plan.window)
    assert torch.allclose(NETWORK.fold(windows, points), samples, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(count=st.integers(20, 200), share=st.floats(0.1, 0.8), seed=st.integers(0, 2**31))
def test_as_many_windows_are_hidden_as_was_asked(count, share, seed):
    visible = NETWORK.random_mask(count, share, torch.Generator().manual_seed(seed))
    hidden = count - len(visible)
    assert round(share * count) <= hidden <= round(share * count) + 6  # the last run may be six long
    assert torch.equal(visible, visible.unique())


def test_what_counts_as_hidden_no_visible_window_has_seen():
    points = 1000
    visible = NETWORK.random_mask(NETWORK.window_count(points), 0.5, torch.Generator().manual_seed(3))
    hidden = NETWORK.masked_samples(visible, points)
    assert 0.2 < hidden.float().mean() < 0.6
    position = NETWORK.windows(torch.arange(points, dtype=torch.float32)[None, None])[:, visible].long().unique()
    assert not hidden[position].any()


def test_a_hidden_window_is_rebuilt_from_its_place_and_not_from_its_samples():
    points = 640
    samples = torch.randn(1, points, generator=torch.Generator().manual_seed(0))
    axis = torch.linspace(200, 1800, points)[None]
    visible = torch.arange(NETWORK.window_count(points) // 2)
    other = samples.clone()
    unseen = NETWORK.masked_samples(visible, points)
    # the mean and the slope of the hidden half are kept, as the trend is taken from the whole spectrum
    other[:, unseen] = other[:, unseen].flip(1)
    with torch.inference_mode():
        first = NETWORK.encode(samples - samples.mean(), axis, visible)
        second = NETWORK.encode(other - other.mean(), axis, visible)
    assert (first - second).abs().max() < 0.2 * first.abs().max()


def test_any_length_and_any_axis_pass_through():
    for points in (32, 333, 1024, 2048):
        axis = torch.linspace(-50, 3800, points)[None]
        noise, log_variance, signal = NETWORK(torch.randn(1, points), axis)
        assert noise.shape == log_variance.shape == signal.shape == (1, points)
        assert torch.isfinite(noise).all()
