"""Checks of type and range for the fields of files: projects, model cards, library entries.

A file that was damaged, or written by another program, may hold anything in any field. A `Schema` states what each
field has to be; `read` returns the fields, converted to plain Python values, or raises a StudioError that names the
first field that is wrong:

    CARD = Schema({"name": text(200), "steps": integer(0, 10**9), "laser_nm": optional(number(100, 3000))})
    card = CARD.read(json.loads(content), what=f"The model card of '{name}'", remedy="Train the model again.")
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError

MAX_TEXT: Final = 10_000  # characters of a text without a stated limit
MAX_ITEMS: Final = 1_000_000  # of a list without a stated limit

Check = Callable[[Any], Any]  # returns the value, converted, or raises WrongValue


class WrongValue(ValueError):
    """A value is not what a field has to be; the message says what is expected, `where` which item of the field."""

    def __init__(self, expected: str, value: object, where: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.where = where


@dataclass(frozen=True, slots=True)
class Missing:
    """A check whose field may be missing; it is `default` then."""

    check: Check
    default: Any

    def __call__(self, value: Any) -> Any:
        """Check a value that is there."""
        return self.default if value is None else self.check(value)


class Schema:
    """The fields of a record by name; a field is required unless its check is `optional`."""

    def __init__(self, fields: Mapping[str, Check]) -> None:
        self.fields: Mapping[str, Check] = MappingProxyType(dict(fields))

    def __call__(self, value: Any) -> dict[str, Any]:
        """Check a record inside another one."""
        if not isinstance(value, Mapping):
            raise WrongValue("a record of named fields", value)
        record = {}
        for name, check in self.fields.items():
            if name in value:
                record[name] = _checked(check, value[name], f".{name}")
            elif isinstance(check, Missing):
                record[name] = check.default
            else:
                raise WrongValue("there", None, f".{name}")
        return record

    def read(self, record: Any, what: str, remedy: str = "Use a copy of the file.") -> dict[str, Any]:
        """Return the fields of a record as plain Python values; fields that the schema does not name are left out.

        `what` begins the sentence, such as "The project 'a.ramanstudio'". Raises StudioError that names the field.
        """
        return read_value(self, record, what, remedy)  # type: ignore[no-any-return]


def read_value(check: Check, value: Any, what: str, remedy: str = "Use a copy of the file.") -> Any:
    """Return one checked value; raises StudioError "<what> is damaged: …" with the remedy."""
    try:
        return check(value)
    except WrongValue as error:
        where = error.where.lstrip(".")
        if error.expected == "there":
            raise StudioError(f"{what} is damaged: '{where}' is missing.", remedy=remedy) from error
        subject = f"'{where}' is {quoted(error.value)}" if where else f"it is {quoted(error.value)}"
        raise StudioError(f"{what} is damaged: {subject}, not {error.expected}.", remedy=remedy) from error


# Checks --------------------------------------------------------------------------------------------------------------


def optional(check: Check, default: Any = None) -> Missing:
    """A field that may be missing or None; then it is `default`."""
    return Missing(check, default)


def text(max_length: int = MAX_TEXT, choices: Collection[str] | None = None) -> Check:
    """A text of at most `max_length` characters, or one of `choices`; UTF-8 bytes are decoded."""
    if choices is not None:
        shown = ", ".join(f"'{choice}'" for choice in sorted(choices)[:8])
        expected = f"one of {shown}" + (", …" if len(choices) > 8 else "")
    else:
        expected = f"a text of at most {max_length} characters"

    def check(value: Any) -> str:
        if isinstance(value, bytes):
            try:
                value = value.decode()
            except UnicodeDecodeError:
                raise WrongValue(expected, value) from None
        if not isinstance(value, str) or len(value) > max_length or (choices is not None and value not in choices):
            raise WrongValue(expected, value)
        return str(value)

    return check


def number(low: float = -math.inf, high: float = math.inf, allow_nan: bool = False) -> Check:
    """A finite number from `low` to `high`; with `allow_nan` also NaN, for a value that is unknown."""
    expected = _expected_number("a number", low, high)

    def check(value: Any) -> float:
        value = _plain(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongValue(expected, value)
        try:
            converted = float(value)
        except OverflowError:
            raise WrongValue(expected, value) from None
        if allow_nan and math.isnan(converted):
            return converted
        if not math.isfinite(converted) or not low <= converted <= high:
            raise WrongValue(expected, value)
        return converted

    return check


def integer(low: int, high: int) -> Check:
    """A whole number from `low` to `high`; 3.0 counts as 3."""
    expected = _expected_number("a whole number", low, high)

    def check(value: Any) -> int:
        value = _plain(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WrongValue(expected, value)
        return int(value)

    return check


def flag() -> Check:
    """True or False."""

    def check(value: Any) -> bool:
        value = _plain(value)
        if not isinstance(value, bool):
            raise WrongValue("true or false", value)
        return value

    return check


def list_of(check_item: Check, max_items: int = MAX_ITEMS, length: int | None = None) -> Check:
    """A list whose items pass a check, of at most `max_items` or exactly `length` of them; returned as a tuple."""
    expected = f"a list of {length} items" if length is not None else f"a list of at most {max_items} items"

    def check(value: Any) -> tuple[Any, ...]:
        value = value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else value
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise WrongValue(expected, value)
        if len(value) > max_items or (length is not None and len(value) != length):
            raise WrongValue(expected, value)
        return tuple(_checked(check_item, item, f"[{index}]") for index, item in enumerate(value))

    return check


def mapping_of(check_value: Check, max_items: int = 10_000, max_key: int = 1000) -> Check:
    """A record of any names, whose values pass a check."""
    expected = f"a record of at most {max_items} named values"

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or len(value) > max_items:
            raise WrongValue(expected, value)
        if not all(isinstance(key, str) and len(key) <= max_key for key in value):
            raise WrongValue(expected, value)
        return {key: _checked(check_value, item, f".{key}") for key, item in value.items()}

    return check


def plain_value(max_length: int = MAX_TEXT) -> Check:
    """A text, a finite number or a flag, as the metadata of a SpectrumSet."""
    as_text = text(max_length)

    def check(value: Any) -> str | int | float | bool:
        value = _plain(value)
        if isinstance(value, bool):
            return value
        if isinstance(value, int) and abs(value) < 2**63:
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, str | bytes):
            return str(as_text(value))
        raise WrongValue("a text, a number or true or false", value)

    return check


def array(
    kinds: str = "f",
    shape: tuple[int | None, ...] = (None,),
    low: float = -math.inf,
    high: float = math.inf,
    allow_nan: bool = False,
) -> Check:
    """An array of numbers of numpy `kinds` ('f' float, 'iu' integer, 'b' bool), of a shape where None is any length.

    Numbers are finite and from `low` to `high`; with `allow_nan` they may also be NaN.
    """
    dimensions = " × ".join("any" if length is None else str(length) for length in shape)
    expected = f"an array ({dimensions}) of " + _expected_number("numbers", low, high)

    def check(value: Any) -> NDArray[Any]:
        if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds or value.ndim != len(shape):
            raise WrongValue(expected, value)
        if any(length not in (None, actual) for length, actual in zip(shape, value.shape, strict=True)):
            raise WrongValue(expected, value)
        if value.dtype.kind in "fiu" and value.size:
            kept = value[~np.isnan(value)] if allow_nan and value.dtype.kind == "f" else value
            if not np.all(np.isfinite(kept)) or (kept.size and (float(kept.min()) < low or float(kept.max()) > high)):
                raise WrongValue(expected, value)
        return value

    return check


def _checked(check: Check, value: Any, where: str) -> Any:
    """Apply a check; an error says where the value is."""
    try:
        return check(value)
    except WrongValue as error:
        error.where = f"{where}{error.where}"
        raise


def _plain(value: Any) -> Any:
    """Return numpy scalars as Python numbers."""
    return value.item() if isinstance(value, np.generic) and value.dtype.kind in "biufSU" else value


def _expected_number(what: str, low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return what
    if math.isinf(high):
        return f"{what} of at least {low:g}"
    return f"{what} up to {high:g}" if math.isinf(low) else f"{what} from {low:g} to {high:g}"


def quoted(value: object) -> str:
    """Return any value as it is quoted in a sentence: short, in one line."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} of {value.dtype}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
        return "a very large number"
    if isinstance(value, Mapping | list | tuple):
        return f"a {'record' if isinstance(value, Mapping) else 'list'} of {len(value)} items"
    text = repr(value[:60] if isinstance(value, str | bytes) else value)
    return text if len(text) <= 80 else f"{text[:77]}…"
