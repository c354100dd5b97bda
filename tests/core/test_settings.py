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
    path.write_text('theme = "pink"\nlaser_nm = -5.0\ndenoise = 1\nshow_raw = false\n', encoding="utf-8")
    settings = Settings()
    assert settings["theme"] == "system"
    assert settings["laser_nm"] == 0.0
    assert settings["denoise"] is True
    assert settings["show_raw"] is False
    assert len(settings.warnings) == 3


def test_a_damaged_file_gives_the_defaults_and_a_warning() -> None:
    path = Settings().path
    path.write_bytes(b"\xff\xfe theme = ")
    settings = Settings()
    assert settings["theme"] == "system"
    assert "could not be read" in settings.warnings[0]


def test_a_damaged_file_is_renamed_and_the_warning_names_it(own_home: Path) -> None:
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
    path.write_text('whole_set = true\ndenoise_as_set = false\nlibraries_off = ["a"]\n', encoding="utf-8")
    assert Settings()["denoise_as_set"] is False


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a=" + "[" * 100_000, id="deeply nested"),
        pytest.param("laser_nm = " + "9" * 5000, id="too long a number"),
        pytest.param("theme = 1\n" * 2, id="a key twice"),
        pytest.param("# " + "x" * 1_500_000, id="too large"),
        pytest.param('theme = "dark\x00"', id="control characters"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_set_aside_whatever_is_wrong_with_it(own_home: Path, text: str) -> None:
    path = Settings().path
    path.write_text(text, encoding="utf-8")
    settings = Settings()
    assert all(settings[row.key] == row.default for row in SETTINGS)
    assert len(settings.warnings) == 1 and len(settings.warnings[0]) < 500
    assert (own_home / "config" / "settings.toml.damaged").read_text(encoding="utf-8") == text
    settings["theme"] = "dark"
    settings.save()
    assert Settings()["theme"] == "dark"


def test_a_number_too_large_for_a_float_is_not_valid() -> None:
    path = Settings().path
    path.write_text(f'laser_nm = {"9" * 400}\ntheme = "dark"\n', encoding="utf-8")
    settings = Settings()
    assert settings["laser_nm"] == 0.0
    assert settings["theme"] == "dark"
    assert len(settings.warnings) == 1 and len(settings.warnings[0]) < 300


def test_an_unknown_value_too_deep_to_be_written_does_not_prevent_saving() -> None:
    path = Settings().path
    path.write_text("future = " + "[" * 200 + "]" * 200 + "\n", encoding="utf-8")
    settings = Settings()
    settings["theme"] = "dark"
    settings.save()
    assert Settings()["theme"] == "dark"
