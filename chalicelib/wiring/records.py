"""Where conditions get their answers from: the records that belong to a contact, and where their paths lead."""

from collections.abc import Iterable
from typing import Any

from chalicelib.conditions import sources
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.contacts import accounts
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts import service as contacts
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.dynamodb import Notes
from chalicelib.interactions import reading
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import fields as lead_fields
from chalicelib.leads import opportunities, opportunity
from chalicelib.leads import reading as leads
from chalicelib.registrations import reading as registrations
from chalicelib.registrations import record as registration


def _contact(who: Identity) -> list[dict[str, Any]]:
    return [contact_fields.of_contact(who.contact)] if who.contact is not None else []


def _contacts(contact_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the contacts that count: where one was merged, the one that it was merged into."""
    notes, asked = Notes(), list(contact_ids)
    notes.expect(contacts.key(each) for each in asked)
    known = {each: contacts.who_is(each, notes.look) for each in asked}
    return {each: contact_fields.of_contact(who.contact) for each, who in known.items() if who.contact is not None}


def _accounts(account_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    found = accounts.find_all(account_ids)
    return {asked: contact_fields.of_account(account) for asked, account in found.items()}


def _account(who: Identity) -> list[dict[str, Any]]:
    account = accounts.find_if_any(who.contact.account_id) if who.contact is not None else None
    return [contact_fields.of_account(account)] if account is not None else []


def _preferences(who: Identity) -> list[dict[str, Any]]:
    return [consent.of_person(who).fields()]


def _leads(who: Identity) -> list[dict[str, Any]]:
    return [lead_fields.record_of(lead) for lead in leads.of_person(who.ids)]


def _leads_of(contact_id: str) -> list[dict[str, Any]]:
    return _leads(contacts.who_is(contact_id))


def _opportunities(who: Identity) -> list[dict[str, Any]]:
    found = [each for contact_id in who.ids for each in opportunities.of_contact_now(contact_id)]
    return [opportunity.record_of(each) for each in found]


def _opportunities_of(contact_id: str) -> list[dict[str, Any]]:
    return _opportunities(contacts.who_is(contact_id))


def _opportunities_of_account(account_id: str) -> list[dict[str, Any]]:
    found = [each for one in accounts.ids_of(account_id) for each in opportunities.of_account_now(one)]
    return [opportunity.record_of(each) for each in found]


def _registrations(who: Identity) -> list[dict[str, Any]]:
    found = [each for contact_id in who.ids for each in registrations.of_contact_now(contact_id)]
    return [registration.record_of(each) for each in found]


def _registrations_of(contact_id: str) -> list[dict[str, Any]]:
    return _registrations(contacts.who_is(contact_id))


def register() -> None:
    """Tell what conditions may be asked about."""
    sources.register_identities(contacts.who_is)
    sources.register_custom(custom_fields.asked_as)
    sources.register(
        "contact", contact_fields.FIELDS, _contact, by_id=_contacts, reached_by={"lead.contact": "contact_id"}
    )
    sources.register(
        "account",
        contact_fields.ACCOUNT_FIELDS,
        _account,
        by_id=_accounts,
        reached_by={"lead.account": "account_id", "contact.account": "account_id"},
    )
    sources.register("preferences", consent.FIELDS, _preferences)
    sources.register("subscription", subscriptions.FIELDS, subscriptions.records_of, key="list_id")
    sources.register("lead", lead_fields.FIELDS, _leads, key="lead_id", reached_by={"contact.leads": _leads_of})
    sources.register(
        "opportunity",
        opportunity.FIELDS,
        _opportunities,
        key="opportunity_id",
        reached_by={"contact.opportunities": _opportunities_of, "account.opportunities": _opportunities_of_account},
    )
    sources.register(
        "registration",
        registration.FIELDS,
        _registrations,
        key="registration_id",
        reached_by={"contact.registrations": _registrations_of},
    )
    sources.register_interactions(InteractionType, reading.told)
