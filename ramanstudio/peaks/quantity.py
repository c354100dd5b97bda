"""Quantities computed from fitted peaks by formulas such as `D1.height / G.height`, with propagated errors."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.peaks.starts import Solved

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]  # "D1.height": (n,)

FIELDS: Final = ("center", "fwhm", "height", "area")
_BINARY: Final[Mapping[type, Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.Pow: operator.pow,
    }
)
_SUPPORTED: Final = 3.0  # standard errors of the height, from which a peak is there
_NAME: Final = re.compile(r"([0-9]*[A-Za-z][A-Za-z0-9_]*)\.(center|fwhm|height|area)\b")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number computed from peaks.

    Parameters
    ----------
    expression : sums, products and powers of `PEAK.center`, `.fwhm`, `.height`, `.area`, variables and numbers
    valid : (low, high) between which the formula holds
    calibration_error : standard error of the formula itself, in `unit`
    where, where_valid : another formula, and (low, high) between which it has to lie for this one to hold
    """

    name: str
    expression: str
    unit: str = ""
    valid: tuple[float, float] | None = None
    calibration_error: float = 0.0
    reference: str = ""
    where: str = ""
    where_valid: tuple[float, float] | None = None

    def parsed(self) -> ast.expr:
        """Return the expression as a tree. Raises StudioError when it is no such formula."""
        text = _NAME.sub(lambda match: f"peak_{match[1]}.{match[2]}", self.expression)
        try:
            tree = ast.parse(text, mode="eval").body
            _check(tree)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise StudioError(
                f"'{self.expression[:80]}' is not a formula of peaks.",
                remedy="Write one such as D1.height / G.height, with + - * / ** and numbers.",
            ) from error
        return tree

    def names(self) -> set[str]:
        """Return the names of the peaks in the expression."""
        return {match[1] for match in _NAME.finditer(f"{self.expression} {self.where}")}


@dataclass(frozen=True, slots=True, eq=False)
class QuantityValues:
    """A quantity of n spectra: `value` and `error` (n,), and for each whether the formula holds there."""

    quantity: Quantity
    value: Floats
    error: Floats
    is_valid: NDArray[np.bool_]


def evaluate(
    quantity: Quantity, solved: Solved, names: list[str], variables: Mapping[str, float], axis_sd_cm: float = 0.0
) -> QuantityValues:
    """Return a quantity of each fitted spectrum, with the error that the covariance of the fit gives it.

    The error contains the covariances of different peaks, the calibration error of the formula, and `axis_sd_cm`, the
    uncertainty of the axis, which moves all peaks together: a distance of two is free of it. Raises StudioError when
    the formula names a peak or a variable that is not there.
    """
    tree = quantity.parsed()
    parameters = solved.parameters
    value = _value(tree, _named(solved, parameters, names), variables)
    slopes = np.zeros_like(parameters)
    steps = 1e-4 * np.sqrt(np.maximum(np.einsum("nii->ni", solved.covariance), 1e-20))
    for index in range(parameters.shape[1]):
        moved = parameters.copy()
        moved[:, index] += steps[:, index]
        with np.errstate(all="ignore"):
            slopes[:, index] = (_value(tree, _named(solved, moved, names), variables) - value) / steps[:, index]
    variance = np.einsum("ni,nij,nj->n", slopes, solved.covariance, slopes)
    centers = slice(len(names), 2 * len(names))
    variance += (axis_sd_cm * slopes[:, centers].sum(axis=1)) ** 2
    error = np.sqrt(np.maximum(variance, 0) + quantity.calibration_error**2)
    is_valid = np.isfinite(value) & np.isfinite(error) & _is_supported(quantity, solved, names)
    if quantity.valid is not None:
        is_valid &= (value >= quantity.valid[0]) & (value <= quantity.valid[1])
    if quantity.where and quantity.where_valid is not None:
        condition = _value(Quantity("", quantity.where).parsed(), _named(solved, parameters, names), variables)
        is_valid &= (condition >= quantity.where_valid[0]) & (condition <= quantity.where_valid[1])
    return QuantityValues(quantity, value, error, is_valid)


def _is_supported(quantity: Quantity, solved: Solved, names: list[str]) -> NDArray[np.bool_]:
    """Whether the peaks of a formula are there (n,): those whose place or width counts, and else at least one."""
    n_peaks = len(names)
    heights = solved.parameters[:, :n_peaks]
    error = np.sqrt(np.maximum(solved.covariance[:, np.arange(n_peaks), np.arange(n_peaks)], 1e-300))
    is_there = heights > _SUPPORTED * error
    used = {(match[1], match[2]) for match in _NAME.finditer(quantity.expression)}
    needed = [names.index(name) for name, field in used if field in ("center", "fwhm")]
    any_of = [names.index(name) for name, _ in used]
    supported = is_there[:, any_of].any(axis=1) if any_of else np.ones(len(heights), dtype=bool)
    return np.asarray(supported & is_there[:, needed].all(axis=1))


def _named(solved: Solved, parameters: Floats, names: list[str]) -> Values:
    fields = solved.fields(parameters)
    return {f"{name}.{field}": fields[field][:, index] for index, name in enumerate(names) for field in FIELDS}


def _check(tree: ast.expr) -> None:
    if isinstance(tree, ast.BinOp) and type(tree.op) in _BINARY:
        _check(tree.left)
        _check(tree.right)
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd):
        _check(tree.operand)
    elif isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name) and tree.attr in FIELDS:
        return
    elif not (
        isinstance(tree, ast.Name)
        or (isinstance(tree, ast.Constant) and isinstance(tree.value, int | float) and not isinstance(tree.value, bool))
    ):
        raise ValueError("not a formula")


def _value(tree: ast.expr, values: Values, variables: Mapping[str, float]) -> Any:
    if isinstance(tree, ast.BinOp):
        with np.errstate(all="ignore"):
            left, right = _value(tree.left, values, variables), _value(tree.right, values, variables)
            return _BINARY[type(tree.op)](np.float64(left), right)
    if isinstance(tree, ast.UnaryOp):
        operand = _value(tree.operand, values, variables)
        return -operand if isinstance(tree.op, ast.USub) else operand
    if isinstance(tree, ast.Constant):
        return float(tree.value)  # type: ignore[arg-type]
    if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name):
        key = f"{tree.value.id.removeprefix('peak_')}.{tree.attr}"
        if key in values:
            return values[key]
        raise StudioError(f"There is no peak for '{key}'.", remedy="Use the names of the peaks that are fitted.")
    name = getattr(tree, "id", "")
    if name in variables:
        return variables[name]
    raise StudioError(f"'{name}' is not a variable of this template.", remedy="Give its value.")
