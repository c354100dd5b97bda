"""Decoding of text files: UTF-8, UTF-16, UTF-32, GB 18030 (Chinese Windows) and Latin-1."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ramanstudio.formats.validation import read_error

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the UTF-16 mark, so it comes first
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GB 2312 writes a character as two bytes from A1 up, so such runs are even; a Latin-1 'µ' or '°' stands alone.
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_CONTROL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r\f\v\x1a\x1b")


def looks_like_text(start: bytes) -> bool:
    """Return whether the first bytes of a file are text in any of these encodings."""
    if start.startswith(tuple(mark for mark, _ in _BOMS)) or _utf16_without_mark(start):
        return True
    return len(start.translate(None, _CONTROL_BYTES)) >= 0.995 * len(start)


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
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _is_chinese(content):
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return content.decode("latin-1")


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
