"""Edits of metadata: what was computed from spectra stays, and has the metadata that they have now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.project.project import Entry, Project, Result


def same_measurement(first: SpectrumSet | None, second: SpectrumSet | None) -> bool:
    """Whether two sets are the same spectra, whatever their metadata say: they share their arrays."""
    if first is None or second is None:
        return False
    if first is second:
        return True
    return (
        first.values is second.values
        and first.axis is second.axis
        and first.table.keys() == second.table.keys()
        and all(first.table[column] is second.table[column] for column in first.table)
        and first.about.get("laser_nm") == second.about.get("laser_nm")
    )


def only_metadata_differ(before: Entry | None, now: Entry) -> bool:
    """Whether an entry is what it was but for the metadata of its spectra, which nothing is computed from."""
    return (
        before is not None
        and same_measurement(before.source, now.source)
        and all(getattr(before, name) == getattr(now, name) for name in ("recipe", "set_id", "noise_region", "problem"))
    )


def with_current_metadata(project: Project) -> Project:
    """Return a project whose results, identifications and predictions have the metadata that their entries have now.

    Those of other spectra stay as they are.
    """
    results: dict[int, Result] = {}
    derived: dict[str, dict[int, Any]] = {"identifications": {}, "predictions": {}}
    for entry in project.entries:
        source = entry.source
        if source is None:
            continue
        result = project.results.get(entry.id)
        if result is not None and _is_outdated(result.source, entry):
            results[entry.id] = redescribed_result(result, source)
        matches = project.identifications.get(entry.id)
        if matches is not None and _is_outdated(matches.source, entry):
            derived["identifications"][entry.id] = replace(matches, source=source)
        predictions = project.predictions.get(entry.id, ())
        if any(_is_outdated(item.source, entry) for item in predictions):
            derived["predictions"][entry.id] = tuple(
                replace(item, source=source) if _is_outdated(item.source, entry) else item for item in predictions
            )
    changes = {name: MappingProxyType({**getattr(project, name), **new}) for name, new in derived.items() if new}
    project = replace(project, **changes) if changes else project  # type: ignore[arg-type]
    return project.with_results(results) if results else project


def _is_outdated(source: SpectrumSet, entry: Entry) -> bool:
    return source is not entry.source and same_measurement(source, entry.source)


def redescribed_result(result: Result, source: SpectrumSet) -> Result:
    """Return a result with the metadata of `source`, which are the same spectra; what steps state themselves stays."""
    before = result.source.about

    def described(spectra: SpectrumSet) -> SpectrumSet:
        return spectra.with_metadata(_updated(spectra.about, before, source.about))

    denoised, processed = result.denoised, result.processed
    if denoised is not None:
        denoised = replace(denoised, spectra=described(denoised.spectra))
    if processed is not None:
        stages = tuple(
            replace(stage, state=replace(stage.state, spectra=described(stage.state.spectra)))
            for stage in processed.results
        )
        final = (
            stages[-1].state.spectra if stages and stages[-1].state.spectra.values is processed.spectra.values else None
        )
        processed = replace(processed, spectra=final or described(processed.spectra), results=stages)
    return replace(result, source=source, denoised=denoised, processed=processed)


def _updated(about: Mapping[str, Plain], before: Mapping[str, Plain], now: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return metadata `about`, made from `before`, as it would be made from `now`: what differs from `before` stays."""
    changed = {key: value for key, value in about.items() if key not in before or before[key] != value}
    removed = before.keys() - about.keys()
    return {key: value for key, value in now.items() if key not in removed} | changed
