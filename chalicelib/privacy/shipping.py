"""Use case: let the pages by which people make demands go live, as they are shipped (PRV-15)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from chalicelib.capture.routes import FORMS, PAGES
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Document
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, dumped
from chalicelib.journeys import service as journeys
from chalicelib.journeys.routes import JOURNEYS
from chalicelib.journeys.schemas import GoingLive
from chalicelib.messages.routes import EMAILS
from chalicelib.privacy import samples
from chalicelib.privacy.samples import JOURNEY, SAMPLES
from chalicelib.privacy.schemas import Shipping


def ship(wanted: Shipping, by: str, now: datetime) -> list[Definition]:
    """Let forms, pages, messages and the journey go live; what has been live before stays as people made it.

    Whoever dies half way, or asks again, goes on with what is missing. Raises Unprocessable with what keeps it from
    going live.
    """
    made = list(_definitions(wanted, by, now))
    found = _draft(
        JOURNEYS, JOURNEY, "Requests of people", samples.journey(wanted.owner_id, wanted.content_settings_id), by, now
    )
    if not found.published_version:
        found = journeys.publish(JOURNEY, GoingLive.KEEP, found.version, by, now)
    return [*made, found]


def _definitions(wanted: Shipping, by: str, now: datetime) -> Iterator[Definition]:
    for name, sample in SAMPLES.items():
        letter = samples.email(sample, wanted.from_name, wanted.from_address)
        for kind, document in (
            (FORMS, samples.form(sample)),
            (PAGES, samples.page(name, sample)),
            (EMAILS, letter),
        ):
            yield _live(kind, sample.id_of(name), sample.title, document, by, now)


def _draft(kind: Kind, identity: str, name: str, document: Document, by: str, now: datetime) -> Definition:
    completed = dumped(kind.before_save(kind.parsed(document), None))
    return definitions.create(kind.name, identity, name, completed, by, now)


def _live(kind: Kind, identity: str, name: str, document: Document, by: str, now: datetime) -> Definition:
    found = _draft(kind, identity, name, document, by, now)
    if found.published_version:
        return found
    check = partial(kind.checked_as, identity)
    job, writes = kind.publish_job(found), kind.publish_writes
    return definitions.publish(
        kind.name, identity, check, version=found.version, by=by, now=now, job=job, writes=writes
    )
