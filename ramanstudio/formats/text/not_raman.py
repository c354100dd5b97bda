"""Text files that say what they are, and it is not Raman scattering: XPS, diffraction, decays, absorbance, …"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ramanstudio.formats.text.column_titles import NOT_RAMAN
from ramanstudio.formats.text.number_table import strip_comment

_TECHNIQUES: Final = (  # in any line of the header
    (re.compile(r"\bXPS\b|photoelectron|kinetic energy|binding energy|bindungsenergie|结合能|束縛エネルギー", re.I),
     "X-ray photoelectron (XPS) data"),
    (re.compile(r"(?<![a-z])2[\s_-]?theta\b|\btwo[\s_-]?theta\b|2\s?[θϑ]|\bXRD\b|diffractogram|anode material"
                r"|°\s?2th", re.I),
     "an X-ray diffractogram (2θ)"),
    (re.compile(r"\bFT-?IR\b|\binfrared spectr", re.I), "an infrared spectrum"),
    (re.compile(r"chromatogra|retention time|retentionszeit", re.I), "a chromatogram"),
    (re.compile(r"\bm/z\b|mass spectrum|massenspektrum", re.I), "a mass spectrum"),
    (re.compile(r"\bchemical shift\b|\bppm\b.*\b(1h|13c|nmr)\b|\bNMR\b", re.I), "an NMR spectrum"),
)  # fmt: skip
_TIME_AXIS: Final = re.compile(
    r"(?:^|[\s(\"'#*;,\t])(?:time|zeit|temps|tiempo|时间|時間|delay|t)\s*[/\[(]\s*(?:fs|ps|ns|µs|μs|us|ms|s|sec|min|h)\b",
    re.I,
)
_SPECTRAL: Final = re.compile(
    r"raman|shift|wave|wellen|onde|onda|cm|nm\b|光谱|波|スペクトル|#x|#y|intens\w*\s+at|(?<![a-z])[xyz]\s*[\[(]", re.I
)
_OTHER_AXIS: Final = re.compile(  # the title of the first of two columns
    r"^\W*(energy\s*[\[(/]\s*keV|potential\b|voltage\b|spannung\b|current\b|temperature\s*[\[(/]|temperatur\s*[\[(/]"
    r"|angle\b|winkel\b|°|deg\b|pressure\b|distance\b|depth\s*[\[(/]|q\s*[\[(/]|field\s*[\[(/]|strain\b"
    r"|frequency\s*[\[(/]\s*[kMG]?Hz|concentration\b|binding|kinetic)",
    re.I,
)
_TECHNIQUE_KEYS: Final = (
    "analysis method",
    "technique",
    "method",
    "measurement type",
    "data type",
    "messmethode",
    "yaxismode", "yaxis mode", "y axis mode", "yunits", "y units", "y-axis", "y axis",
)  # fmt: skip


def not_raman_reason(header: Sequence[str], pairs: Mapping[str, str], n_columns: int) -> str | None:
    """Return what a file states to be, where that is not a Raman spectrum; None otherwise.

    `header` are the lines above the numbers, `pairs` the keys and values in them, `n_columns` the width of the table.
    """
    lines = [strip_comment(line) for line in header if line.strip()]
    if not lines and not pairs:
        return None
    if any(re.search(r"\braman\b|拉曼|ラマン", line, re.I) for line in lines):
        return None
    for pattern, name in _TECHNIQUES:
        if any(pattern.search(line) for line in lines):
            return f"it states that it holds {name}"
    for line in lines[-2:]:
        if NOT_RAMAN.search(line) and len(line.split()) <= 3 and not re.search(r"[:=;,\t]", line):
            return f"its intensities are '{line}', which is not Raman scattering"
    for key in _TECHNIQUE_KEYS:
        if NOT_RAMAN.search(pairs.get(key, "")):
            return f"its intensities are '{pairs[key]}', which is not Raman scattering"
    if (
        n_columns == 2
        and lines
        and _TIME_AXIS.search(f" {lines[-1]}")
        and not re.search(r"[=:]|" + _SPECTRAL.pattern, lines[-1], re.I)
    ):
        return f"its first column is a time ('{lines[-1][:60]}'), so it is not a spectrum"
    if n_columns == 2 and lines and "cm" not in lines[-1] and _OTHER_AXIS.match(lines[-1]) and "=" not in lines[-1]:
        title = re.split(r"[;,\t]", lines[-1])[0].strip()
        return f"its first column is '{title[:40]}', which is no spectral axis"
    if lines and re.fullmatch(r"\"?cm-1\"?\s*[;,\t]\s*\"?A\"?", lines[-1]):
        return "its intensities are 'A', absorbance, which is not Raman scattering"
    return None
