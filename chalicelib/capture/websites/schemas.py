"""Websites, redirect addresses and what the script tells, as clients send and get them."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, field_validator

from chalicelib.http import Schema

Address = Annotated[HttpUrl, Field(max_length=2000, examples=["https://www.example.com/"])]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Parameter = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,50}$")]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Origin = Annotated[str, Field(max_length=300)]
ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


class Banner(Schema):
    """What asks people whether their visits may be recorded (LPC-2)."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    link_text: Annotated[str, Field(max_length=200)] = ""
    link_url: Address | None = None
    allow: Annotated[str, Field(min_length=1, max_length=50)] = "Allow"
    refuse: Annotated[str, Field(min_length=1, max_length=50)] = "Refuse"


class WebsiteChange(Schema):
    """A website (WEB-1).

    `origins` are those whose pages may tell anything; without one, nothing is taken. `parameters` of addresses are kept
    besides those that campaigns use; all others are cut, for they may say who somebody is. A site that asks first sets
    and records nothing before a visitor has allowed it, by the banner or by `itinera.allow()`; one that anonymizes
    never does.
    """

    name: Name
    url: Address
    origins: Annotated[list[Origin], Field(max_length=20)] = Field(default_factory=list)
    session_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    asks_first: bool = True
    anonymize: bool = False
    parameters: Annotated[list[Parameter], Field(max_length=20)] = Field(default_factory=list)
    banner: Banner | None = None

    @field_validator("origins")
    @classmethod
    def _origins(cls, given: list[str]) -> list[str]:
        if any(not ORIGIN.fullmatch(each) for each in given):
            raise ValueError(
                "An origin is like https://www.example.com, in small letters and without a slash at its end."
            )
        return sorted(set(given))


class WebsiteView(WebsiteChange):
    """A website, and the script that its pages carry; `page_id` where it is a page of ours."""

    id: str
    page_id: str | None = None
    script: str
    created_at: datetime
    version: int


class RedirectChange(Schema):
    """An address of ours that leads to `url` (WEB-2)."""

    name: Name
    url: Address


class RedirectView(RedirectChange):
    """A redirect, and the address that people are given."""

    id: str
    address: str
    created_at: datetime
    version: int


class Told(Schema):
    """What the script tells: one thing that a visitor did on a page.

    `event` names it for good, so that a repeat counts once. `personal` is what the link of a message said.
    """

    kind: Literal["visit", "click", "identify"]
    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,40}$")]
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    referrer: Annotated[str, Field(max_length=2000)] = ""
    link: Annotated[str, Field(max_length=2000)] = ""
    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = ""
    visitor: Annotated[str, Field(max_length=200)] = ""
    personal: Annotated[str, Field(max_length=500)] = ""
    allowed: Literal["yes", ""] = ""


class Known(Schema):
    """Who the browser is from now on; its script keeps it for two years."""

    visitor: str | None = None


def banner_of(stored: Any) -> Banner | None:
    return Banner.model_validate(stored) if stored else None
