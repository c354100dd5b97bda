"""Settings: defaults, validation, saving, damaged files, and the files of other versions."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import SETTINGS, Settings


def test_without_a_file_all_values_are_the_defaults() -> None:
    settings = Settings()
    assert all(settings[row.key] == row.default for row in SETTINGS)


def test_only_changed_values_are_written_and_read_again(own_home: Path) -> None:
    settings = Settings()
    settings["theme"] = "dark"
    settings["recent"] = ("/a.txt", "/b.txt")
    settings["device"] = "auto"
    settings.save()
    written = tomllib.loads((own_home / "config" / "settings.toml").read_text(encoding="utf-8"))
    assert written == {"theme": "dark", "recent": ["/a.txt", "/b.txt"]}
    assert Settings()["recent"] == ("/a.txt", "/b.txt")


def test_an_invalid_value_in_the_file_is_replaced_by_the_default_with_a_warning() -> None:
    path = Settings().path
    assert path is not None
    path.write_text('theme = "pink"\nlaser_nm = -5.0\ndenoise = 1\nshow_raw = false\n', encoding="utf-8")
    settings = Settings()
    assert settings["theme"] == "system"
    assert settings["laser_nm"] == 0.0
    assert settings["denoise"] is True
    assert settings["show_raw"] is False
    assert len(settings.warnings) == 3


def test_a_damaged_file_gives_the_defaults_and_a_warning() -> None:
    path = Settings().path
    assert path is not None
    path.write_bytes(b"\xff\xfe theme = ")
    settings = Settings()
    assert settings["theme"] == "system"
    assert "could not be read" in settings.warnings[0]


def test_a_damaged_file_is_renamed_and_the_warning_names_it(own_home: Path) -> None:
    path = Settings().path
    assert path is not None
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
    assert path is not None
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
    assert path is not None
    path.write_text('hologram = "on"\n', encoding="utf-8")
    settings = Settings()
    settings["theme"] = "light"
    settings.save()
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"hologram": "on", "theme": "light"}


def test_setting_an_invalid_value_raises() -> None:
    with pytest.raises(StudioError, match="Colours"):
        Settings()["theme"] = "pink"


def test_listeners_are_called_once_per_change() -> None:
    changes: list[str] = []
    settings = Settings()
    settings.on_change(changes.append)
    settings["theme"] = "dark"
    settings["theme"] = "dark"
    assert changes == ["theme"]


def test_the_model_may_be_one_that_the_user_trained() -> None:
    settings = Settings()
    settings["model"] = "my-model"
    settings.save()
    assert Settings()["model"] == "my-model"
    assert not Settings().warnings


def test_keys_of_earlier_versions_are_read_and_the_new_ones_written(own_home: Path) -> None:
    path = Settings().path
    assert path is not None
    path.write_text('whole_set = false\nlibraries_off = ["a"]\ntaught_models_on = ["b"]\n', encoding="utf-8")
    settings = Settings()
    assert settings["denoise_as_set"] is False
    assert settings["disabled_libraries"] == ("a",)
    assert settings["active_classifiers"] == ("b",)
    assert not settings.warnings
    settings.save()
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    assert written == {"denoise_as_set": False, "disabled_libraries": ["a"], "active_classifiers": ["b"]}


def test_the_new_key_counts_where_a_file_has_both() -> None:
    path = Settings().path
    assert path is not None
    path.write_text('whole_set = true\ndenoise_as_set = false\nlibraries_off = ["a"]\n', encoding="utf-8")
    assert Settings()["denoise_as_set"] is False


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "a = " + "[" * 300 + "]" * 300,
        f"laser_nm = {'9' * 4500}",
        f"[a{'.b' * 2000}]\nc = 1",
        "x" * 2**20 + " = 1",
    ],
    ids=["deep", "deep and closed", "4500 digits", "deep table", "large"],
)
def test_settings_that_cannot_be_parsed_are_renamed_and_can_be_saved_again(own_home: Path, text: str) -> None:
    path = Settings().path
    assert path is not None
    path.write_text(text, encoding="utf-8")
    settings = Settings()
    settings["theme"] = "light"
    settings.save()
    assert Settings()["theme"] == "light"
    if settings.warnings:
        assert len(settings.warnings[0]) < 600
        assert (own_home / "config" / "settings.toml.damaged").read_text(encoding="utf-8") == text


def test_a_number_of_4000_digits_is_not_valid() -> None:
    path = Settings().path
    assert path is not None
    path.write_text(f'laser_nm = {"9" * 4000}\ntheme = "dark"', encoding="utf-8")
    settings = Settings()
    assert settings["theme"] == "dark" and settings["laser_nm"] == 0
    assert settings.warnings == ["The setting laser_nm = a very large number is not valid. The default is used."]


def test_a_home_that_cannot_be_written_gives_the_defaults_and_a_warning(own_home: Path) -> None:
    (own_home / "config").write_text("no folder", encoding="utf-8")
    settings = Settings()
    settings["theme"] = "dark"
    settings.save()
    assert settings["theme"] == "dark" and "cannot be created" in settings.warnings[0]


def test_a_folder_in_place_of_the_file_gives_the_defaults_and_a_warning() -> None:
    path = Settings().path
    assert path is not None
    path.mkdir()
    assert "could not be read" in Settings().warnings[0]
