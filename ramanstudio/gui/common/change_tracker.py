"""Decides what has to be redrawn: that of which an input is another object now."""

from __future__ import annotations


class ChangeTracker:
    """Remembers the inputs of each output, by name, and compares them by identity."""

    def __init__(self) -> None:
        self._inputs: dict[str, tuple[object, ...]] = {}

    def has_changed(self, name: str, *inputs: object) -> bool:
        """Whether an input of `name` differs from the last call, or this is the first; remembers `inputs`."""
        before, self._inputs[name] = self._inputs.get(name, ()), inputs
        return len(before) != len(inputs) or any(old is not new for old, new in zip(before, inputs, strict=True))

    def forget(self, name: str) -> None:
        """Report `name` as changed at the next call."""
        self._inputs.pop(name, None)
