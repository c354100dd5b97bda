"""Search: which references of which libraries a spectrum is like."""

from __future__ import annotations

from ramanstudio.analysis.hits import Identification, Match, Region

__all__ = ["Identification", "Match", "Region"]
