"""Figures as clients get them."""

from pydantic import Field

from chalicelib.http import Schema


class Figures(Schema):
    """Figures by name, each counted exactly once a fact."""

    figures: dict[str, int] = Field(default_factory=dict)


class JourneyFigures(Figures):
    """Figures of a journey, and of each of its tiles (JRN-71)."""

    tiles: dict[str, dict[str, int]] = Field(default_factory=dict)
