"""What keeps a journey from going live: every problem at once, each with its place; pure (JRN-7)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue
from chalicelib.conditions.compiler import problems_of
from chalicelib.consent.subscriptions.models import LIST
from chalicelib.contacts.custom.asking import named_by
from chalicelib.errors import Problem
from chalicelib.journeys.document import (
    EFFECTS,
    AnyTile,
    AssignTo,
    Branch,
    CreateLead,
    EmailTile,
    IfThen,
    JourneyDocument,
    RaiseTrigger,
    Reentry,
    Rule,
    TaskTile,
    WaitFor,
    WaitUntil,
    Window,
)
from chalicelib.journeys.graph import before, loops_without_wait, reachable
from chalicelib.journeys.rules import OF_EVENTS, OF_FORMS, OF_PAGES
from chalicelib.journeys.schedule import fits
from chalicelib.journeys.triggers import BUILT_IN, TriggerAttribute, mistakes

Reference = tuple[str, str]

Triggers = Mapping[str, Sequence[TriggerAttribute]]
"""The attributes of live triggers, by id; one that is not live is refused as such."""


class Findings(Struct, frozen=True):
    """What is wrong, what is only unusual, and what the journey names, which must be live."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    references: tuple[Reference, ...]


def find(document: JourneyDocument, catalogue: Catalogue, now: datetime, triggers: Triggers) -> Findings:
    """Check a journey as a whole, with what the live triggers that it names declare."""
    problems = [
        *_raised(document, triggers),
        *_bounds(document, now),
        *_audience(document),
        *_rights(document),
        *_emails(document),
        *_graph(document),
    ]
    problems += _cycles(document)
    for name in document.tiles:
        problems += _tile(document, name, catalogue)
    return Findings(tuple(problems), tuple(_warnings(document)), tuple(dict.fromkeys(references(document))))


def _raised(document: JourneyDocument, triggers: Triggers) -> Iterator[Problem]:
    """What a tile raises, and the key that a start goes by, must fit what the trigger declares (TRG-6)."""
    for name, tile in document.tiles.items():
        if isinstance(tile, RaiseTrigger) and tile.trigger in triggers:
            for wrong in mistakes(triggers[tile.trigger], tile.attributes):
                yield Problem(f"/tiles/{name}/{wrong.field.replace('.', '/')}", wrong.message)
    start = document.audience.trigger
    declared = triggers.get(start.trigger) if start is not None and start.key else None
    if declared is not None and start is not None and start.key not in {attribute.name for attribute in declared}:
        yield Problem("/audience/trigger/key", "The trigger has no attribute of this name.")


def _bounds(document: JourneyDocument, now: datetime) -> Iterator[Problem]:
    if document.end is not None and document.end <= max(document.start or now, now):
        yield Problem("/end", "The end must lie after the start, and in the future.")
    if not fits(document, now):
        yield Problem("/recurrence", "Interval times count must not be longer than the time from start to end.")
    if document.recurrence is not None and document.start is None:
        yield Problem("/start", "A journey that recurs needs a start, from which its iterations are counted.")
    if document.recurrence is not None and document.audience.trigger is not None:
        yield Problem("/recurrence", "A journey that a trigger starts cannot recur.")


def _audience(document: JourneyDocument) -> Iterator[Problem]:
    audience = document.audience
    by_contact = audience.segments is not None or audience.by_forms
    if audience.trigger is None and not by_contact:
        yield Problem("/audience", "Say who enters: a segment, a form or a trigger.")
    if audience.trigger is not None and audience.by_forms:
        yield Problem("/audience/forms", "A journey starts by a trigger or by forms and segments, not by both.")
    if audience.segments is not None and not audience.segments.includes and not (audience.by_forms or audience.trigger):
        yield Problem("/audience/segments", "Include at least one segment or list; exclusions alone hold nobody.")
    if audience.trigger is not None and audience.segments is not None and audience.segments.includes:
        yield Problem("/audience/segments", "Where a trigger starts the journey, segments can only exclude.")
    yield from _reentry(document)
    yield from _pipelines(document)


def _pipelines(document: JourneyDocument) -> Iterator[Problem]:
    audience = document.audience
    if audience.pipelines and document.recurrence is not None:
        yield Problem("/recurrence", "A journey that people enter with each form that they send cannot recur.")
    forms = [*audience.forms, *(each.form for each in audience.pipelines)]
    for at, each in enumerate(audience.pipelines):
        if forms.count(each.form) > 1:
            yield Problem(f"/audience/pipelines/{at}/form", "A form leads into a journey by one way.")
        if each.first not in document.tiles:
            yield Problem(f"/audience/pipelines/{at}/first", f"It leads to “{each.first}”, which does not exist.")


def _reentry(document: JourneyDocument) -> Iterator[Problem]:
    start = document.audience.trigger
    if start is not None and (start.reentry is Reentry.PER_KEY) != bool(start.key):
        yield Problem("/audience/trigger/key", "Name the trigger's attribute for per_key, and only for per_key.")


def _rights(document: JourneyDocument) -> Iterator[Problem]:
    """Whoever restricted the use of its data may be answered; nothing else is made of it (GDPR 18(2))."""
    for name, tile in document.tiles.items():
        if document.serves_rights and isinstance(tile, CreateLead | RaiseTrigger):
            yield Problem(f"/tiles/{name}", "A journey that serves people's rights makes tasks and answers only.")


def _emails(document: JourneyDocument) -> Iterator[Problem]:
    if document.content_settings is None and any(isinstance(tile, EmailTile) for tile in document.tiles.values()):
        yield Problem("/content_settings", "A journey that sends emails needs content settings.")


def _graph(document: JourneyDocument) -> Iterator[Problem]:
    if _needs_first(document) and document.first not in document.tiles:
        yield Problem("/first", "Say which tile comes first.")
        return
    yield from (
        Problem(f"/tiles/{name}/{place}", f"It leads to “{target}”, which does not exist.")
        for name in document.tiles
        for place, target in document.exits(name)
        if target not in document.tiles
    )
    inside = reachable(document)
    yield from (
        Problem(f"/tiles/{name}", "No contact can reach this tile.") for name in document.tiles if name not in inside
    )
    if not any(isinstance(tile, EFFECTS) for tile in document.tiles.values()):
        yield Problem("/tiles", "The journey does nothing: put in an email, a task or something else that acts.")


def _needs_first(document: JourneyDocument) -> bool:
    """Who comes by a form with a way of its own begins there; everybody else at the first tile."""
    audience = document.audience
    others = audience.segments is not None and audience.segments.includes
    return document.first is not None or not audience.pipelines or others or bool(audience.forms)


def _cycles(document: JourneyDocument) -> Iterator[Problem]:
    for name in loops_without_wait(document):
        yield Problem(f"/tiles/{name}", "Contacts would go round in circles without a pause: put in a “wait for”.")


def _tile(document: JourneyDocument, name: str, catalogue: Catalogue) -> Iterator[Problem]:
    tile, place = document.tiles[name], f"/tiles/{name}"
    match tile:
        case IfThen():
            yield from _if_then(document, name, tile)
        case Branch():
            yield from _branch(document, tile, place, catalogue)
        case WaitFor(window=Window() as window) | WaitUntil(window=Window() as window):
            yield from _window(window, f"{place}/window")
        case TaskTile():
            yield from _task(document, tile, place)


def _window(window: Window, place: str) -> Iterator[Problem]:
    if not window.weekdays and window.opens is None and window.closes is None:
        yield Problem(place, "Say the weekdays or the hours, or leave the window out.")
    if window.opens is not None and window.opens == window.closes:
        yield Problem(place, "The window opens and closes at the same time.")


def _task(document: JourneyDocument, tile: TaskTile, place: str) -> Iterator[Problem]:
    if (tile.assign_to is AssignTo.USER) != bool(tile.user):
        yield Problem(f"{place}/user", "Name the user for “user”, and only for “user”.")
    if tile.assign_to is AssignTo.JOURNEY_OWNER and document.owner is None:
        yield Problem(f"{place}/assign_to", "The journey has no owner to assign the task to.")


def _branch(document: JourneyDocument, tile: Branch, place: str, catalogue: Catalogue) -> Iterator[Problem]:
    if not tile.branches:
        yield Problem(f"{place}/branches", "A branch needs a condition.")
    names = [way.name for way in tile.branches]
    if len({*names, "other"}) <= len(names):
        yield Problem(f"{place}/branches", "Every way needs a name of its own, and “other” is taken.")
    for at, way in enumerate(tile.branches):
        yield from problems_of(way.condition, catalogue, document.zone, f"{place}/branches/{at}/condition")


def _if_then(document: JourneyDocument, name: str, tile: IfThen) -> Iterator[Problem]:
    if not tile.rules:
        yield Problem(f"/tiles/{name}/rules", "Say what to wait for; it takes an earlier tile to wait for something.")
    earlier = before(document, name)
    for at, rule in enumerate(tile.rules):
        yield from _rule(document, rule, earlier, f"/tiles/{name}/rules/{at}")


def _rule(document: JourneyDocument, rule: Rule, earlier: frozenset[str], place: str) -> Iterator[Problem]:
    source = document.tiles.get(rule.tile)
    if source is None or rule.tile not in earlier:
        yield Problem(f"{place}/tile", f"“{rule.tile}” does not come before this tile.")
    elif rule.did in OF_EVENTS:
        yield from _event(rule, place)
    elif not isinstance(source, EmailTile):
        yield Problem(f"{place}/tile", f"“{rule.tile}” sends nothing that somebody could react to.")
    elif rule.did in OF_PAGES and rule.page not in source.pages:
        yield Problem(f"{place}/page", "Name a page among those that the email links to.")
    elif rule.did in OF_FORMS and rule.form not in source.forms:
        yield Problem(f"{place}/form", "Name a form among those that the email links to.")


def _event(rule: Rule, place: str) -> Iterator[Problem]:
    """Whichever tile the contact has passed: it registers by itself, wherever it heard of the event (EVT-18)."""
    if rule.event is None:
        yield Problem(f"{place}/event", "Name the event.")


def consent_moved(document: JourneyDocument, live: JourneyDocument | None) -> Iterator[Problem]:
    """Yield what of the consent asked for differs from the live version: whoever is inside relied on it (PRV-6)."""
    for name in ("minimum_consent", "minimum_external_consent"):
        if live is not None and getattr(document, name) != getattr(live, name):
            yield Problem(f"/{name}", "This cannot change while the journey is live. Stop the journey first.")


def _warnings(document: JourneyDocument) -> Iterator[Problem]:
    if not any(isinstance(tile, EmailTile) for tile in document.tiles.values()):
        yield Problem("/tiles", "This journey sends no message.")


def references(document: JourneyDocument) -> Iterator[Reference]:
    """Yield everything the journey names that must be live (JRN-7)."""
    audience = document.audience
    items = audience.segments.items if audience.segments else []
    yield from (("segment", each) for each in (*(item.segment for item in items), document.suppression_segment) if each)
    yield from ((LIST, item.subscription_list) for item in items if item.subscription_list)
    yield from (("form", form) for form in (*audience.forms, *(each.form for each in audience.pipelines)))
    if audience.trigger is not None and audience.trigger.trigger not in BUILT_IN:
        yield "trigger", audience.trigger.trigger
    if document.content_settings is not None:
        yield "content-settings", document.content_settings
    for tile in document.tiles.values():
        yield from _named(tile)


def _named(tile: AnyTile) -> Iterator[Reference]:
    match tile:
        case EmailTile():
            yield "email", tile.email
            yield from (("page", page) for page in tile.pages)
            yield from (("form", form) for form in tile.forms)
        case RaiseTrigger():
            yield "trigger", tile.trigger
        case IfThen():
            yield from (("event", rule.event) for rule in tile.rules if rule.event)
        case Branch():
            yield from named_by(way.condition for way in tile.branches)
