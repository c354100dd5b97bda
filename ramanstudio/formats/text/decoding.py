"""Decoding of text files: UTF-8, UTF-16, UTF-32, Latin-1, and the encodings of East Asian and Cyrillic Windows."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from ramanstudio.formats.validation import read_all_bytes, read_error

MAX_LINES: Final = 20_000_000
MAX_LINE_BYTES: Final = 32 * 2**20  # a map of 250 000 named spectra has lines of 10 MB
EXPORT_BINARY: Final = "Export it in parts, or in the instrument's own binary format."
_LINE_ENDS: Final = (b"\n", b"\r")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the UTF-16 mark, so it comes first
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GB 2312 writes a character as two bytes from A1 up, so such runs are even; a Latin-1 'µ' or '°' stands alone.
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_PADDING = re.compile(rb"\0{2,}")
MAX_PADDED_FIELDS: Final = 200
_HEADER_BYTES: Final = 16_384
_WORDS: Final = {  # encoding: words of headers in it
    encoding: tuple(word.encode(encoding) for word in words.split())
    for encoding, words in (
        ("gb18030", "波长 波数 拉曼 强度 光谱 激光 积分 曝光 功率 时间 样品 日期 次数"),
        ("shift_jis", "波数 波長 ラマン 強度 露光 積算 レーザー 励起 時間 試料 測定 スペクトル"),
        ("big5", "波數 波長 拉曼 強度 光譜 雷射 積分 曝光 功率 時間 樣品 日期 次數"),
        ("euc-kr", "파수 파장 라만 강도 레이저 적분 노출 시간 시료"),
        ("cp1251", "волн раман лазер интенсивн накоплен экспозиц время Время Длина Рамановск Интенсивн Волновое"),
    )
}
_CONTROL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r\f\v\x1a\x1b")


def read_text(path: Path, limit_mb: int) -> str:
    """Return the content of a text file.

    Raises StudioError when it cannot be opened, is binary, is larger than `limit_mb`, or has lines that no table has:
    one of 150 MB, or hundreds of millions of them, would take minutes and gigabytes to parse.
    """
    content = read_all_bytes(path, limit_mb)
    n_lines = sum(map(content.count, _LINE_ENDS))
    if n_lines > MAX_LINES:
        raise read_error(path, f"it has {n_lines:,} lines; up to {MAX_LINES:,} are read", EXPORT_BINARY)
    begin = 0
    while len(content) - begin > MAX_LINE_BYTES:
        end = max(content.rfind(mark, begin, begin + MAX_LINE_BYTES) for mark in _LINE_ENDS)
        if end < 0:
            reason = f"it has a line of more than {MAX_LINE_BYTES // 2**20} MB, longer than that of any table"
            raise read_error(path, reason, EXPORT_BINARY)
        begin = end + 1
    return decode_text(path, content)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, ended by the marks of any system."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def looks_like_text(start: bytes) -> bool:
    """Return whether the first bytes of a file are text in any of these encodings."""
    if start.startswith(tuple(mark for mark, _ in _BOMS)) or _utf16_without_mark(start):
        return True
    plain = _without_padding(start)
    return len(plain.translate(None, _CONTROL_BYTES)) >= 0.995 * len(plain)


def decode_text(path: Path, content: bytes) -> str:
    """Decode the content of a text file; raises StudioError when it is binary."""
    mark = next((encoding for bom, encoding in _BOMS if content.startswith(bom)), None)
    encoding = mark or _utf16_without_mark(content)
    if encoding is not None:
        text = content.decode(encoding, errors="replace")
        if text.count("\ufffd") > 0.01 * len(text):
            raise read_error(path, "it begins as text but continues as binary data")
        return text
    if not looks_like_text(content[:65536]):
        raise read_error(path, "it contains binary data of an unknown format")
    if b"\0" in content:
        content = content.replace(b"\0", b"")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return content.decode(_encoding_by_words(content) or ("gb18030" if _is_chinese(content) else "latin-1"), "replace")


def _encoding_by_words(content: bytes) -> str | None:
    """Return the encoding of an East Asian or Cyrillic Windows in which the header holds words of spectroscopy.

    None where it holds none. The same bytes are other characters in each of them, so the words decide.
    """
    header = content[:_HEADER_BYTES]
    if len(_HIGH_RUNS.findall(header)) < 2:
        return None
    counts = {encoding: sum(header.count(word) for word in words) for encoding, words in _WORDS.items()}
    best = max(counts, key=lambda encoding: counts[encoding])
    return best if counts[best] else None


def _without_padding(start: bytes) -> bytes:
    """Return the bytes of a text without runs of NUL, with which Avantes and others fill fields of fixed length.

    Single NULs, and many of them, are those of binary data.
    """
    if b"\0" not in start:
        return start
    if start.count(b"\0") > 0.5 * len(start) or len(_PADDING.findall(start)) > MAX_PADDED_FIELDS:
        return start
    return _PADDING.sub(b"", start)


def _utf16_without_mark(content: bytes) -> str | None:
    """Return the UTF-16 encoding of content without a byte order mark, by where its null bytes are; None for others."""
    sample = content[:1024]
    if len(sample) < 8:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * len(sample) and even < 0.02 * len(sample):
        return "utf-16-le"
    if even > 0.4 * len(sample) and odd < 0.02 * len(sample):
        return "utf-16-be"
    return None


def _is_chinese(content: bytes) -> bool:
    runs = _HIGH_RUNS.findall(content[: 2**20])
    return bool(runs) and all(len(run) % 2 == 0 and min(run) >= 0xA1 for run in runs)
