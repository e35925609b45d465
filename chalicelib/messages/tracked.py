"""Whether an address lies on a website that is tracked."""

from collections.abc import Callable

websites: list[Callable[[str], bool]] = []
"""Who knows; chalicelib.wiring fills it."""
