"""Places of labels along an axis: near what they belong to, without overlap."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], width: float, low: float, high: float) -> list[float]:
    """Return places for labels of one `width` near the `wanted` ones (n,), in order, without overlap, in low … high.

    Labels that would overlap form a block around the mean of their wanted places. Where there is no room for all, they
    stand closer together.
    """
    count = len(wanted)
    if not count:
        return []
    width = min(width, (high - low) / count)
    order = sorted(range(count), key=lambda index: wanted[index])
    blocks: list[tuple[float, list[int]]] = []  # (centre, labels)
    for index in order:
        block = ([index], wanted[index])
        members, center = block
        center = _inside(center, width, low, high)
        while blocks and blocks[-1][0] + width * len(blocks[-1][1]) / 2 > center - width * len(members) / 2:
            _, before = blocks.pop()
            members = [*before, *members]
            center = sum(wanted[member] for member in members) / len(members)
            center = _inside(center, width * len(members), low, high)
        blocks.append((center, members))
    places = [0.0] * count
    for center, members in blocks:
        for position, member in enumerate(members):
            places[member] = center + width * (position - (len(members) - 1) / 2)
    return places


def _inside(center: float, length: float, low: float, high: float) -> float:
    return min(max(center, low + length / 2), high - length / 2)
