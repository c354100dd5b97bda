"""Fixtures of the command-line tests."""

from __future__ import annotations

import pytest

from ramanstudio.core import paths
from ramanstudio.engine import Engine
from ramanstudio.library import library
from ramanstudio.library.library import Library, Reference
from tests.cli.denoise_samples import Smoother
from tests.cli.identify_samples import Nose, spectrum_of


@pytest.fixture
def smoother(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run without a model."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: Smoother()))


@pytest.fixture
def nose(monkeypatch: pytest.MonkeyPatch) -> Nose:
    """Commands run without a model."""
    one = Nose()
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: one))
    return one


@pytest.fixture
def minerals() -> Library:
    references = [Reference(name, spectrum_of(name, 5), sample=f"{name} 1") for name in ("calcite", "quartz", "rutile")]
    return library.write(paths.user_libraries() / "minerals.ramanlib", references, "My minerals")
