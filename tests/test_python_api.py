"""The public names of the package, as scripts and notebooks use them."""

import inspect

import numpy as np
import pytest

import ramanstudio

PUBLIC = ("Engine", "Library", "SpectrumSet", "StudioError", "peaks", "read", "write")


def test_public_names_are_listed_and_importable():
    assert set(PUBLIC) <= set(dir(ramanstudio))
    assert set(PUBLIC) | {"__version__"} == set(ramanstudio.__all__)
    for name in PUBLIC:
        assert getattr(ramanstudio, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        ramanstudio.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("verb", "parameters"),
    [
        ("load", ["model", "device", "threads"]),
        ("denoise", ["self", "spectra", "together", "progress", "replaced"]),
        ("embed", ["self", "spectra", "progress"]),
        ("cluster", ["self", "spectra", "n_clusters", "progress", "method"]),
        ("identify", ["self", "spectra", "library", "top", "within", "progress", "denoised"]),
        ("finetune", ["self", "spectra", "labels", "plan", "groups", "progress"]),
        ("classify", ["self", "spectra", "model", "progress", "denoised"]),
    ],
)
def test_the_verbs_of_the_engine_keep_their_parameters(verb, parameters):
    assert list(inspect.signature(getattr(ramanstudio.Engine, verb)).parameters) == parameters


def test_a_file_is_read_denoised_embedded_and_clustered(tmp_path):
    axis = np.linspace(200, 1800, 400)
    random = np.random.default_rng(0)
    line = 100 * np.exp(-0.5 * ((axis - np.where(np.arange(6)[:, None] < 3, 700, 1200)) / 12) ** 2)
    noisy = line + random.normal(0, 10, line.shape)
    for number, row in enumerate(noisy):
        np.savetxt(tmp_path / f"{number}.txt", np.column_stack([axis, row]))
    sets = [spectra for number in range(6) for spectra in ramanstudio.read(tmp_path / f"{number}.txt")]
    spectra = ramanstudio.SpectrumSet(sets[0].axis, np.concatenate([one.values for one in sets]))
    engine = ramanstudio.Engine.load(model="smae-small", device="cpu")
    denoised = engine.denoise(spectra, together=False)
    assert denoised.expected_error.shape == spectra.values.shape
    assert np.all(denoised.snr_after > denoised.snr_before)
    features = engine.embed(spectra)
    assert features.dtype == np.float32
    assert np.linalg.norm(features, axis=1) == pytest.approx(1, abs=1e-3)
    groups = engine.cluster(spectra, n_clusters=2)
    assert groups.n_clusters == 2
    assert len({*groups.labels[:3].tolist()}) == len({*groups.labels[3:].tolist()}) == 1
    assert groups.labels[0] != groups.labels[3]


def test_errors_of_the_package_are_studio_errors(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(ramanstudio.StudioError, match=r"empty\.txt"):
        ramanstudio.read(tmp_path / "empty.txt")
