"""Damaged files are errors that a user can read, whatever the damage: no other exception, and nothing runs away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from tests.library import mutants

N_MUTANTS = 80  # benchmarks/hostile_files.py tries thousands


def is_refused(door: mutants.Door, path: Path) -> bool:
    try:
        door(path)
    except StudioError as error:
        assert error.sentence and error.remedy
        return True
    return False


def test_libraries_with_changed_bytes_open_or_are_refused(tmp_path: Path) -> None:
    content, random = mutants.library_bytes(tmp_path), np.random.default_rng(1)
    path, n_refused = tmp_path / "mutant.ramanlib", 0
    for _ in range(N_MUTANTS):
        path.write_bytes(mutants.with_changed_bytes(content, random, front=8000))
        n_refused += is_refused(mutants.open_library, path)
    assert n_refused > N_MUTANTS // 4


def test_libraries_with_wrong_types_and_values_open_or_are_refused(tmp_path: Path) -> None:
    content, random = mutants.library_bytes(tmp_path), np.random.default_rng(2)
    path, n_refused = tmp_path / "mutant.ramanlib", 0
    for _ in range(N_MUTANTS):
        path.write_bytes(content)
        mutants.with_changed_objects(path, random)
        n_refused += is_refused(mutants.open_library, path)
    assert n_refused > N_MUTANTS // 4


def test_damaged_zips_are_read_or_refused(tmp_path: Path) -> None:
    content, random = mutants.zip_bytes(), np.random.default_rng(3)
    path, n_refused = tmp_path / "mutant.zip", 0
    for number in range(2 * N_MUTANTS):
        damage = mutants.with_changed_bytes if number % 2 else mutants.with_changed_zip_fields
        path.write_bytes(damage(content, random))
        n_refused += is_refused(mutants.read_zip, path)
    assert n_refused > N_MUTANTS // 4


@pytest.mark.parametrize("layout", ["long", "wide", "row per spectrum"])
def test_damaged_tables_are_read_or_refused(tmp_path: Path, layout: str) -> None:
    content, random = mutants.table_bytes(layout), np.random.default_rng(4)
    path = tmp_path / "library.csv"
    path.write_bytes(content)
    assert not is_refused(mutants.read_table, path)
    for number in range(N_MUTANTS):
        damage = mutants.with_changed_bytes if number % 2 else mutants.with_changed_cells
        path.write_bytes(damage(content, random))
        is_refused(mutants.read_table, path)
