"""Ties between peaks as the table shows them and as they are typed: "width = 1; position = G + 30"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ramanstudio.peaks import PeakModel, Tie

_KINDS: Final = {"width": "width", "distance": "position", "ratio": "height"}  # kind of the tie: what is tied
_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_TYPED: Final = re.compile(
    rf"^\s*(?P<what>width|position|height)\s*=\s*(?:(?P<factor>{_NUMBER})\s*[×x*·]\s*)?(?P<to>[^+−–]+?)"
    rf"\s*(?:(?P<sign>[+−–-])\s*(?P<by>{_NUMBER})\s*)?$",
    re.IGNORECASE,
)


def tie_text(model: PeakModel, peak: int, names: Sequence[str]) -> str:
    """Return what a peak of a model is tied to; `names` are those of all its peaks."""
    texts = []
    for tie in model.ties:
        if tie.peak == peak:
            to = names[tie.to]
            if tie.kind == "distance":
                texts.append(f"position = {to} {'+' if tie.value >= 0 else '−'} {abs(tie.value):.6g}")
            else:
                factor = "" if tie.value == 1 else f"{tie.value:.6g} × "
                texts.append(f"{_KINDS[tie.kind]} = {factor}{to}")
    return "; ".join(texts)


def parse_ties(text: str, peak: int, names: Sequence[str]) -> tuple[Tie, ...] | None:
    """Return the ties of a peak that `text` says, none for an empty one; None where it says something else."""
    from ramanstudio.peaks import Tie

    kinds = {what: kind for kind, what in _KINDS.items()}
    ties = []
    for part in filter(str.strip, text.split(";")):
        match = _TYPED.match(part)
        if match is None or match["to"].strip() not in names:
            return None
        kind, to = kinds[match["what"].lower()], names.index(match["to"].strip())
        if to == peak or (kind == "distance") != (match["factor"] is None and match["by"] is not None):
            return None
        factor = float((match["factor"] or "1").replace(",", "."))
        by = float((match["by"] or "0").replace(",", "."))
        value = (by if match["sign"] == "+" else -by) if kind == "distance" else factor
        ties.append(Tie(kind, peak, to, value))
    return tuple(ties)
