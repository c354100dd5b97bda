"""Fixtures of the command-line tests."""

from __future__ import annotations

import pytest

from ramanstudio.core import paths
from ramanstudio.engine import Engine
from ramanstudio.library import library
from ramanstudio.library.library import Library, Reference
from tests.cli.denoise_samples import Smoother
from tests.cli.identify_samples import StubSearch, spectrum_of


@pytest.fixture
def smoother(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run without a model."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: Smoother()))


@pytest.fixture
def stub_search(monkeypatch: pytest.MonkeyPatch) -> StubSearch:
    """Commands run without a model."""
    engine = StubSearch()
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: engine))
    return engine


@pytest.fixture
def minerals() -> Library:
    references = [Reference(name, spectrum_of(name, 5), sample=f"{name} 1") for name in ("calcite", "quartz", "rutile")]
    return library.write(paths.user_libraries() / "minerals.ramanlib", references, "My minerals")
