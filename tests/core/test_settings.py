"""Settings: rows with defaults, read with care, written only where they differ."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import SETTINGS, Settings


def test_without_a_file_everything_is_its_default() -> None:
    settings = Settings()
    assert all(settings[row.key] == row.default for row in SETTINGS)


def test_what_was_chosen_is_there_again_and_nothing_else_is_written(own_home: Path) -> None:
    settings = Settings()
    settings["theme"] = "dark"
    settings["recent"] = ("/a.txt", "/b.txt")
    settings["device"] = "auto"
    settings.save()
    written = tomllib.loads((own_home / "config" / "settings.toml").read_text(encoding="utf-8"))
    assert written == {"theme": "dark", "recent": ["/a.txt", "/b.txt"]}
    assert Settings()["recent"] == ("/a.txt", "/b.txt")


def test_a_value_that_cannot_be_is_the_default_and_is_told() -> None:
    path = Settings().path
    path.write_text('theme = "pink"\nlaser_nm = -5.0\ndenoise = 1\nshow_raw = false\n', encoding="utf-8")
    settings = Settings()
    assert settings["theme"] == "system"
    assert settings["laser_nm"] == 0.0
    assert settings["denoise"] is True
    assert settings["show_raw"] is False
    assert len(settings.warnings) == 3


def test_a_damaged_file_is_told_and_the_defaults_hold() -> None:
    path = Settings().path
    path.write_bytes(b"\xff\xfe theme = ")
    settings = Settings()
    assert settings["theme"] == "system"
    assert "could not be read" in settings.warnings[0]


def test_a_damaged_file_is_set_aside_and_said_where(own_home: Path) -> None:
    path = Settings().path
    path.write_text("theme = dark", encoding="utf-8")
    settings = Settings()
    aside = own_home / "config" / "settings.toml.damaged"
    assert aside.read_text(encoding="utf-8") == "theme = dark"
    assert str(aside) in settings.warnings[0]
    settings["theme"] = "light"
    settings.save()
    assert Settings()["theme"] == "light"
    assert not Settings().warnings


def test_the_settings_of_a_newer_version_are_read_and_not_written() -> None:
    path = Settings().path
    text = 'version = 2\ntheme = "dark"\nhologram = "on"\n'
    path.write_text(text, encoding="utf-8")
    settings = Settings()
    assert settings["theme"] == "dark"
    assert "newer" in settings.warnings[0]
    settings["theme"] = "light"
    settings.save()
    assert path.read_text(encoding="utf-8") == text


def test_settings_that_only_a_newer_version_knows_are_kept() -> None:
    path = Settings().path
    path.write_text('hologram = "on"\n', encoding="utf-8")
    settings = Settings()
    settings["theme"] = "light"
    settings.save()
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"hologram": "on", "theme": "light"}


def test_a_value_that_cannot_be_is_refused() -> None:
    with pytest.raises(StudioError, match="Colours"):
        Settings()["theme"] = "pink"


def test_listeners_hear_what_changes_and_only_that() -> None:
    heard: list[str] = []
    settings = Settings()
    settings.on_change(heard.append)
    settings["theme"] = "dark"
    settings["theme"] = "dark"
    assert heard == ["theme"]


def test_the_model_may_be_one_of_ones_own() -> None:
    settings = Settings()
    settings["model"] = "my-model"
    settings.save()
    assert Settings()["model"] == "my-model"
    assert not Settings().warnings
