"""What the user chose and what the window remembers: rows, read from TOML, and written only where they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_config
from ramanstudio.core.writing import atomic_write


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key, its default (which gives its type), what it may be, and how the dialog words it.

    A setting without `text` is remembered, not asked: it does not appear in the dialog. With `others` it may be
    something else than its `choices` too: the name of a model that the user has trained.
    """

    key: str
    default: str | int | float | bool | tuple[str, ...]
    text: str = ""
    tooltip: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    others: bool = False

    def accepts(self, value: object) -> bool:
        """Whether `value` is one that this setting can have."""
        if self.choices and not self.others:
            return value in [choice for choice, _ in self.choices]
        if isinstance(self.default, tuple):
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        if isinstance(self.default, (int, float)):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return number and (self.high <= self.low or self.low <= float(value) <= self.high)  # type: ignore[arg-type]
        return isinstance(value, str)


SETTINGS: Final = (
    Setting(
        "theme",
        "system",
        "Colours",
        "Light or dark, or as the system is set.",
        choices=(("system", "As the system"), ("light", "Light"), ("dark", "Dark")),
    ),
    Setting(
        "device",
        "auto",
        "Compute on",
        "Where the model runs. Automatic takes the graphics processor where there is one.",
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
        "The fast one takes about a fifth of the time and gains a little less. What is open is denoised again.",
        choices=(("smae-base", "Most exact (smae-base)"), ("smae-small", "Fast, for large maps (smae-small)")),
        others=True,
    ),
    Setting("denoise", True, "Denoise what is opened", "Denoising starts by itself when spectra are opened."),
    Setting(
        "whole_set",
        True,
        "Use the whole set for maps and repeats",
        "Maps, series and repeats in one file are denoised with what their spectra share. Each has its own switch too.",
    ),
    Setting(
        "laser_nm",
        0.0,
        "Laser wavelength",
        "Used for files in nm that do not say theirs. 0: such files ask.",
        low=0.0,
        high=2000.0,
        unit="nm",
    ),
    Setting("show_raw", True),
    Setting("show_denoised", True),
    Setting("show_residual", False),
    Setting("show_band", True),
    Setting("log_intensity", False),
    Setting("classic_indices", False),
    Setting("libraries_off", ()),
    Setting("taught_models_on", ()),
    Setting("sort_by", "opened"),
    Setting("recent", ()),
    Setting("folder", ""),
    Setting("export_folder", ""),
    Setting("geometry", ""),
    Setting("panels", ""),
)

VERSION: Final = 1  # raised when a setting comes to mean something else; written only once it is not 1
_ROWS: Final = {setting.key: setting for setting in SETTINGS}


class Settings:
    """The values of all settings; a value that the file should not have had is the default again.

    A damaged file is set aside, and that of a newer version is only read. `warnings` says what was not understood.
    Listeners are called with the key of what changed.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_config() / "settings.toml"
        self.warnings: list[str] = []
        self._values: dict[str, Any] = {}
        self._unknown: dict[str, Any] = {}  # of a newer version: kept as they are
        self._listeners: list[Callable[[str], None]] = []
        self._saved: dict[str, Any] | None = None
        self.is_newer = False  # of a newer version, whose file is read and not written
        self._load()

    def __getitem__(self, key: str) -> Any:
        return self._values.get(key, _ROWS[key].default)

    def __setitem__(self, key: str, value: Any) -> None:
        row = _ROWS[key]
        if not row.accepts(value):
            raise StudioError(f"'{value}' is not a value for '{row.text or key}'.", remedy="Choose another one.")
        if value == self[key]:
            return
        self._values[key] = value
        for listener in list(self._listeners):
            listener(key)

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener(key)` whenever a value becomes another."""
        self._listeners.append(listener)

    def save(self) -> None:
        """Write what differs from the defaults; raises StudioError where the folder cannot be written."""
        if self.is_newer:
            return
        chosen = {key: value for key, value in self._values.items() if value != _ROWS[key].default}
        document = {**self._unknown, **{key: _plain(value) for key, value in sorted(chosen.items())}}
        if document == self._saved:
            return
        import tomli_w

        try:
            atomic_write(self.path, tomli_w.dumps(document))
        except OSError as error:
            raise StudioError(
                f"The settings could not be saved: {error.strerror or error}.",
                remedy=f"Make '{self.path.parent}' writable.",
            ) from error
        self._saved = document

    def _load(self) -> None:
        import tomllib

        try:
            document = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            self.warnings.append(f"The settings in '{self.path}' could not be read ({error}); the defaults are used.")
            return
        except ValueError as error:  # no TOML, or no text at all
            self._set_aside(error)
            return
        self._saved = document
        version = document.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            self.is_newer = True
            self.warnings.append(
                "The settings are those of a newer RamanStudio: what this one knows of them is used,"
                " and what you change here is not kept."
            )
        for key, value in document.items():
            row = _ROWS.get(key)
            value = tuple(value) if isinstance(value, list) else value
            if row is None:
                self._unknown[key] = document[key]
            elif row.accepts(value):
                self._values[key] = value
            else:
                self.warnings.append(f"The setting {key} = {value!r} is not understood; the default is used.")

    def _set_aside(self, error: ValueError) -> None:
        """Keep a damaged file beside the new one, for whoever wants to see what was in it."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
            kept = f"The file was set aside as '{aside}'"
        except OSError:
            kept = f"The file is '{self.path}'"
        self.warnings.append(f"The settings could not be read ({error}); the defaults are used. {kept}.")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
