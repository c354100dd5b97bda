"""Which parts of a picture are to be made anew: those of which something they are made of is another object now."""

from __future__ import annotations


class ChangeTracker:
    """Remembers by name what each part was made of."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[object, ...]] = {}

    def has_changed(self, part: str, *of: object) -> bool:
        """Whether a part was made of something else, or never; from now on it is made of these."""
        before, self._parts[part] = self._parts.get(part, ()), of
        return len(before) != len(of) or any(one is not other for one, other in zip(before, of, strict=True))

    def forget(self, part: str) -> None:
        """Have a part made anew at the next question."""
        self._parts.pop(part, None)
