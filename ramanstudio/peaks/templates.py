"""Templates: sets of peaks with limits and quantities computed from them, as TOML files, ours and the user's."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.schema import Schema, flag, list_of, mapping_of, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write, write_error
from ramanstudio.peaks.model import BASELINES, TIES, Parameter, Peak, PeakModel, Tie
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.preparation import Options, prepare
from ramanstudio.peaks.profiles import PROFILES, profile
from ramanstudio.peaks.quantity import Quantity, QuantityValues, evaluate
from ramanstudio.peaks.results import result_table
from ramanstudio.peaks.starts import model_problem, solved_problem, with_enough_points

SUFFIX: Final = ".toml"

_LIMITS: Final = list_of(number(-1e5, 1e5), length=3)
_PEAK: Final = Schema(
    {
        "name": text(40),
        "center_cm": _LIMITS,
        "fwhm_cm": _LIMITS,
        "eta": optional(number(0, 1)),
        "optional": optional(flag(), False),
        "locked": optional(list_of(text(choices=("center", "fwhm")), 2), ()),
    }
)
_QUANTITY: Final = Schema(
    {
        "name": text(80),
        "expression": text(1000),
        "unit": optional(text(20), ""),
        "valid": optional(list_of(number(), length=2)),
        "calibration_error": optional(number(0), 0.0),
        "reference": optional(text(400), ""),
        "where": optional(text(1000), ""),
        "where_valid": optional(list_of(number(), length=2)),
    }
)
_TIE: Final = Schema({"kind": text(choices=TIES), "peak": text(40), "to": text(40), "value": optional(number(), 1.0)})
_TEMPLATE: Final = Schema(
    {
        "title": text(80),
        "about": optional(text(1000), ""),
        "reference": optional(text(400), ""),
        "not_for": optional(text(1000), ""),
        "range_cm": list_of(number(-1e5, 1e5), length=2),
        "profile": optional(text(choices=[row.key for row in PROFILES]), "pseudo-voigt"),
        "baseline": optional(text(choices=BASELINES), "linear"),
        "variables": optional(mapping_of(number(), 20, 40), {}),
        "peak": list_of(_PEAK, 40),
        "tie": optional(list_of(_TIE, 100), ()),
        "quantity": optional(list_of(_QUANTITY, 40), ()),
    }
)


@dataclass(frozen=True, slots=True)
class Template:
    """Peaks that a kind of sample has, and what is computed from them.

    Parameters
    ----------
    key : name of the file; title, about, reference : what it is and where it comes from
    not_for : when it does not apply
    within : range in cm⁻¹ that is fitted
    model : the peaks, with their limits; `optional` those that need not be in the measured range
    variables : {name: default} of the formulas, such as temperature_k
    """

    key: str
    title: str
    within: ShiftRange
    model: PeakModel
    quantities: tuple[Quantity, ...] = ()
    about: str = ""
    reference: str = ""
    not_for: str = ""
    variables: Mapping[str, float] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TemplateFit:
    """What a template says of n spectra: the `table` of peaks, and `quantities` (n,), for the spectra `rows` (n,)."""

    template: Template
    table: PeakTable
    rows: Any
    quantities: tuple[QuantityValues, ...]

    def quantity_table(self) -> PeakTable:
        """Return the quantities as columns with their errors; NaN where a formula does not hold."""
        columns: dict[str, Any] = {"spectrum": self.rows}
        for item in self.quantities:
            unit = f" / {item.quantity.unit}" if item.quantity.unit else ""
            columns[item.quantity.name + unit] = np.where(item.is_valid, item.value, np.nan)
            columns[f"{item.quantity.name} error"] = np.where(item.is_valid, item.error, np.nan)
        return PeakTable(columns, {"template": self.template.title}, self.table.problems)


def apply(
    template: Template,
    spectra: SpectrumSet,
    expected_error: Any = None,
    variables: Mapping[str, float] | None = None,
    progress: Progress = SILENT,
) -> TemplateFit:
    """Fit the peaks of a template to each of N spectra, and compute its quantities.

    Raises StudioError when the spectra do not reach over the range of the template, or none can be fitted.
    """
    template = fitting_to(template, spectra)
    options = Options(template.model.profile, template.model.baseline, template.within)
    prepared = prepare(spectra, template.within, expected_error)
    row = profile(template.model.profile)
    everything = np.arange(len(spectra))
    rows, problems = with_enough_points(prepared, everything, row, options, len(template.model.peaks))
    if not rows.size:
        raise next(iter(problems.values()))
    names = [peak.name for peak in template.model.peaks]
    solved = solved_problem(model_problem(prepared, rows, template.model), rows, prepared, options, progress)
    table = result_table(solved.problem, solved.solution, solved.spread, rows, prepared, options, names)
    given = {**template.variables, **(variables or {})}
    quantities = tuple(
        evaluate(quantity, solved, names, given, prepared.axis_sd_cm)
        for quantity in template.quantities
        if quantity.names() <= set(names)
    )
    return TemplateFit(
        template, PeakTable(table.columns, {**table.about, "template": template.title}, problems), rows, quantities
    )


def fitting_to(template: Template, spectra: SpectrumSet) -> Template:
    """Return the template without optional peaks outside of the measured range.

    Raises StudioError when a peak that is needed lies outside.
    """
    low, high = float(spectra.axis[0]), float(spectra.axis[-1])
    keep = []
    for index, peak in enumerate(template.model.peaks):
        reach = peak.fwhm.value / 2
        if low <= peak.center.value - reach and peak.center.value + reach <= high:
            keep.append(index)
        elif peak.name not in template.optional:
            raise StudioError(
                f"The template '{template.title}' needs {template.within[0]:.0f} to {template.within[1]:.0f} cm⁻¹,"
                f" these spectra span {low:.0f} to {high:.0f} cm⁻¹: {peak.name} at {peak.center.value:.0f} is missing.",
                remedy="Choose another template, or measure a wider range.",
            )
    if len(keep) == len(template.model.peaks):
        return template
    number_of = {index: position for position, index in enumerate(keep)}
    ties = tuple(
        replace(tie, peak=number_of[tie.peak], to=number_of[tie.to])
        for tie in template.model.ties
        if tie.peak in number_of and tie.to in number_of
    )
    peaks = tuple(template.model.peaks[index] for index in keep)
    return replace(template, model=replace(template.model, peaks=peaks, ties=ties))


def read(path: Path) -> Template:
    """Read a template. Raises StudioError when the file cannot be read or holds something else."""
    what = f"The template '{path.name}'"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudioError(f"{what} cannot be read: {error.strerror or error}.", remedy="Check the file.") from error
    except UnicodeDecodeError as error:
        raise StudioError(f"{what} is no text, and no TOML file.", remedy="Use a copy of a template.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise StudioError(f"{what} is not a TOML file: {error}.", remedy="Use a copy of a template.") from error
    return _template(path.stem, _TEMPLATE.read(content, what, "Use a copy of a template."))


def _template(key: str, record: dict[str, Any]) -> Template:
    peaks = []
    for entry in record["peak"]:
        low, value, high = entry["center_cm"]
        narrow, fwhm, wide = entry["fwhm_cm"]
        if not (low <= value <= high and 0 < narrow <= fwhm <= wide):
            raise StudioError(
                f"The limits of peak '{entry['name']}' are not in order.", remedy="Give [lowest, start, highest]."
            )
        shapes = {} if entry["eta"] is None else {"eta": Parameter(entry["eta"], locked=True)}
        center = Parameter(value, low, high, "center" in entry["locked"])
        width = Parameter(fwhm, narrow, wide, "fwhm" in entry["locked"])
        peaks.append(Peak(center, width, entry["name"], shapes))
    names = [peak.name for peak in peaks]
    ties = []
    for entry in record["tie"]:
        if not {entry["peak"], entry["to"]} <= set(names):
            raise StudioError("A tie names a peak that is not there.", remedy="Use the names of the peaks.")
        ties.append(Tie(entry["kind"], names.index(entry["peak"]), names.index(entry["to"]), entry["value"]))
    quantities = tuple(Quantity(**entry) for entry in record["quantity"])
    for quantity in quantities:
        quantity.parsed()
        if quantity.where:
            replace(quantity, expression=quantity.where).parsed()
    return Template(
        key,
        record["title"],
        (min(record["range_cm"]), max(record["range_cm"])),
        PeakModel(tuple(peaks), record["profile"], record["baseline"], tuple(ties)),
        quantities,
        record["about"],
        record["reference"],
        record["not_for"],
        record["variables"],
        frozenset(entry["name"] for entry in record["peak"] if entry["optional"]),
    )


def write(path: Path, template: Template) -> Path:
    """Write a template as TOML, atomically. Raises StudioError when the file cannot be written."""
    import tomli_w

    peaks: list[dict[str, Any]] = []
    for peak in template.model.peaks:
        entry: dict[str, Any] = {"name": peak.name}
        for name, parameter in (("center_cm", peak.center), ("fwhm_cm", peak.fwhm)):
            reach = peak.fwhm.value if name == "center_cm" else 0.8 * parameter.value
            low = parameter.value - reach if parameter.low is None else parameter.low
            high = parameter.value + (reach if name == "center_cm" else 4 * parameter.value)
            entry[name] = [low, parameter.value, high if parameter.high is None else parameter.high]
        if "eta" in peak.shapes and peak.shapes["eta"].locked:
            entry["eta"] = peak.shapes["eta"].value
        if peak.name in template.optional:
            entry["optional"] = True
        locked = [name for name in ("center", "fwhm") if getattr(peak, name).locked]
        if locked:
            entry["locked"] = locked
        peaks.append(entry)
    names = [peak.name for peak in template.model.peaks]
    record: dict[str, Any] = {
        "title": template.title,
        "about": template.about,
        "reference": template.reference,
        "not_for": template.not_for,
        "range_cm": list(template.within),
        "profile": template.model.profile,
        "baseline": template.model.baseline,
        "variables": dict(template.variables),
        "peak": peaks,
        "tie": [
            {"kind": tie.kind, "peak": names[tie.peak], "to": names[tie.to], "value": tie.value}
            for tie in template.model.ties
        ],
        "quantity": [
            {
                "name": quantity.name,
                "expression": quantity.expression,
                "unit": quantity.unit,
                "calibration_error": quantity.calibration_error,
                "reference": quantity.reference,
                "where": quantity.where,
                **({} if quantity.valid is None else {"valid": list(quantity.valid)}),
                **({} if quantity.where_valid is None else {"where_valid": list(quantity.where_valid)}),
            }
            for quantity in template.quantities
        ],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise write_error(path.parent, error) from error
    atomic_write(path, tomli_w.dumps(record))
    return path


def user_folder() -> Path:
    """Return the folder of the user's templates."""
    return paths.user_data() / "peaks"


def of_model(title: str, model: PeakModel, within: ShiftRange, about: str = "") -> Template:
    """Return a template of the user's own peaks; those without a name get their position as one."""
    taken: set[str] = set()
    peaks = []
    for peak in model.peaks:
        name = stem = peak.name or f"p{peak.center.value:.0f}"
        number = 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        peaks.append(replace(peak, name=name))
    return Template(_key(title), title, within, replace(model, peaks=tuple(peaks)), about=about)


def keep(template: Template) -> Path:
    """Write a template into the folder of the user's, in place of one of this title; return its file.

    Raises StudioError when it has the title of one that comes with the program, or cannot be written.
    """
    if not template.title.strip():
        raise StudioError("A template needs a title.", remedy="Type what it is for.")
    path = user_folder() / f"{_key(template.title)}{SUFFIX}"
    if any(file.stem == path.stem for file in available() if not is_own(file)):
        raise StudioError(
            f"A template that comes with the program is called '{template.title}'.", remedy="Choose another title."
        )
    return write(path, template)


def is_own(path: Path) -> bool:
    """Whether a template is one of the user's."""
    return path.parent == user_folder()


def _key(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-") or "template"


def available() -> list[Path]:
    """Return the files of all templates: the user's, and those that come with the program."""
    return sorted(user_folder().glob(f"*{SUFFIX}")) + sorted(
        paths.bundled_path("resources", "peaks").glob(f"*{SUFFIX}")
    )


def load(name: str) -> Template:
    """Return the template of this key, title or file. Raises StudioError when there is none."""
    path = Path(name)
    if path.suffix == SUFFIX and path.is_file():
        return read(path)
    wanted = name.strip().lower()
    for file in available():
        if file.stem.lower() == wanted:
            return read(file)
    for file in available():
        with contextlib.suppress(StudioError):  # one that is damaged is not the one that is wanted
            template = read(file)
            if template.title.lower() == wanted:
                return template
    raise StudioError(
        f"There is no template '{name}'.", remedy=f"Use one of {', '.join(file.stem for file in available())}."
    )
