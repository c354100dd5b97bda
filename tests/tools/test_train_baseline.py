"""Training the baseline network: what is trained is what the program evaluates."""

from __future__ import annotations

import numpy as np
import torch

from ramanstudio.signal import learned_baseline, penalised_spline
from tools.simulated_backgrounds import Simulated, simulated_background, simulated_lines
from tools.train_baseline import BaselineNetwork, Spline, batch_of, loss_of


def simulated(n_spectra=6, n_points=400, seed=0):
    rng = np.random.default_rng(seed)
    axis = np.linspace(0, 1200, n_points)
    lines = np.array([simulated_lines(axis, rng, broad=False) for _ in range(n_spectra)])
    lines /= lines.max(axis=1, keepdims=True)
    baseline = np.array([simulated_background(np.linspace(0, 1, n_points), rng) for _ in range(n_spectra)])
    noise = rng.normal(0, 0.02, lines.shape)
    return Simulated(axis, lines + baseline + noise, baseline, lines, np.full(n_spectra, 0.02))


def disturbed_network():
    torch.manual_seed(1)
    network = BaselineNetwork()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.03 * torch.randn_like(weight))
    return network


def test_numpy_evaluates_the_network_that_was_trained():
    network, spline = disturbed_network(), Spline()
    batch = batch_of([simulated()], np.random.default_rng(0))
    cells, local, whole = (output.detach().numpy() for output in network(batch["inputs"]))
    outputs = learned_baseline.run_network(network.arrays(), batch["inputs"].numpy())
    expected = learned_baseline.interpreted(cells, local, whole)
    for name in ("weights", "offsets", "shares", "second", "third", "fourth", "log_error"):
        assert np.allclose(getattr(outputs, name), getattr(expected, name), rtol=2e-3, atol=1e-5), name
    values = batch["values"].double().numpy()
    penalties = (outputs.second, outputs.third, outputs.fourth)
    coefficients = penalised_spline.fit(values, outputs.weights, *penalties)
    ours = coefficients @ penalised_spline.basis(penalised_spline.cell_centres(learned_baseline.GRID)).T
    weights = torch.from_numpy(outputs.weights.astype(np.float32))
    theirs = spline(torch.from_numpy(values), weights, tuple(torch.from_numpy(penalty) for penalty in penalties))
    assert np.allclose(ours, theirs.numpy(), atol=1e-5)


def test_steps_of_training_lower_the_error_of_the_baseline():
    torch.manual_seed(0)
    network, spline = BaselineNetwork(), Spline()
    batch = batch_of([simulated()], np.random.default_rng(0))
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    errors = []
    for _ in range(25):
        loss, rms = loss_of(network, spline, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(float(rms.median()))
    assert errors[-1] < 0.6 * errors[0]


def test_simulated_lines_and_backgrounds_are_finite_and_not_flat():
    rng = np.random.default_rng(2)
    axis = np.linspace(0, 900, 300)
    for broad in (False, True) * 10:
        assert np.ptp(simulated_lines(axis, rng, broad)) > 0
        curve = simulated_background(np.linspace(0, 1, 300), rng)
        assert np.isfinite(curve).all() and np.ptp(curve) > 0
