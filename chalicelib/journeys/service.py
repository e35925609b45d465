"""Use cases around the engine: publish and stop with a choice, look at enrolments, tell what a burst counted."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.conditions import sources
from chalicelib.consent import switches
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import LIVE_STATES, Check, Checked
from chalicelib.definitions.models import Definition
from chalicelib.errors import NotFound, Problem
from chalicelib.journeys import bulk, checks, raising, versions
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.models import Burst, Enrolment, JourneysItem, Refusal
from chalicelib.journeys.schemas import GoingLive, Stopping
from chalicelib.journeys.triggers import TriggerDocument
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.tokens import seal, unseal


def check(document: JourneyDocument, now: datetime, live: JourneyDocument | None = None) -> Checked:
    """Return everything that keeps a journey from going live (JRN-7), also over its `live` version; what it names."""
    found = checks.find(document, sources.current_catalogue(), now, _triggers(document))
    consent = [*switches.problems(document.minimum_consent), *checks.consent_moved(document, live)]
    return Checked([*found.problems, *consent, *_forms(found.references)], found.references, found.warnings)


def check_draft(journey_id: str, now: datetime) -> Checked:
    """Return everything that keeps a journey's draft from going live, as publishing would say it. Raises NotFound."""
    return definitions.check(versions.KIND, journey_id, _checking(journey_id, now))


def _checking(journey_id: str, now: datetime) -> Check:
    """Return the check of a draft against the version that is live, which nobody changes without changing the draft."""
    definition = definitions.get(versions.KIND, journey_id)
    running = definition.state in LIVE_STATES and definition.live_version
    live = versions.document(journey_id, definition.live_version) if running else None
    return lambda document: check(JourneyDocument.model_validate(document), now, live)


def _forms(references: Iterable[checks.Reference]) -> Iterator[Problem]:
    """Forms that update nothing tell nobody apart, so no journey can use them (SUB-4)."""
    for identity in [identity for kind, identity in references if kind == "form"]:
        live = live_definitions.live("form", identity)
        if live is not None and live.document.get("update") == "none":
            yield Problem(f"form:{identity}", "This form updates no contact, so a journey cannot use it.")


def _triggers(document: JourneyDocument) -> checks.Triggers:
    """Return what the live triggers that a journey names declare."""
    named = {each for kind, each in checks.references(document) if kind == raising.KIND}
    found = {each: live_definitions.live(raising.KIND, each) for each in sorted(named)}
    return {each: TriggerDocument.model_validate(live.document).attributes for each, live in found.items() if live}


def publish(journey_id: str, inside: GoingLive, version: int, by: str, now: datetime) -> Definition:
    """Let the draft go live and begin the job that enrols the audience. Raises Unprocessable, Stale, NotFound."""
    draft = JourneyDocument.model_validate(definitions.get(versions.KIND, journey_id).document)
    return definitions.publish(
        versions.KIND,
        journey_id,
        _checking(journey_id, now),
        version=version,
        by=by,
        now=now,
        job=bulk.start_job(draft, inside, now),
    )


def stop(journey_id: str, inside: Stopping, version: int, by: str, now: datetime, *, confirmed: bool) -> Definition:
    """Stop a journey: nobody enters, those inside are held or stopped. Raises Conflict, Stale, NotFound."""
    job = bulk.stop_job(inside)
    return definitions.stop(versions.KIND, journey_id, version=version, by=by, now=now, confirmed=confirmed, job=job)


def tiles_of(journey_id: str) -> list[str]:
    """Return the tiles of the last published version, else of the draft. Raises NotFound."""
    definition = definitions.get(versions.KIND, journey_id)
    if definition.published_version:
        return list(versions.document(journey_id, definition.published_version).tiles)
    return list(definition.document.get("tiles", {}))


# Enrolments --------------------------------------------------------------------------------------------------------


def find(enrolment_id: str) -> Enrolment:
    """Return an enrolment, read consistently. Raises NotFound."""
    found = Enrolment.find(*Enrolment.at(enrolment_id)) if enrolment_id.count(".") == 2 else None
    if found is None:
        raise NotFound("There is no such enrolment.")
    return found


def history(enrolment: Enrolment) -> list[dict[str, Any]]:
    """Return every visit so far, oldest first: those of ended bursts, and of the one at work."""
    bursts = Burst.query(enrolment.pk, Burst.sk.startswith(f"{enrolment.sk}#HISTORY#"), consistent_read=True)
    visits = [visit for burst in bursts for visit in burst.visits]
    return [*visits, *(entry.as_visit() for entry in enrolment.state.log)]


def of_journey(journey_id: str, asked: Asked) -> Page[Enrolment]:
    """Newest first."""
    return page(JourneysItem.by_journey, partitions(journey_id), asked, newest_first=True, kind=Enrolment)


def of_contact(contact_id: str, asked: Asked) -> Page[Enrolment]:
    """By journey; after the contact's own those of the contacts that were merged into it."""
    ids = contacts.who_is(contact_id).ids
    begun = _of_cursor(asked.cursor)
    number = ids.index(begun[0]) if begun and begun[0] in ids else 0
    found: list[Enrolment] = []
    for each in ids[number:]:
        after = begun[1] if begun and each == begun[0] else None
        found += _of_one(each, after, asked.limit + 1 - len(found))
    more = len(found) > asked.limit
    last = found[asked.limit - 1] if more else None
    return Page(found[: asked.limit], seal("enrolments", f"{last.contact_id} {last.sk}") if last else None)


def _of_cursor(cursor: str | None) -> list[str] | None:
    """Return contact and key that a cursor names."""
    return unseal("enrolments", cursor).split(" ", 1) if cursor else None


def _of_one(contact_id: str, after: str | None, most: int) -> list[Enrolment]:
    if most <= 0:
        return []
    pk = f"CONTACT#{contact_id}"
    place = {"pk": {"S": pk}, "sk": {"S": after}} if after else None
    query = Enrolment.query(
        pk, Enrolment.sk.startswith("ENROLMENT#"), last_evaluated_key=place, consistent_read=True, page_size=100
    )
    return list(islice(query, most))


def refusals_of(contact_id: str) -> list[Refusal]:
    """Return the journeys that did not take a contact, and why; also of contacts that were merged into it."""
    ids = contacts.who_is(contact_id).ids
    return [each for one in ids for each in Refusal.query(f"CONTACT#{one}", Refusal.sk.startswith("REFUSED#"))]


def find_burst(contact_id: str, sk: str) -> Burst | None:
    """Return what a burst did; its row is the fact that figures are counted from (invariant 9)."""
    return Burst.find(f"CONTACT#{contact_id}", sk)
