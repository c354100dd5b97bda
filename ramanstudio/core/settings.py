"""User settings: a table of rows, read from a TOML file and written only where they differ from the defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_config
from ramanstudio.core.schema import quoted
from ramanstudio.core.writing import atomic_write


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: key, default value (which sets the type), allowed values, and its label in the settings dialog.

    A setting without `text` is remembered by the window and not shown in the dialog. `low` and `high` bound numbers.
    With `is_open_choice` other values than its `choices` are allowed too: the name of a model that the user trained.
    `old_key` is its name in files of earlier versions.
    """

    key: str
    default: str | int | float | bool | tuple[str, ...]
    text: str = ""
    tooltip: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    is_open_choice: bool = False
    old_key: str = ""

    def accepts(self, value: object) -> bool:
        """Return whether `value` is allowed."""
        if self.choices and not self.is_open_choice:
            return value in [choice for choice, _ in self.choices]
        if isinstance(self.default, tuple):
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        if isinstance(self.default, (int, float)):
            # Whole numbers of any size are compared as they are: float(value) overflows.
            low, high = (self.low, self.high) if self.high > self.low else (-1e18, 1e18)
            return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        return isinstance(value, str)


SETTINGS: Final = (
    Setting(
        "theme",
        "system",
        "Colours",
        "Light, dark, or the system's setting.",
        choices=(("system", "System"), ("light", "Light"), ("dark", "Dark")),
    ),
    Setting(
        "device",
        "auto",
        "Compute on",
        "Where the model runs. Automatic uses the graphics processor if there is one.",
        choices=(
            ("auto", "Automatic"),
            ("cpu", "Processor (CPU)"),
            ("cuda", "NVIDIA graphics (CUDA)"),
            ("mps", "Apple graphics (MPS)"),
        ),
    ),
    Setting(
        "model",
        "smae-base",
        "Model",
        "The fast model takes about a fifth of the time and gains a little less. Open spectra are denoised again.",
        choices=(("smae-base", "Most accurate (smae-base)"), ("smae-small", "Fast, for large maps (smae-small)")),
        is_open_choice=True,
    ),
    Setting("denoise", True, "Denoise spectra when opened", "Denoising starts as soon as spectra are opened."),
    Setting(
        "denoise_as_set",
        True,
        "Denoise maps and repeats as a set",
        "Maps, series and repeats in one file are denoised with what their spectra share. Each set has its own switch.",
        old_key="whole_set",
    ),
    Setting(
        "laser_nm",
        0.0,
        "Laser wavelength",
        "For files in nm that do not state the laser wavelength. 0: ask for each file.",
        low=0.0,
        high=2000.0,
        unit="nm",
    ),
    Setting(
        "export_format",
        "csv",
        "Format of exported spectra",
        "CSV and HDF5 hold raw and denoised spectra and their expected error together; the others a file for each.",
        choices=(
            ("csv", "CSV"),
            ("h5", "HDF5"),
            ("jdx", "JCAMP-DX (.jdx)"),
            ("spc", "Galactic SPC (.spc)"),
            ("nxs", "NeXus NXraman (.nxs)"),
            ("xlsx", "Excel (.xlsx)"),
        ),
    ),
    Setting("show_raw", True),
    Setting("show_denoised", True),
    Setting("show_residual", False),
    Setting("show_band", True),
    Setting("log_intensity", False),
    Setting("offset_spectra", False),
    Setting("offset_percent", 0, low=0, high=300),
    Setting("spectra_scaling", "", choices=tuple((key, key) for key in ("", "maximum", "area", "band"))),
    Setting("scaled_band_low", 900.0, low=-15_000, high=15_000),
    Setting("scaled_band_high", 1100.0, low=-15_000, high=15_000),
    Setting("axis_unit", "shift", choices=tuple((key, key) for key in ("shift", "nm", "absolute", "ev"))),
    Setting("classic_indices", False),
    Setting("disabled_libraries", (), old_key="libraries_off"),
    Setting("active_classifiers", (), old_key="taught_models_on"),
    Setting("sort_by", "opened"),
    Setting("sort_reversed", False),
    Setting("recent", ()),
    Setting("folder", ""),
    Setting("export_folder", ""),
    Setting("export_scope", "selected", choices=(("selected", ""), ("all", ""), ("shown", ""))),
    Setting("export_contents", ("raw", "processed")),
    Setting("export_tables", ("snr",)),
    Setting("export_one_file", False),
    Setting("export_error", True),
    Setting("export_names", "{name}-{content}"),
    Setting("geometry", ""),
    Setting("panels", ""),
    Setting("report_layout", "full", choices=(("full", ""), ("each", ""), ("summary", ""))),
    Setting("report_author", ""),
    Setting("report_laboratory", ""),
    Setting("report_logo", ""),
    Setting("report_template", ""),
)

MAX_BYTES: Final = 2**20  # of the file
VERSION: Final = 1  # raised when the meaning of a setting changes; written only once it is not 1
_ROWS: Final = {setting.key: setting for setting in SETTINGS}
_OLD_ROWS: Final = {setting.old_key: setting for setting in SETTINGS if setting.old_key}


class Settings:
    """The values of all settings; a value in the file that is not allowed is replaced by the default.

    A damaged file is set aside, and the file of a newer version is read but not written. `warnings` holds a sentence
    for everything that could not be used. Listeners are called with the key of each setting that changes.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.warnings: list[str] = []
        try:
            self.path: Path | None = path or user_config() / "settings.toml"
        except StudioError as error:  # a home that cannot be written
            self.path = None
            self.warnings.append(f"The settings cannot be read or saved. {error}")
        self._values: dict[str, Any] = {}
        self._unknown: dict[str, Any] = {}  # keys of a newer version, kept as they are
        self._listeners: list[Callable[[str], None]] = []
        self._saved: dict[str, Any] | None = None
        self.is_newer = False  # the file of a newer version is not written
        if self.path is not None:
            self._load(self.path)

    def __getitem__(self, key: str) -> Any:
        return self._values.get(key, _ROWS[key].default)

    def __setitem__(self, key: str, value: Any) -> None:
        row = _ROWS[key]
        if not row.accepts(value):
            raise StudioError(f"{quoted(value)} is not a value of '{row.text or key}'.", remedy="Choose another value.")
        if value == self[key]:
            return
        self._values[key] = value
        for listener in list(self._listeners):
            listener(key)

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener(key)` whenever a value changes."""
        self._listeners.append(listener)

    def save(self) -> None:
        """Write the values that differ from the defaults; raises StudioError when the file cannot be written."""
        if self.is_newer or self.path is None:
            return
        changed = {key: value for key, value in self._values.items() if value != _ROWS[key].default}
        document = {**self._unknown, **{key: _plain(value) for key, value in sorted(changed.items())}}
        if document == self._saved:
            return
        import tomli_w

        try:
            atomic_write(self.path, tomli_w.dumps(document))
        except StudioError as error:
            raise StudioError(
                f"The settings could not be saved. {error.sentence}",
                remedy=f"Make sure that '{self.path.parent}' can be written and the disk is not full.",
            ) from error
        self._saved = document

    def _load(self, path: Path) -> None:
        """Read the file; what cannot be used is a warning."""
        import tomllib

        import tomli_w

        if not path.exists():
            return
        try:
            if not path.is_file():
                raise OSError("it is not a file")
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            tomli_w.dumps(document)  # what cannot be written again is not taken
        except OSError as error:
            self.warnings.append(f"The settings in '{path}' could not be read ({error}). The defaults are used.")
            return
        except (ValueError, RecursionError, OverflowError, TypeError) as error:  # not TOML, not text, nested too deep
            self._set_aside(path, error)
            return
        self._saved = document
        version = document.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            self.is_newer = True
            self.warnings.append(
                "The settings were saved by a newer version of RamanStudio. Those that this version knows are used;"
                " changes are not saved."
            )
        for key, value in document.items():
            row = _ROWS.get(key) or _OLD_ROWS.get(key)
            value = tuple(value) if isinstance(value, list) else value
            if row is None:
                self._unknown[key] = document[key]
            elif row.accepts(value):
                if key == row.key or row.key not in document:
                    self._values[row.key] = value
            else:
                self.warnings.append(
                    f"The setting {quoted(key)[1:-1]} = {quoted(value)} is not valid. The default is used."
                )

    def _set_aside(self, path: Path, error: Exception) -> None:
        """Rename a damaged file, so that the user can look at it, and warn."""
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
            kept = f"The file was renamed to '{aside}'"
        except OSError:
            kept = f"The file is '{path}'"
        reason = "they are nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        self.warnings.append(f"The settings could not be read ({reason}). The defaults are used. {kept}.")


def _plain(value: Any) -> Any:
    """Return a value as TOML can write it."""
    return list(value) if isinstance(value, tuple) else value
