"""Builders of small files of the instruments' own formats, byte by byte, from their published or found layouts."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tests.formats.sample_files import AXIS, SPECTRUM

Array = NDArray[np.float64]

# HORIBA LabSpec 6 ---------------------------------------------------------------------------------------------------

LABSPEC6_LIST, LABSPEC6_TEXT, LABSPEC6_FLOATS = 0x1009, 0x1007, 0x1006
LabSpec6Node = tuple[bytes, object]  # four letters of a name, and a text, a number, an array or a list of nodes


def labspec6_bytes(
    values: Array,
    axis: Array = AXIS,
    unit: str = "1/cm",
    axes: Mapping[str, Array] | None = None,
    settings: Mapping[str, object] | None = None,
    laser_nm: float = 532.0,
) -> bytes:
    """A LabSpec 6 file of `values` (N, B); `axes` are the other axes by their kind, such as {"X": …, "Y": …}."""
    others = [_labspec6_axis(kind, "µm", numbers) for kind, numbers in (axes or {}).items()]
    axis_nodes = [_labspec6_axis("Intens", "Cnt", values.ravel()), _labspec6_axis("Spectr", unit, axis), *others]
    stated = {"Acq. time (s)": 10.0, "Accumulations": 2, "Instrument": "simulated", "Grating": "600 gr/mm"}
    stated |= {"Objective": "x50", "Acquired": "06.07.2022 11:30:03", **(settings or {})}
    entries: list[LabSpec6Node] = [
        (b"set\x08", [(b"\xdbal}", value), (b"namm", name)]) for name, value in stated.items()
    ]
    entries.append((b"las\x08", [(b"namm", "Laser (nm)"), (b"\xdbal}", f"{laser_nm:.0f} nm"), (b"pos\x08", laser_nm)]))
    spectra: LabSpec6Node = (b"\xd6\xd9tz", [(b"axi{", axis_nodes)])
    root: LabSpec6Node = (
        b"root",
        [(b"typm", "Spectrum"), (b"\xd9itl", "simulated"), spectra, (b"acq\x08", entries)],
    )
    numbers = iter(range(1, 1_000_000))
    record, content = _labspec6_node(root, numbers)
    return b"LabSpec6".ljust(76, b"\0") + record + content + bytes(56)


def _labspec6_axis(kind: str, unit: str, numbers: Array) -> LabSpec6Node:
    return (b"\0\0\0\0", [(b"typm", kind), (b"uni|", unit), (b"\xdb\xd4l}", numbers)])


def _labspec6_node(node: LabSpec6Node, numbers: object) -> tuple[bytes, bytes]:
    """The record of 24 bytes of a node, and what follows the records of its list."""
    name, value = node

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<II4sI", kind, 7, name, 0) + content.ljust(8, b"\0")

    if isinstance(value, int):
        return record(4, struct.pack("<i", value)), b""
    if isinstance(value, float):
        return record(5, struct.pack("<d", value)), b""
    reference = next(numbers)  # type: ignore[call-overload]
    if isinstance(value, str):
        text = value.encode("cp1252") + b"\0"
        if len(text) <= 8:
            return record(7, text), b""
        return record(LABSPEC6_TEXT, struct.pack("<II", reference, len(text))), text
    if isinstance(value, np.ndarray):
        return record(LABSPEC6_FLOATS, struct.pack("<II", reference, value.size)), value.astype("<f4").tobytes()
    children = [_labspec6_node(child, numbers) for child in value]  # type: ignore[attr-defined]
    content = b"".join(r for r, _ in children) + b"".join(c for _, c in children)
    return record(LABSPEC6_LIST, struct.pack("<II", reference, len(children))), content


def labspec_xml_bytes(
    values: Array, axis: Array = AXIS, unit: str = "1/cm", axes: Mapping[str, Array] | None = None
) -> bytes:
    """A LabSpec XML file of `values` (N, B); `axes` are the other axes by their kind."""

    def identifier(name: bytes) -> str:
        return f"0x{int.from_bytes(name, 'little'):X}"

    def leaf(kind: int, name: bytes, text: object) -> str:
        return f'<LSX Format="{kind}" ID="{identifier(name)}">{text}</LSX>'

    def listed(name: bytes, *children: str) -> str:
        return f'<LSX Format="9" ID="{identifier(name)}" Size="{len(children)}">{"".join(children)}</LSX>'

    def numbers(array: Array) -> str:
        return " ".join(f"{number:.9g}" for number in array)

    def axis_list(kind: str, axis_unit: str, array: Array | None) -> str:
        stored = [] if array is None else [leaf(6, b"\xdb\xd4l}", numbers(array))]
        return listed(bytes(4), *stored, leaf(7, b"typm", kind), leaf(7, b"uni|", axis_unit))

    def setting(name: str, kind: int, value: object, *more: str) -> str:
        return listed(b"set\x08", leaf(kind, b"\xdb" + b"al}", value), leaf(7, b"namm", name), *more)

    others = [axis_list(kind, "µm", array) for kind, array in (axes or {}).items()]
    spectra = listed(b"axi{", axis_list("Intens", "Cnt", None), axis_list("Spectr", unit, axis), *others)
    settings = listed(
        b"acq\x08",
        setting("Acq. time (s)", 5, 10),
        setting("Accumulations", 4, 2),
        setting("Laser (nm)", 7, "532 ", leaf(5, b"pos\x08", 532.0)),
        setting("Acquired", 7, "06.07.2022 11:30:03"),
    )
    tree = leaf(8, b"\xd9itl", "simulated") + listed(b"\xd6\xd9tz", spectra) + settings
    rows = "".join(f'<LSX_Row Format="6" Index="{i}">{numbers(row)}</LSX_Row>' for i, row in enumerate(values))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<LSX_Data><LSX_Tree Format="9">{tree}</LSX_Tree>'
        f'<LSX_Matrix Format="6">{rows}</LSX_Matrix></LSX_Data>\n'
    ).encode()


# HORIBA LabSpec 5 ---------------------------------------------------------------------------------------------------


def labspec5_bytes(
    values: Array, axis: Array = AXIS, unit: str = "1/cm", x: Array | None = None, y: Array | None = None
) -> bytes:
    """A LabSpec 5 file of `values` (N, B), N being the length of `y` times that of `x`."""
    others = [("Y", y), ("X", x)] if x is not None and y is not None else []
    shape = [*(len(points) for _, points in others if points is not None), axis.size]
    names, units = ["Spectr", "Intens", *(name for name, _ in others)], [unit, "Cnt", *["µm"] * len(others)]
    places = [len(shape) - 1, len(shape), *range(len(others))]
    arrays = [axis, None, *(points for _, points in others)]

    def text(string: str) -> bytes:
        return struct.pack("<B", len(string)) + string.encode("latin-1")

    def texts(strings: list[str]) -> bytes:
        return struct.pack("<h", len(strings)) + b"".join(map(text, strings))

    def table(name: str, settings: Mapping[str, str]) -> bytes:
        head = text("Table") + text(name) + text(name) + bytes(4) + texts(list(settings)) + texts(["Value"])
        return head + struct.pack("<hi", 1, 0) + texts(list(settings.values()))

    content = b"NGSNextGen" + struct.pack("<ii", 1, 1) + b"\nDataMatrix" + text("SpIm") + text("simulated")
    content += struct.pack("<iiii", 4 * values.size, 0, 8, -1) + struct.pack("<ih", values.size, len(shape))
    content += struct.pack(f"<{len(shape)}i", *shape) + b"\xff\xff" + struct.pack("<i", 4 * values.size)
    content += values.astype("<f4").tobytes() + texts(names) + texts(units) + struct.pack("<h", 0)
    content += struct.pack("<h", len(places)) + b"".join(struct.pack("<hh", place, 0) for place in places)
    ends = [(a[0], a[-1]) if a is not None else (0.0, 0.0) for a in arrays]
    content += struct.pack("<h", 2 * len(ends)) + b"".join(struct.pack("<ff", *pair) for pair in ends)
    content += struct.pack("<h", len(arrays)) + b"".join(struct.pack("<i", int(a is not None)) for a in arrays)
    for array in arrays:
        if array is not None:
            content += struct.pack("<h", 4 * array.size) + array.astype("<f4").tobytes()
    content += b"\x04\0\0\0" + table("Param", {"Name": "SpIm", "Date": "07/16/19 14:31:31"})
    acquisition = {"Instrument": "simulated", "Exposition": "10", "Accumulation": "2", "Laser": "532", "Grating": "600"}
    return content + table("Acq", acquisition) + bytes(8)


# Thermo OMNIC -------------------------------------------------------------------------------------------------------


def omnic_bytes(
    values: Array, first: float, last: float, x_unit: int = 32, y_unit: int = 31, laser_nm: float = 532.0
) -> bytes:
    """An OMNIC file: .spa of one spectrum, .spg of several (N, B), from `first` to `last` (the higher shift first)."""
    signature = b"Spectral Data File\r\n" if len(values) == 1 else b"Spectral Exte File\r\n"
    history = b"Collect Sample\r\n\t Exposure time: 10 s\r\n\0"
    parts: list[tuple[int, bytes]] = [(27, history)]
    for index, row in enumerate(values):
        header = bytearray(140)
        struct.pack_into("<IIII", header, 0, 3, row.size, x_unit, y_unit)
        struct.pack_into("<ff", header, 16, first, last)
        struct.pack_into("<I", header, 36, 2)
        struct.pack_into("<f", header, 96, 1e7 / laser_nm)
        parts += [(2, bytes(header)), (3, row.astype("<f4").tobytes())]
        if len(values) > 1:
            parts.append((107, f"spectrum {index}".encode().ljust(256, b"\0")))
    start = bytearray(304 + 16 * (len(parts) + 1))
    start[:20] = signature
    start[30:39] = b"simulated"
    struct.pack_into("<HI", start, 294, len(parts), 3824020296)
    content = b""
    for index, (key, part) in enumerate(parts):
        struct.pack_into("<BxII", start, 304 + 16 * index, key, len(start) + len(content), len(part))
        content += part
    return bytes(start) + content


# Princeton Instruments ----------------------------------------------------------------------------------------------


def spe2_bytes(values: Array, coefficients: tuple[float, ...], laser_nm: float = 0.0) -> bytes:
    """A WinSpec file of frames (N, B); `coefficients` of the polynomial in nm of the pixel, counted from 1."""
    header = bytearray(4100)
    struct.pack_into("<f", header, 10, 10.0)
    header[20:29], header[172:178] = b"21Dec2006", b"144116"
    struct.pack_into("<H", header, 42, values.shape[1])
    struct.pack_into("<h", header, 108, 0)
    struct.pack_into("<H", header, 656, 1)
    struct.pack_into("<i", header, 668, 2)
    struct.pack_into("<f", header, 650, 600.0)
    struct.pack_into("<i", header, 1446, len(values))
    struct.pack_into("<f", header, 1992, 2.5)
    header[2996:3000] = b"\x67\x45\x23\x01"
    header[3016:3032] = b"\x04\0Wavelength [nm"
    header[3098:3103] = bytes([1, 4, 4, len(coefficients) - 1, 3])
    struct.pack_into(f"<{len(coefficients)}d", header, 3263, *coefficients)
    struct.pack_into("<d", header, 3311, laser_nm)
    header[4098:4100] = b"\x55\x55"
    return bytes(header) + values.astype("<f4").tobytes()


def spe3_bytes(values: Array, wavelengths_nm: Array, laser_nm: float = 532.0) -> bytes:
    """A LightField file of frames (N, B) with its XML footer."""
    n_frames, width = values.shape
    data = values.astype("<f4").tobytes()
    header = bytearray(4100)
    struct.pack_into("<H", header, 42, width)
    struct.pack_into("<Q", header, 678, 4100 + len(data))
    struct.pack_into("<f", header, 1992, 3.0)
    footer = (
        '<SpeFormat version="3.0" xmlns="http://www.princetoninstruments.com/spe/2009"><DataFormat>'
        f'<DataBlock type="Frame" count="{n_frames}" pixelFormat="MonochromeFloating32" size="{4 * width}"'
        f' stride="{4 * width}"><DataBlock type="Region" count="1" width="{width}" height="1" size="{4 * width}"'
        f' stride="{4 * width}" /></DataBlock></DataFormat><Calibrations>'
        f'<WavelengthMapping id="1" laserLine="{laser_nm}"><Wavelength>'
        + ",".join(f"{wavelength:.10f}" for wavelength in wavelengths_nm)
        + "</Wavelength></WavelengthMapping></Calibrations><DataHistories><DataHistory>"
        '<Origin created="2024-10-01T11:32:24.65+02:00"><Experiment><System><Cameras><Camera model="simulated" />'
        "</Cameras></System><ShutterTiming><ExposureTime>10000</ExposureTime></ShutterTiming></Experiment></Origin>"
        "</DataHistory></DataHistories></SpeFormat>"
    )
    return bytes(header) + data + footer.encode()


# Bruker OPUS --------------------------------------------------------------------------------------------------------


def opus_bytes(values: Array, first: float, last: float, kind: int = 10, laser_nm: float = 532.0) -> bytes:
    """An OPUS file of one spectrum (1, B), or of a series (N, B); `kind` 10 is Raman, 4 absorbance."""

    def parameters(**settings: object) -> bytes:
        content = b""
        for key, value in settings.items():
            if isinstance(value, int):
                code, data = 0, struct.pack("<i", value)
            elif isinstance(value, float):
                code, data = 1, struct.pack("<d", value)
            else:
                code, data = 2, str(value).encode("latin-1") + b"\0"
                data += b"\0" * (-len(data) % 4)
            content += key.upper().encode() + b"\0" + struct.pack("<hh", code, len(data) // 2) + data
        return content + b"END\0" + bytes(8)

    series = len(values) > 1
    block = (3 | 3 << 2 | kind << 10) | (2 << 19 if series else 0)
    data = values.astype("<f4").tobytes()
    if series:
        size = 4 * values.shape[1]
        data = struct.pack("<6i", 0, len(values), 32, size, 152, 1) + struct.pack("<ii", 0, len(values) - 1)
        for index, row in enumerate(values):
            data += row.astype("<f4").tobytes() + bytes(144) + struct.pack("<d", 10.0 * index)
    status = parameters(
        dpf=1, npt=values.shape[1], fxv=first, lxv=last, csf=1.0, dat="04/07/2023", tim="16:59:10.6 (GMT+1)", dxu="WN"
    )
    blocks = [
        (13 << 10, b""),
        (2 << 4, parameters(ins="simulated", ass=2)),
        (6 << 4, parameters(rlw=1e7 / laser_nm, srl=5.0, src="Laser")),
        (block, data),
        (block | 1 << 4, status),
    ]
    begin = 24 + 12 * (len(blocks) + 1)
    directory, content = b"", b""
    for bits, part in blocks:
        part += b"\0" * (-len(part) % 4)
        directory += struct.pack("<Iii", bits, len(part) // 4, begin + len(content))
        content += part
    start = b"\n\n\xfe\xfe" + struct.pack("<diii", 920622.0, 24, len(blocks) + 1, len(blocks))
    return (start + directory).ljust(begin, b"\0") + content


# Andor Solis --------------------------------------------------------------------------------------------------------


def sif_bytes(
    values: Array, coefficients: tuple[float, ...], axis_name: str = "Raman shift", laser_nm: float = 532.0
) -> bytes:
    """An Andor file of frames (N, B); `coefficients` of the polynomial in nm of the pixel, counted from 1."""
    n_frames, width = values.shape
    names = "".join(f"{len(name)}\n{name}" for name in (axis_name, "Counts", "Pixel number"))
    header = (
        "Andor Technology Multi-Channel File\n65538 1\n65567 0 0 1 1628171392 -60 \0 \0 \0 \0 \0 0 10 10.1 10.1"
        " 2 \0 20.2 3e-05 0 1 0\nsimulated \n 1024 256 50\nfile.sif \n65538 10\n"
        + " ".join(f"{coefficient!r}" for coefficient in coefficients)
        + f"\n0 1 0 0 \n0 1 0 0 \n{laser_nm:g}\n26\n26\n1\n{names}"
        f"65541 1 256 {width} 1 {n_frames} 1 {n_frames * width} {width}\n65538 1 190 {width} 170 21 1 0\n"
        + "         0\n" * n_frames
        + "0\n"
    )
    return header.encode("latin-1") + values.astype("<f4").tobytes() + b"\n0\n"


# WITec --------------------------------------------------------------------------------------------------------------


def witec_bytes(values: Array, n_x: int, n_y: int, wavelengths_nm: Array, laser_nm: float = 532.0) -> bytes:
    """A WITec project of one graph `values` (N, B), N being `n_x` times `n_y`, 1.5 µm and 2 µm apart."""
    from witio.tag import WitTag, write_bytes

    def integer(name: str, value: int) -> WitTag:
        return WitTag(name, 5, np.array([value], dtype="<i4"))

    def doubles(name: str, *numbers: float) -> WitTag:
        return WitTag(name, 2, np.array(numbers, dtype="<f8"))

    def entry(index: int, kind: str, number: int, caption: str, *children: WitTag) -> list[WitTag]:
        about = WitTag("TData", 0, children=[integer("ID", number), WitTag("Caption", 9, caption)])
        return [WitTag(f"DataClassName {index}", 9, kind), WitTag(f"Data {index}", 0, children=[about, *children])]

    def transformation(unit: str) -> WitTag:
        return WitTag("TDTransformation", 0, children=[WitTag("StandardUnit", 9, unit), integer("UnitKind", 1)])

    volume = values.reshape(n_y, n_x, -1)
    graph = [
        integer("SizeX", n_x), integer("SizeY", n_y), integer("SizeGraph", volume.shape[2]),
        integer("SpaceTransformationID", 1), integer("XTransformationID", 2), integer("XInterpretationID", 3),
        WitTag("GraphData", 0, children=[
            integer("DataType", 9),
            WitTag("Data", 7, np.frombuffer(np.swapaxes(volume, 0, 1).astype("<f4").tobytes(), "u1")),
        ]),
    ]  # fmt: skip
    viewport = WitTag("ViewPort3D", 0, children=[
        doubles("ModelOrigin", 0, 0, 0), doubles("WorldOrigin", -1.5, 0, 0),
        doubles("Scale", 1.5, 0, 0, 0, 2, 0, 0, 0, 1), doubles("Rotation", 1, 0, 0, 0, 1, 0, 0, 0, 1),
    ])  # fmt: skip
    space = WitTag("TDSpaceTransformation", 0, children=[viewport])
    lut = [integer("LUTSize", wavelengths_nm.size), doubles("LUT", *wavelengths_nm)]
    table = WitTag("TDLUTTransformation", 0, children=lut)
    information = (
        "{\\rtf1 simulated\\par Date:\\tab Montag, 6. Juli 2015\\par Time:\\tab 11:01:23\\par "
        "Integration Time [s]:\\tab 10\\par Number Of Accumulations:\\tab 2\\par }"
    )
    stream = WitTag(
        "TDStream", 0, children=[WitTag("StreamData", 7, np.frombuffer(information.encode("cp1252"), "u1"))]
    )
    data = [
        *entry(0, "TDSpaceTransformation", 1, "space", transformation("µm"), space),
        *entry(1, "TDLUTTransformation", 2, "spectral", transformation("nm"), table),
        *entry(2, "TDSpectralInterpretation", 3, "unit",
               WitTag("TDInterpretation", 0, children=[integer("UnitIndex", 3)]),
               WitTag("TDSpectralInterpretation", 0, children=[doubles("ExcitationWaveLength", laser_nm)])),
        *entry(3, "TDGraph", 4, "simulated_Spec.Data 1", WitTag("TDGraph", 0, children=graph)),
        *entry(4, "TDText", 5, "simulated Information", stream),
        integer("NumberOfData", 5),
    ]  # fmt: skip
    root = WitTag("WITec Project", 0, children=[integer("Version", 5), WitTag("Data", 0, children=data)])
    return write_bytes(b"WIT_PRCT", root)


# TriVista -----------------------------------------------------------------------------------------------------------


def trivista_bytes(values: Array, wavelengths_nm: Array, laser_nm: float = 532.0) -> bytes:
    """A TriVista file of frames (N, B), ten seconds from one to the next."""
    frames = "".join(
        f'<Frame xDim="{row.size}" yDim="1" TimeStamp="{638019455397392397 + 100_000_000 * index}" Type="Number">'
        + ";".join(f"{number:.9g}" for number in row) + "</Frame>"
        for index, row in enumerate(values)
    )  # fmt: skip
    wavelengths = "|".join([str(wavelengths_nm.size), *(f"{number:.9f}" for number in wavelengths_nm)])
    info = (
        "&lt;Info&gt;&lt;Groups&gt;&lt;Group&gt;&lt;Name&gt;Detector&lt;/Name&gt;&lt;Items&gt;"
        "&lt;Item&gt;&lt;Name&gt;Exposure_Time_(ms)&lt;/Name&gt;&lt;Value&gt;10000&lt;/Value&gt;&lt;/Item&gt;"
        "&lt;Item&gt;&lt;Name&gt;No_of_Accumulations&lt;/Name&gt;&lt;Value&gt;2&lt;/Value&gt;&lt;/Item&gt;"
        "&lt;/Items&gt;&lt;/Group&gt;&lt;/Groups&gt;&lt;/Info&gt;"
    )
    return (
        '\ufeff<!--TriVista-File. -->\n<XmlMain><Documents><Document DataLabel="Counts" '
        f'RecordTime="09/29/2016 12:51:30.867" InfoSerialized="{info}"><xDim Length="{wavelengths_nm.size}">'
        f'<Calibration Unit="Nanometer" LaserWave="{laser_nm}" ValueArray="{wavelengths}" /></xDim>'
        f"<Data>{frames}</Data></Document></Documents></XmlMain>\n"
    ).encode()


# One file or more of each format -------------------------------------------------------------------------------------


def small_vendor_files() -> dict[str, list[bytes]]:
    """Files of six small spectra by the name of their format, for tests of damaged files."""
    values = np.outer(np.arange(1.0, 7.0), SPECTRUM)
    x, y = np.arange(3.0), np.arange(2.0)
    wavelengths = 1e7 / (1e7 / 532.0 - AXIS)
    line = (540.0, 0.5)
    return {
        "HORIBA LabSpec 6": [labspec6_bytes(values, axes={"X": x, "Y": y})],
        "HORIBA LabSpec 5": [labspec5_bytes(values, x=x, y=y)],
        "HORIBA LabSpec XML": [labspec_xml_bytes(values, axes={"X": x, "Y": y})],
        "WITec project": [witec_bytes(values, 3, 2, wavelengths)],
        "Bruker OPUS": [opus_bytes(values[:1, ::-1], 1000.0, 100.0), opus_bytes(values[:, ::-1], 1000.0, 100.0)],
        "Thermo OMNIC": [omnic_bytes(values[:1, ::-1], 1000.0, 100.0), omnic_bytes(values[:, ::-1], 1000.0, 100.0)],
        "Princeton Instruments": [spe2_bytes(values, line, 532.0), spe3_bytes(values, wavelengths)],
        "Andor Solis": [sif_bytes(values, line)],
        "TriVista": [trivista_bytes(values, wavelengths)],
    }
