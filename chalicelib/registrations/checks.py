"""What keeps an event from going live; pure but for what is in use."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.capture.values import BESIDES
from chalicelib.errors import Problem
from chalicelib.registrations.asking import PERSON
from chalicelib.registrations.schemas import EventDocument, Question, RegistrationField

CHOICES = {Question.SINGLE_CHOICE, Question.MULTIPLE_CHOICE}


def problems_of(event: EventDocument) -> Iterator[Problem]:
    """Yield everything that is wrong with an event (22.2, EVT-7)."""
    if event.ends_at <= event.starts_at:
        yield Problem("ends_at", "The event must end after it starts.")
    if event.registration_ends_at is not None and event.registration_ends_at > event.ends_at:
        yield Problem("registration_ends_at", "Registration must end before the event does.")
    yield from _fields(event)


def _fields(event: EventDocument) -> Iterator[Problem]:
    for name, times in Counter(field.name for field in event.fields).items():
        if times > 1:
            yield Problem("fields", f"{times} fields are called {name}; names must differ.")
    for at, field in enumerate(event.fields):
        if field.name in PERSON or field.name in BESIDES:
            yield Problem(f"fields.{at}.name", f"{field.name} is asked already, or means something else; rename it.")
        yield from _options(field, f"fields.{at}.options")


def _options(field: RegistrationField, place: str) -> Iterator[Problem]:
    if (field.type in CHOICES) != bool(field.options):
        yield Problem(place, "A choice needs options, and nothing else takes any.")
    if len(set(field.options)) < len(field.options):
        yield Problem(place, "Each option can be there once.")
