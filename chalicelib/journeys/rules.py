"""What an if/then tile waits for: which facts could make its rules true, and whether they have; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.conditions.facts import Interaction, Verdict
from chalicelib.journeys.document import Did, IfThen, Rule
from chalicelib.journeys.state import Arrival

TYPES: Mapping[Did, str] = {
    Did.EMAIL_DELIVERED: "EmailDelivered",
    Did.EMAIL_OPENED: "EmailOpened",
    Did.EMAIL_CLICKED: "EmailClicked",
    Did.EMAIL_HARD_BOUNCED: "EmailHardBounced",
    Did.EMAIL_SOFT_BOUNCED: "EmailSoftBounced",
    Did.PAGE_VISITED: "WebsiteVisited",
    Did.PAGE_REGISTERED: "FormSubmitted",
    Did.FORM_VISITED: "FormVisited",
    Did.FORM_SUBMITTED: "FormSubmitted",
    Did.EVENT_REGISTERED: "EventRegistration",
    Did.EVENT_CANCELED: "EventRegistrationCanceled",
    Did.EVENT_ATTENDED: "EventCheckIn",
}
AWAITED = frozenset(TYPES.values())
OF_PAGES = {Did.PAGE_VISITED, Did.PAGE_REGISTERED}
OF_FORMS = {Did.FORM_VISITED, Did.FORM_SUBMITTED}
OF_EVENTS = {Did.EVENT_REGISTERED, Did.EVENT_CANCELED, Did.EVENT_ATTENDED}


class Deeds(Protocol):
    """What the contact did."""

    def interactions(self, type_: str, since: datetime | None) -> Sequence[Interaction]: ...


def effect_id(enrolment_id: str, tile: str, visit: int) -> str:
    """Return the id of what a tile makes at one visit: the same however often it is tried (invariant 5)."""
    return digest(enrolment_id, tile, str(visit))


class Awaited(Struct, frozen=True):
    """Facts that could make a rule true: of a type, about one thing, from an instant on."""

    type: str
    literal: str
    since: datetime
    field: str
    link: str | None = None

    def matches(self, fact: Interaction) -> bool:
        about = fact.attributes
        linked = self.link is None or self.link in {about.get("link"), about.get("url")}
        return about.get(self.field) == self.literal and fact.at >= self.since and linked


def awaited(rule: Rule, enrolment_id: str, trail: Mapping[str, Arrival]) -> Awaited | None:
    """Return what a rule waits for; None where the contact did not pass the tile it names."""
    passed = trail.get(rule.tile)
    if passed is None:
        return None
    if rule.did in OF_PAGES:
        return Awaited(TYPES[rule.did], rule.page or "", passed.at, "page_id")
    if rule.did in OF_FORMS:
        return Awaited(TYPES[rule.did], rule.form or "", passed.at, "form_id")
    if rule.did in OF_EVENTS:
        return Awaited(TYPES[rule.did], rule.event or "", passed.at, "event_id")
    send = effect_id(enrolment_id, rule.tile, passed.visit)
    return Awaited(TYPES[rule.did], send, passed.at, "send_id", rule.link)


def all_awaited(tile: IfThen, enrolment_id: str, trail: Mapping[str, Arrival]) -> Iterator[Awaited]:
    """Yield what the rules of a tile wait for."""
    for rule in tile.rules:
        wanted = awaited(rule, enrolment_id, trail)
        if wanted is not None:
            yield wanted


class Judged(Struct, frozen=True):
    """Whether rules hold; if not, whether they would if what is undecided turned out to be a person."""

    holds: bool
    may_hold: bool
    by: tuple[str, ...]


def judge(tile: IfThen, enrolment_id: str, trail: Mapping[str, Arrival], deeds: Deeds, deadline: datetime) -> Judged:
    """Judge the rules by the facts up to the deadline; the time of the fact decides (decision 26)."""
    verdicts: list[tuple[str | None, bool]] = []
    for rule in tile.rules:
        wanted = awaited(rule, enrolment_id, trail)
        known = deeds.interactions(wanted.type, wanted.since) if wanted else ()
        facts = [fact for fact in known if wanted and wanted.matches(fact) and fact.at <= deadline]
        human = next((fact.id for fact in facts if fact.verdict is Verdict.HUMAN), None)
        verdicts.append((human, any(fact.verdict is Verdict.UNDECIDED for fact in facts)))
    combined = all if tile.combine == "all" else any
    return Judged(
        combined(by is not None for by, _ in verdicts),
        combined(by is not None or undecided for by, undecided in verdicts),
        tuple(by for by, _ in verdicts if by is not None),
    )
