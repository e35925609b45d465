"""What a compliance profile is made of: purposes, each with how strictly it is enforced, and topics; pure (RCN-2)."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, convert, to_builtins

from chalicelib.consent.points.rules import Channel, Model, choice_of
from chalicelib.consent.rules import Designation

DEFAULT = "default"
"""The profile that there always is."""

COMMERCIAL, TRANSACTIONAL, TRACKING = "commercial", "transactional", "tracking"
SHIPPED = (COMMERCIAL, TRANSACTIONAL, TRACKING)
"""Purposes that every profile has."""

MODELS: Mapping[str, Mapping[Channel, Model]] = {
    COMMERCIAL: {Channel.EMAIL: Model.NON_RESTRICTIVE, Channel.TELEPHONE: Model.RESTRICTIVE},
    TRANSACTIONAL: {Channel.EMAIL: Model.DISABLED, Channel.TELEPHONE: Model.DISABLED},
    TRACKING: {Channel.EMAIL: Model.RESTRICTIVE, Channel.TELEPHONE: Model.RESTRICTIVE},
}
OF_CUSTOM: Mapping[Channel, Model] = {Channel.EMAIL: Model.RESTRICTIVE, Channel.TELEPHONE: Model.RESTRICTIVE}
"""How strictly purposes are enforced of which nobody decided it (RCN-4)."""


class Type(StrEnum):
    """Where people choose: on our page, or on one of the organisation's own."""

    CENTRE = "preference-centre"
    EXTERNAL = "external-link"


class Words(Struct, frozen=True):
    """What people see who speak a certain language."""

    name: str
    description: str = ""


class Topic(Struct, frozen=True, kw_only=True):
    """What a purpose is about; one that is not active is offered to nobody and counts all the same (RCN-7)."""

    id: str
    name: str
    description: str = ""
    translations: dict[str, Words] = {}
    active: bool = True

    def words(self, language: str) -> Words:
        """Return what people see, in their language where there are words in it."""
        found = self.translations.get(language) or self.translations.get(language.partition("-")[0])
        return found or Words(self.name, self.description)


class Purpose(Topic, frozen=True, kw_only=True):
    """What people are written to for, how strictly their consent to it is enforced, and the topics under it."""

    email: Model
    telephone: Model
    legal_designation: Designation = Designation.COMMERCIAL
    topics: tuple[Topic, ...] = ()

    def model(self, channel: Channel) -> Model:
        return self.email if channel is Channel.EMAIL else self.telephone

    def topic(self, topic_id: str | None) -> Topic | None:
        return next((each for each in self.topics if each.id == topic_id), None)

    def choices(self) -> Iterator[tuple[str, Topic]]:
        """Yield what can be said yes or no to: the purpose itself, then its topics."""
        yield choice_of(self.id), self
        for each in self.topics:
            yield choice_of(self.id, each.id), each


def read(given: Iterable[Mapping[str, Any]]) -> tuple[Purpose, ...]:
    """Return purposes as they are stored."""
    return tuple(convert(each, Purpose) for each in given)


def stored(purposes: Iterable[Purpose]) -> list[dict[str, Any]]:
    return [to_builtins(each) for each in purposes]


def made(given: Mapping[str, Any]) -> Purpose:
    """Return a purpose as somebody describes it, with the defaults of what they leave open (RCN-4)."""
    models = MODELS.get(given["id"], OF_CUSTOM)
    open_ = {each.value: model for each, model in models.items() if given.get(each.value) is None}
    by_law = Designation.TRANSACTIONAL if given["id"] == TRANSACTIONAL else Designation.COMMERCIAL
    law = by_law if given["id"] in SHIPPED else given.get("legal_designation") or by_law
    return convert({**given, **open_, "legal_designation": law}, Purpose)


WORDS: Mapping[str, Mapping[str, Words]] = {
    COMMERCIAL: {
        "en": Words("Offers and news", "Messages that promote something."),
        "da": Words("Tilbud og nyheder", "Beskeder, der reklamerer for noget."),
        "de": Words("Angebote und Neuigkeiten", "Nachrichten, die für etwas werben."),
        "ar": Words("العروض والأخبار", "رسائل تروّج لشيء ما."),
    },
    TRANSACTIONAL: {
        "en": Words("What you ordered or asked for", "Messages about something that you have with us already."),
        "da": Words("Det, du har bestilt eller bedt om", "Beskeder om noget, du allerede har hos os."),
        "de": Words("Was Sie bestellt oder angefragt haben", "Nachrichten zu etwas, das Sie bei uns schon haben."),
        "ar": Words("ما طلبته منا", "رسائل عن شيء لك لدينا."),
    },
    TRACKING: {
        "en": Words("Seeing what you open and click", "It shows us which messages are of use to you."),
        "da": Words("At se, hvad du åbner og klikker på", "Det viser os, hvilke beskeder du har glæde af."),
        "de": Words("Sehen, was Sie öffnen und anklicken", "Es zeigt uns, welche Nachrichten Ihnen nützen."),
        "ar": Words("معرفة ما تفتحه وتنقر عليه", "يبيّن لنا أي الرسائل يفيدك."),
    },
}
"""What people see of the purposes that every profile has, by language."""


def _shipped(purpose_id: str) -> Purpose:
    words = to_builtins(WORDS[purpose_id])
    own = words.pop("en")
    return made({"id": purpose_id, **own, "translations": words})


OURS: tuple[Purpose, ...] = tuple(_shipped(each) for each in SHIPPED)


def whole(purposes: Iterable[Purpose]) -> tuple[Purpose, ...]:
    """Return purposes together with those that every profile has, which come first where nobody said otherwise."""
    given = tuple(purposes)
    known = {each.id for each in given}
    return (*(each for each in OURS if each.id not in known), *given)


def gone(before: Iterable[Purpose], after: Iterable[Purpose]) -> list[str]:
    """Return what people may have said something of and what is not there any more: it may end, never vanish."""
    kept = {choice for each in after for choice, _ in each.choices()}
    return [choice for each in before for choice, _ in each.choices() if choice not in kept]
