"""Libraries are built from files, folders, RRUFF and Open Specy downloads, and open spectra."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.library import building, library, library_folder, tables
from ramanstudio.library import rruff_zip as rruff
from ramanstudio.library.building import LIBRARY, OPEN_SPECY, RRUFF, Naming
from ramanstudio.library.library import Reference

AXIS = np.linspace(200, 1800, 161)
LINES = {"calcite": 1085.0, "quartz": 465.0, "rutile": 610.0}


def intensities(name: str) -> np.ndarray:
    return np.round(100 * np.exp(-0.5 * ((AXIS - LINES[name]) / 20) ** 2) + AXIS / 100, 3)


def columns_of(name: str, separator: str = ", ") -> str:
    return "".join(f"{x:.2f}{separator}{y:.3f}\n" for x, y in zip(AXIS, intensities(name), strict=True))


def write_text(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(columns_of(name, "\t"))
    return path


def member_of(name: str, sample: str, kind: str = "Processed", laser: str = "532", formula: str = "SiO_2_") -> str:
    return (
        f"##NAMES={name.title()}\r\n##RRUFFID={sample}\r\n##IDEAL CHEMISTRY={formula}\r\n##LOCALITY=Dolores, Murcia\r\n"
        f"##SOURCE=Herb: a dealer\r\n##URL=rruff.info/{sample}\r\n##FILETYPE=Raman {kind}\r\n"
        f"##RAMAN WAVELENGTH={laser}\r\n\r\n" + columns_of(name).replace("\n", "\r\n") + "##END=\r\n\r\n\r\n"
    )


def named(name: str, sample: str, kind: str, number: int) -> str:
    return f"{name.title()}__{sample}__Raman__532__0__unoriented__Raman_Data_{kind}__{number}.txt"


def zip_of(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def rruff_zip(tmp_path: Path) -> Path:
    return zip_of(
        tmp_path / "excellent_unoriented.zip",
        {
            named("quartz", "R040031", "RAW", 1): member_of("quartz", "R040031", "RAW"),
            named("quartz", "R040031", "Processed", 2): member_of("quartz", "R040031"),
            named("calcite", "R050048", "Processed", 3): member_of(
                "calcite", "R050048", laser="53", formula="CaC^4+^O_3_"
            ),
            named("rutile", "R060745", "RAW", 4): member_of("rutile", "R060745", "RAW", "780").encode() + b"\xc3",
            named("dust", "R000000", "Processed", 5): "##NAMES=Dust\n##RRUFFID=R000000\n##END=\n",
            "RamanSearchNameList.rsf": b"\0\1\2",
            "__MACOSX/._quartz.txt": b"\0\1\2",
        },
    )


def test_a_zip_of_rruff_is_read_as_it_was_downloaded(rruff_zip: Path, tmp_path: Path) -> None:
    made = building.build(tmp_path / "rruff.ramanlib", [rruff_zip], "RRUFF", Naming(group="oxides and salts"))
    library_of_zip = made.library
    assert list(library_of_zip.names) == ["Quartz", "Calcite", "Rutile"]
    assert list(library_of_zip.formulas) == ["SiO₂", "CaC⁴⁺O₃", "SiO₂"]
    assert library_of_zip.laser_nm.tolist() == [
        532.0,
        532.0,
        780.0,
    ]  # the header of one says 53
    assert list(library_of_zip.samples) == ["R040031", "R050048", "R060745"]
    assert list(library_of_zip.groups) == ["oxides and salts"] * 3
    assert library_of_zip.sources[0] == "RRUFF R040031 rruff.info/R040031"
    assert "Lafuente" in library_of_zip.licences[0]
    assert list(library_of_zip.notes) == ["", "", "as measured, not processed"]
    assert library_of_zip.spectrum(1).values[0] == pytest.approx(intensities("calcite"), abs=1e-3)
    assert library_of_zip.spectrum(1).axis == pytest.approx(AXIS, abs=0.006)
    assert len(made.failed) == 1
    assert "Dust__R000000" in made.failed[0].sentence


def test_a_zip_of_rruff_that_was_unpacked_is_the_same_library(rruff_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(rruff_zip) as archive:
        archive.extractall(tmp_path / "unpacked")
    packed = building.build(tmp_path / "a.ramanlib", [rruff_zip]).library
    made = building.build(tmp_path / "b.ramanlib", [tmp_path / "unpacked"])
    assert sorted(zip(made.library.names, made.library.formulas, made.library.samples, strict=True)) == sorted(
        zip(packed.names, packed.formulas, packed.samples, strict=True)
    )
    assert ["Dust__R000000" in str(error) for error in made.failed] == [True]


def test_two_measurements_of_one_name_are_both_kept(tmp_path: Path) -> None:
    members = {named("quartz", "R040031", kind, number): member_of("quartz", "R040031", kind) for number, kind in
               enumerate(("Processed", "RAW", "Processed", "RAW"))}  # fmt: skip
    members |= {named("rutile", "R060745", "RAW", number): member_of("rutile", "R060745", "RAW") for number in (8, 9)}
    references, _ = rruff.read(zip_of(tmp_path / "two.zip", members))
    assert [reference.name for reference in references] == ["Quartz", "Quartz", "Rutile", "Rutile"]


def test_a_bomb_or_a_broken_member_does_not_stop_the_others(
    rruff_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rruff, "LARGEST_MEMBER", 100_000)
    with zipfile.ZipFile(rruff_zip, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(named("bomb", "R1", "Processed", 6), b"0" * 1_000_000)
    content = bytearray(rruff_zip.read_bytes())
    at = content.index(b"Quartz__R040031__Raman__532__0__unoriented__Raman_Data_Processed") + 130
    content[at : at + 20] = b"\xff" * 20
    rruff_zip.write_bytes(bytes(content))
    made = building.build(tmp_path / "rruff.ramanlib", [rruff_zip])
    assert list(made.library.names) == ["Calcite", "Rutile"]
    errors = " ".join(map(str, made.failed))
    assert "Bomb__R1" in errors
    assert "too large" in errors
    assert "Quartz__R040031" in errors


def test_a_zip_that_states_more_than_it_may_hold_is_refused_before_it_is_unpacked(
    rruff_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rruff, "LARGEST_ZIP", 1000)
    with pytest.raises(StudioError, match="unpack to more"):
        building.build(tmp_path / "rruff.ramanlib", [rruff_zip])


def test_a_truncated_zip_and_a_locked_member_are_errors(rruff_zip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(rruff_zip.read_bytes()[:2000])
    with pytest.raises(StudioError, match=r"cut\.zip"):
        rruff.read(cut)
    content = bytearray(rruff_zip.read_bytes())
    at = content.index(b"PK\x01\x02")
    while at >= 0:  # every entry of the directory says that its member is locked
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    (tmp_path / "locked.zip").write_bytes(bytes(content))
    references, failed = rruff.read(tmp_path / "locked.zip")
    assert references == []
    assert all("locked with a password" in str(error) for error in failed)


def test_reading_a_zip_can_be_cancelled(rruff_zip: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        building.build(tmp_path / "x.ramanlib", [rruff_zip], progress=Progress(is_cancelled=lambda: True))
    assert not (tmp_path / "x.ramanlib").exists()


FACTS = (
    "sample_name,spectrum_type,spectrum_identity,material_class,laser_light_used,organization,license\n"
    '1,Raman,Quartz,mineral,532 nm,"Lab, A",CC0\n2,FTIR,Polyethylene,polyolefin,,B,CC BY\n'
    "3,Raman,Calcite,mineral,NA,C,CC0\n"
)


def long_table(path: Path) -> Path:
    lines = ["wavenumber,intensity,sample_name,group"]
    for key, name in (("1", "quartz"), ("2", "rutile"), ("3", "calcite"), ("4", "rutile")):
        lines += [f"{x:.2f},{y:.3f},{key},g" for x, y in zip(AXIS, intensities(name), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_open_specy_long_table_takes_its_names_from_the_table_beside(tmp_path: Path) -> None:
    table = long_table(tmp_path / "raman_library.csv")
    (tmp_path / "raman_metadata.csv").write_text(FACTS)
    (tmp_path / "aaa.csv").write_text("sample,weight\n1,2\n")
    assert building.detect_library_kind(table) == OPEN_SPECY
    built = building.build(tmp_path / "x.ramanlib", [table]).library
    assert list(built.names) == ["Quartz", "Calcite", "4"]  # what is infrared stays out; of the last nothing is known
    assert list(built.groups) == ["mineral", "mineral", ""]
    assert built.laser_nm[0] == 532.0
    assert np.isnan(built.laser_nm[1])
    assert list(built.sources) == ["Lab, A", "C", "raman_library.csv"]
    assert list(built.licences) == ["CC0", "CC0", ""]
    assert list(built.samples) == ["1", "3", "4"]
    assert built.spectrum(1).values[0] == pytest.approx(intensities("calcite"), abs=1e-3)


def test_open_specy_columns_may_end_in_gaps(tmp_path: Path) -> None:
    table = tmp_path / "spectra.csv"
    rows = [f"{x:.2f},{a:.3f},{'NA' if x > 1000 else f'{b:.3f}'},NA" for x, a, b in zip(
        AXIS, intensities("quartz"), intensities("rutile"), strict=True
    )]  # fmt: skip
    table.write_text("\n".join(["wavenumber,S1,s2,S3", *rows]) + "\n")
    assert building.detect_library_kind(table) == ""  # nothing says that it is not a measurement of three spectra
    (tmp_path / "my metadata.csv").write_text("sample_name,spectrum_identity\nS1,Quartz\ns2,Rutile\nS3,Nothing\n")
    assert building.detect_library_kind(table) == OPEN_SPECY
    made = building.build(tmp_path / "x.ramanlib", [table])
    assert list(made.library.names) == ["Quartz", "Rutile"]
    assert made.library.spectrum(1).axis[-1] == 1000.0
    assert ["'Nothing' cannot be a reference" in str(error) for error in made.failed] == [True]


def test_open_specy_lines_of_spectra_hold_their_facts(tmp_path: Path) -> None:
    table = tmp_path / "written.csv"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*(f"{x:.0f}" for x in AXIS), "spectrum_identity", "laser_light_used", "file_name"])
    writer.writerow([*intensities("quartz"), "Quartz", "785", "a.csv"])
    writer.writerow([*intensities("rutile"), "Rutile", "", "b.csv"])
    table.write_text(text.getvalue())
    assert building.detect_library_kind(table) == OPEN_SPECY
    built = building.build(tmp_path / "x.ramanlib", [table]).library
    assert list(built.names) == ["Quartz", "Rutile"]
    assert built.laser_nm[0] == 785.0
    assert built.spectrum(1).values[0] == pytest.approx(intensities("rutile"), abs=1e-3)


def test_a_library_that_is_exported_as_tables_comes_back(tmp_path: Path) -> None:
    references = [
        Reference(
            "Quartz, α", SpectrumSet.of(AXIS, intensities("quartz")), "minerals", "SiO₂", 532.0, "here", "CC0", "a"
        ),
        Reference(
            "rutile", SpectrumSet.of(AXIS[:100], intensities("rutile")[:100]), note="simulated from a peak table"
        ),
    ]
    given = library.write(tmp_path / "given.ramanlib", references)
    table, facts = tables.write(tmp_path / "out.csv", given)
    assert facts.name == "out_metadata.csv"
    back = building.build(tmp_path / "back.ramanlib", [table]).library
    for column in ("names", "groups", "formulas", "licences", "notes"):
        assert list(getattr(back, column)) == list(getattr(given, column))
    assert (back.sources[0], back.samples[0], back.laser_nm[0]) == ("here", "a", 532.0)
    for index in range(2):
        assert back.spectrum(index).values == pytest.approx(given.spectrum(index).values, rel=1e-6)
        assert back.spectrum(index).axis == pytest.approx(given.spectrum(index).axis)


def test_exported_tables_hold_no_formulas_and_come_back_all_the_same(tmp_path: Path) -> None:
    name, note = "=HYPERLINK(1)", "-2+3"
    references = [Reference(name, SpectrumSet.of(AXIS, intensities("quartz")), note=note)]
    given = library.write(tmp_path / "given.ramanlib", references)
    table, metadata = tables.write(tmp_path / "out.csv", given)
    assert ",'=HYPERLINK(1)," in metadata.read_text()
    assert ",'-2+3" in metadata.read_text()
    back = building.build(tmp_path / "back.ramanlib", [table]).library
    assert (list(back.names), list(back.notes)) == ([name], [note])


def test_a_folder_gives_names_by_its_files_and_groups_by_its_folders(tmp_path: Path) -> None:
    write_text(tmp_path / "data" / "carbonates" / "calcite.txt", "calcite")
    write_text(tmp_path / "data" / "oxides" / "rutile.txt", "rutile")
    two = SpectrumSet(AXIS, np.stack([intensities("quartz"), intensities("calcite")]))
    two = two.with_table(label=np.array(["Quartz", "Calcite"]), sample=np.array(["q1", "c1"])).with_about(
        laser_nm=785.0
    )
    hdf5.write(tmp_path / "data" / "oxides" / "both.h5", two)
    (tmp_path / "data" / "holiday.txt").write_text("we went to the sea")
    made = building.build(tmp_path / "x.ramanlib", [tmp_path / "data"])
    index_of = dict(zip(made.library.names.tolist(), range(4), strict=True))
    assert set(index_of) == {"calcite", "rutile", "Quartz", "Calcite"}
    assert {name: made.library.groups[index] for name, index in index_of.items()} == {
        "calcite": "carbonates", "rutile": "oxides", "Quartz": "oxides", "Calcite": "oxides",
    }  # fmt: skip
    assert made.library.laser_nm[index_of["Quartz"]] == 785.0
    assert made.library.samples[index_of["Calcite"]] == "c1"
    assert made.library.sources[index_of["rutile"]] == "rutile.txt"
    assert ["holiday.txt" in str(error) for error in made.failed] == [True]


def test_references_are_named_by_the_given_rule(tmp_path: Path) -> None:
    file = write_text(tmp_path / "polymers" / "scan 7.txt", "rutile")

    def name_by(**naming: str) -> str:
        return str(building.build(tmp_path / "x.ramanlib", [file], naming=Naming(**naming)).library.names[0])

    assert name_by() == "scan 7"
    assert name_by(name="Rutile") == "Rutile"
    assert name_by(column="folder") == "polymers"
    with pytest.raises(StudioError, match="no column 'mineral'"):
        name_by(column="mineral")


def test_flat_and_broken_spectra_are_named_and_left_out(tmp_path: Path) -> None:
    rows = np.stack([np.full(161, 3.0), intensities("quartz"), intensities("rutile"), intensities("calcite")])
    rows[2, 20:] = np.nan
    rows[3, :10] = np.nan
    four = SpectrumSet(AXIS, rows).with_table(label=np.array(["flat", "Quartz", "gone", "Calcite"]))
    hdf5.write(tmp_path / "four.h5", four)
    made = building.build(tmp_path / "x.ramanlib", [tmp_path / "four.h5"])
    assert list(made.library.names) == ["Quartz", "Calcite"]
    assert made.library.spectrum(1).points == 151
    assert [error.sentence.split("'")[1] for error in made.failed] == ["flat", "gone"]
    with pytest.raises(StudioError, match="flat"):
        building.build(tmp_path / "y.ramanlib", [flat(tmp_path)])


def flat(folder: Path) -> Path:
    hdf5.write(folder / "flat.h5", SpectrumSet(AXIS, np.ones((1, 161))))
    return folder / "flat.h5"


def test_open_spectra_become_references() -> None:
    sets = [SpectrumSet.of(AXIS, intensities("quartz"), laser_nm=633.0), SpectrumSet.of(AXIS, np.ones(161))]
    references, failed = building.references_from_sets(sets, ["Quartz", "nothing"], group="mine")
    assert [(reference.name, reference.group, reference.laser_nm) for reference in references] == [
        ("Quartz", "mine", 633.0)
    ]
    assert "'nothing' cannot be a reference" in str(failed[0])


def test_dropped_libraries_are_recognised_and_installed(rruff_zip: Path, tmp_path: Path) -> None:
    text = write_text(tmp_path / "scan.txt", "quartz")
    two = tmp_path / "my library.csv"  # one spectrum, whatever it is called
    two.write_text("wavenumber,intensity\n" + columns_of("quartz", ","))
    photos = zip_of(tmp_path / "photos.zip", {"a.png": b"\x89PNG"})
    assert [building.detect_library_kind(path) for path in (rruff_zip, text, two, photos, tmp_path)] == [
        RRUFF,
        *[""] * 4,
    ]
    made = library_folder.install(rruff_zip)
    assert made.library.path == paths.user_libraries() / "RRUFF excellent_unoriented.ramanlib"
    assert made.library.title == "RRUFF excellent_unoriented"
    assert len(made.failed) == 1
    given = library.write(tmp_path / "mine.ramanlib", [Reference("x", SpectrumSet.of(AXIS, intensities("quartz")))])
    assert building.detect_library_kind(given.path) == LIBRARY
    first = library_folder.install(given.path).library
    assert first.path.parent == paths.user_libraries()
    assert library_folder.install(given.path).library.path == first.path  # the same once more is no second library
    for path in (text, photos):
        with pytest.raises(StudioError, match="not a library"):
            library_folder.install(path)
    (tmp_path / "both_raw.rds").write_bytes(b"\x1f\x8b")
    with pytest.raises(StudioError, match="only by R") as read_error:
        library_folder.install(tmp_path / "both_raw.rds")
    assert "fwrite" in read_error.value.remedy


def test_the_library_folder_opens_what_it_can_and_names_what_it_cannot(tmp_path: Path) -> None:
    spectrum = SpectrumSet.of(AXIS, intensities("quartz"))
    library.write(paths.user_libraries() / "b.ramanlib", [Reference("x", spectrum)], "Second")
    library.write(paths.user_libraries() / "c.ramanlib", [Reference("x", spectrum)], "first")
    (paths.user_libraries() / "a.ramanlib").write_bytes(b"half a library")
    opened = library_folder.open_library_folder()
    assert [opened_library.title for opened_library in opened.libraries] == ["first", "Second", library_folder.STARTER]
    assert ["a.ramanlib" in str(problem) for problem in opened.problems] == [True]


def test_without_any_library_there_is_the_starter_which_says_what_it_is() -> None:
    (starter,) = library_folder.open_library_folder().libraries
    assert len(set(starter.names)) >= 60
    assert set(starter.notes) == {"simulated from a peak table"}
    assert all(starter.sources)
    made = starter.path.stat().st_mtime_ns
    assert library_folder.open_starter_library().path.stat().st_mtime_ns == made  # made once
    starter.path.write_bytes(b"")
    assert len(library_folder.open_starter_library()) == len(starter)
