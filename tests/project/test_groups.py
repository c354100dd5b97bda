"""Groups of spectra: naming, merging, splitting, moving; nothing that was there is changed."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.project.groups import Groups, Members


@pytest.fixture
def groups() -> Groups:
    """Five spectra of two entries in three groups, and one outlier."""
    members = Members.of_entries([(4, 4), (9, 2)])
    return Groups.from_clustering(
        members, np.array([0, 0, 1, 1, 2, OUTLIER]), np.full(6, 0.9, dtype=np.float32), "k-means"
    )


def test_clustered_groups_are_numbered_counted_and_coloured_differently(groups: Groups) -> None:
    assert groups.names() == ["Group 1", "Group 1", "Group 2", "Group 2", "Group 3", "outlier"]
    assert groups.counts.tolist() == [2, 2, 1]
    assert groups.outliers == 1
    assert len({group.colour for group in groups.groups}) == 3


def test_an_edit_leaves_the_original_groups_unchanged(groups: Groups) -> None:
    renamed = groups.renamed(0, "  quartz ")
    assert renamed.groups[0].name == "quartz"
    assert groups.groups[0].name == "Group 1"
    assert groups.recoloured(1, 7).groups[1].colour == 7


@pytest.mark.parametrize("name", ["", "   ", "Group 2"])
def test_an_empty_or_taken_group_name_is_refused(groups: Groups, name: str) -> None:
    with pytest.raises(StudioError) as refused:
        groups.renamed(0, name)
    assert refused.value.remedy


def test_merging_keeps_the_largest_group(groups: Groups) -> None:
    merged = groups.merged([1, 2])
    assert merged.labels.tolist() == [0, 0, 1, 1, 1, OUTLIER]
    assert [group.name for group in merged.groups] == ["Group 1", "Group 2"]
    assert groups.merged([0, 2], "feldspar").groups[0].name == "feldspar"


def test_splitting_gives_each_part_its_own_name_and_colour(groups: Groups) -> None:
    split = groups.split(1, np.array([0, 1]))
    assert split.labels.tolist() == [0, 0, 1, 3, 2, OUTLIER]
    assert split.groups[3].name == "Group 2 · 2"
    assert len({group.colour for group in split.groups}) == 4


def test_moving_spectra_to_a_name_makes_or_joins_a_group(groups: Groups) -> None:
    two = np.array([True, False, False, False, False, True])
    named = groups.moved(two, "calcite")
    assert named.names() == ["calcite", "Group 1", "Group 2", "Group 2", "Group 3", "calcite"]
    assert named.probabilities[[0, 5]].tolist() == [1.0, 1.0]
    assert groups.moved(two, "Group 3").counts.tolist() == [1, 2, 3]


def test_dissolving_a_group_makes_its_spectra_outliers(groups: Groups) -> None:
    given_up = groups.without(0)
    assert given_up.outliers == 3
    assert [group.name for group in given_up.groups] == ["Group 2", "Group 3"]
    assert given_up.labels.tolist() == [OUTLIER, OUTLIER, 0, 0, 1, OUTLIER]


def test_spectra_keep_their_groups_when_others_come_and_go(groups: Groups) -> None:
    now = Members.of_entries([(9, 2), (4, 3), (12, 1)])
    kept = groups.for_members(now, nearest=np.full(6, 2))
    assert kept.names() == ["Group 3", "outlier", "Group 1", "Group 1", "Group 2", "Group 3"]
    assert groups.for_members(now).labels[-1] == OUTLIER


def test_members_give_their_positions_and_entries() -> None:
    members = Members.of_entries([(7, 2), (3, 3)])
    assert members[np.array([4, 0])].positions_in(members).tolist() == [4, 0]
    assert Members.of_entries([(7, 3)]).positions_in(members).tolist() == [0, 1, -1]
    assert [(entry, positions.tolist()) for entry, positions in members.by_entry()] == [(7, [0, 1]), (3, [2, 3, 4])]
    assert Members.of_entries([]).positions_in(members).tolist() == []


def test_an_outlier_is_not_uncertain_and_a_member_with_a_low_probability_is() -> None:
    members = Members.of_entries([(1, 4)])
    probabilities = np.array([0.9, 0.4, 0.0, 0.5], dtype=np.float32)
    groups = Groups.from_clustering(members, np.array([0, 1, -1, 1]), probabilities, "HDBSCAN", 0.4)
    assert groups.uncertain.tolist() == [False, True, False, False]
    assert groups.outliers == 1
