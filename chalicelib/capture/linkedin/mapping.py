"""How a response's answers become values of contact and lead, and its ticked boxes consent; pure (LNK-4)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from chalicelib.capture.linkedin.reading import Form, Lead, text_of
from chalicelib.contacts import fields as contact_fields
from chalicelib.errors import Invalid, Problem
from chalicelib.leads import fields as lead_fields

LEAD_FIELDS = frozenset(lead_fields.TEXTS) - {"linkedin_campaign"}
CONTACT_FIELDS = frozenset(contact_fields.SUBMITTABLE) - {"birth_date"}
"""Answers are texts, and so are the fields that they may go to."""

LONGEST = 2_000  # letters of a value; the whole answer is kept with the response


class Entry(Struct, frozen=True):
    """One line: LinkedIn's own name of a field, a question, or a hidden field; and where its answer goes.

    Never the question's text: it differs by language and from form to form.
    """

    predefined: str | None = None
    question_id: int | None = None
    hidden: str | None = None
    contact_field: str | None = None
    lead_field: str | None = None

    @property
    def asks(self) -> str:
        return self.predefined or self.hidden or str(self.question_id)


class Ticked(Struct, frozen=True):
    """What ticking a box of a form allows: a preference, or a consent level."""

    consent_id: int
    form_id: int | None = None
    preference: str | None = None
    level: int | None = None

    @property
    def raises(self) -> dict[str, Any]:
        preference = {self.preference: True} if self.preference else {}
        return {**preference, **({"consent_level": self.level} if self.level else {})}


def _both(predefined: str, name: str) -> Entry:
    return Entry(predefined=predefined, contact_field=name, lead_field=name)


USUAL: tuple[Entry, ...] = (
    _both("FIRST_NAME", "first_name"),
    _both("LAST_NAME", "last_name"),
    _both("EMAIL", "email"),
    _both("WORK_EMAIL", "email"),
    _both("PHONE_NUMBER", "phone"),
    _both("WORK_PHONE_NUMBER", "phone"),
    _both("COMPANY_NAME", "company_name"),
    _both("JOB_TITLE", "job_title"),
    _both("CITY", "city"),
    _both("STATE", "region"),
    _both("POSTAL_CODE", "postal_code"),
    _both("COUNTRY", "country"),
    Entry(predefined="INDUSTRY", lead_field="industry"),
    Entry(predefined="COMPANY_SIZE", lead_field="company_size"),
    Entry(predefined="JOB_FUNCTION", lead_field="job_function"),
    Entry(predefined="SENIORITY", lead_field="seniority"),
    Entry(predefined="DEGREE", lead_field="degree"),
    Entry(predefined="SCHOOL", lead_field="school"),
)
"""What a connection maps until somebody says otherwise."""


def problems_of(entries: Sequence[Entry], needed: Iterable[str]) -> list[Problem]:
    """Return what keeps a mapping from being used; `needed` are the fields that leads are matched by."""
    return [*_of_entries(entries), *_unmapped(entries, needed)]


def _of_entries(entries: Sequence[Entry]) -> Iterator[Problem]:
    for at, entry in enumerate(entries):
        if not entry.contact_field and not entry.lead_field:
            yield Problem(f"entries.{at}", "Say to which field of the contact or of the lead it goes.")
        for name, known in (("contact_field", CONTACT_FIELDS), ("lead_field", LEAD_FIELDS)):
            if getattr(entry, name) not in known | {None}:
                yield Problem(f"entries.{at}.{name}", f"LinkedIn cannot write this field of a {name[:-6]}.")
    yield from _twice(entries)


def _twice(entries: Sequence[Entry]) -> Iterator[Problem]:
    for asks, times in Counter((entry.predefined, entry.question_id, entry.hidden) for entry in entries).items():
        if times > 1:
            yield Problem("entries", f"{next(each for each in asks if each)} is mapped {times} times; once is right.")


def _unmapped(entries: Sequence[Entry], needed: Iterable[str]) -> Iterator[Problem]:
    mapped = {entry.lead_field for entry in entries} | {entry.contact_field for entry in entries}
    for name in needed:
        if name not in mapped | {"page_id", "topic", "business_unit"}:  # no pages, no units; a topic is the form's name
            yield Problem("entries", f"Leads are matched by {name}, so an answer has to go to it.")


class Values(Struct, frozen=True):
    """What goes to the contact and to the lead, and which answers could not be used."""

    contact: dict[str, Any] = field(default_factory=dict)
    lead: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def values_of(entries: Sequence[Entry], lead: Lead, form: Form) -> Values:
    """Map answers and hidden fields; the first entry that has an answer for a field wins.

    An answer that its field cannot hold is left out and named: nobody is there to correct it (nothing else is lost).
    """
    values = Values()
    by_predefined = {each.predefined: identity for identity, each in form.questions.items() if each.predefined}
    for entry in entries:
        given = _answer(entry, lead, form, by_predefined)
        if given:
            _put(values, values.contact, entry, entry.contact_field, given)
            _put(values, values.lead, entry, entry.lead_field, given)
    return values


def _answer(entry: Entry, lead: Lead, form: Form, by_predefined: Mapping[str, int]) -> str | None:
    if entry.hidden is not None:
        return form.hidden.get(entry.hidden)
    identity = by_predefined.get(entry.predefined) if entry.predefined else entry.question_id
    if identity is None or identity not in lead.answers:
        return None
    return text_of(lead.answers[identity], form.questions.get(identity))


def _put(values: Values, into: dict[str, Any], entry: Entry, name: str | None, given: str) -> None:
    if name is None or name in into:
        return
    try:
        cleaned = contact_fields.clean({name: given})[name]
    except Invalid as error:
        _complain(values, entry, name, error.problems[0].message if error.problems else str(error))
        return
    if cleaned is not None and len(cleaned) > LONGEST:
        _complain(values, entry, name, f"it has more than {LONGEST:,} letters.")
    elif cleaned is not None:
        into[name] = cleaned


def _complain(values: Values, entry: Entry, name: str, reason: str) -> None:
    """Name an answer that could not be used, once where contact and lead have the same field."""
    problem = Problem(entry.asks, f"{name}: {reason}")
    if problem not in values.problems:
        values.problems.append(problem)


def raised_by(consents: Sequence[Ticked], form: Form, consent_id: int) -> dict[str, Any]:
    """Return what ticking a box of this form allows, nothing where nobody mapped it."""
    told: dict[str, Any] = {}
    for each in consents:
        if each.consent_id == consent_id and each.form_id in {None, _number(form.id)}:
            told |= each.raises
    return told


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
