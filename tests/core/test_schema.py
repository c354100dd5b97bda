"""Fields of files are checked by type and range; the error names the field that is wrong."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import (
    Check,
    Schema,
    array,
    flag,
    integer,
    list_of,
    mapping_of,
    number,
    optional,
    plain_value,
    read_value,
    text,
)

CARD = Schema(
    {
        "name": text(20),
        "steps": integer(0, 1000),
        "temperature": number(0.1, 10.0),
        "kind": text(choices=("classes", "quantity")),
        "is_full": optional(flag(), default=False),
        "classes": list_of(text(20), 5),
        "band": optional(list_of(number(), length=2)),
        "about": optional(mapping_of(plain_value()), default={}),
        "part": optional(Schema({"laser_nm": number(100, 3000)})),
    }
)
GOOD: dict[str, Any] = {"name": "a", "steps": 3, "temperature": 1, "kind": "classes", "classes": ["x", "y"]}


def damage(**changes: Any) -> str:
    with pytest.raises(StudioError) as error:
        CARD.read({**GOOD, **changes}, "The card 'a'", "Train it again.")
    assert error.value.remedy == "Train it again."
    return error.value.sentence


def test_good_fields_come_back_as_plain_values_and_missing_ones_as_defaults() -> None:
    raw = {**GOOD, "name": np.bytes_(b"a"), "steps": np.int32(3), "temperature": np.float32(1), "unknown": object()}
    assert CARD.read(raw, "The card 'a'") == {
        **GOOD, "classes": ("x", "y"), "is_full": False, "band": None, "about": {}, "part": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", 3, "'name' is 3, not a text"),
        ("name", "x" * 21, "not a text of at most 20 characters"),
        ("name", b"\xff", "not a text"),
        ("steps", -1, "'steps' is -1, not a whole number from 0 to 1000"),
        ("steps", 2.5, "'steps' is 2.5"),
        ("steps", True, "'steps' is True"),
        pytest.param("steps", 10**5000, "'steps' is a very large number", id="5000 digits"),
        ("temperature", math.nan, "'temperature' is nan, not a number from 0.1 to 10"),
        ("temperature", math.inf, "inf"),
        ("temperature", "1", "'temperature' is '1'"),
        ("temperature", 10**400, "a very large number"),
        ("kind", "other", "not one of 'classes', 'quantity'"),
        ("is_full", 1, "'is_full' is 1, not true or false"),
        ("classes", "xy", "not a list of at most 5 items"),
        ("classes", ["x"] * 6, "a list of 6 items, not a list of at most 5 items"),
        ("classes", ["x", 3], r"'classes\[1\]' is 3"),
        ("classes", None, "'classes' is None"),
        ("band", [1.0], "not a list of 2 items"),
        ("about", {"laser_nm": [1]}, "'about.laser_nm' is a list of 1 items"),
        ("about", {3: 4}, "'about' is a record"),
        ("part", {}, "'part.laser_nm' is missing"),
        ("part", {"laser_nm": 5}, "'part.laser_nm' is 5"),
        ("part", 3, "'part' is 3, not a record"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_it_should_be(field: str, value: object, says: str) -> None:

    sentence = damage(**{field: value})
    assert sentence.startswith("The card 'a' is damaged: ") and re.search(says, sentence)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(StudioError, match="'steps' is missing"):
        CARD.read({"name": "a"}, "The card 'a'")


@pytest.mark.parametrize("record", [None, 3, "text", [], [GOOD]])
def test_something_that_is_no_record_is_damaged(record: object) -> None:
    with pytest.raises(StudioError, match=r"The card 'a' is damaged: it is .*, not a record"):
        CARD.read(record, "The card 'a'")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (array("f", (None,)), np.ones(3), np.ones((3, 1))),
        (array("f", (None,)), np.ones(0), np.arange(3)),
        (array("f", (None, 2)), np.ones((3, 2)), np.ones((3, 3))),
        (array("f", low=0, high=2), np.ones(3), np.full(3, 2.5)),
        (array("f"), np.ones(3), np.array([1.0, np.nan])),
        (array("f", allow_nan=True), np.array([1.0, np.nan]), np.array([1.0, np.inf])),
        (array("iu", low=0), np.arange(3), np.array([-1])),
        (array("b"), np.array([True]), np.array([1])),
        (array("f"), np.float32([1]), np.array(["a"])),
        (array("f"), np.ones(2), [1.0, 2.0]),
    ],
)
def test_arrays_are_checked_by_kind_shape_and_range(check: Check, good: object, bad: object) -> None:
    assert read_value(check, good, "The array") is good
    with pytest.raises(StudioError, match=r"The array is damaged: it is .*, not an array"):
        read_value(check, bad, "The array")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*CARD.fields, "x"]), anything))
def test_no_record_raises_anything_but_a_studio_error(record: dict[str, Any]) -> None:
    try:
        CARD.read({**GOOD, **record}, "The card 'a'")
    except StudioError as error:
        assert len(str(error)) < 400
