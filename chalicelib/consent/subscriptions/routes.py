"""Subscription lists over HTTP, and the lists of a contact (CON-5)."""

from http import HTTPStatus
from typing import Any

from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import records, service
from chalicelib.consent.subscriptions.models import Subscription, SubscriptionList
from chalicelib.consent.subscriptions.plans import Standing
from chalicelib.consent.subscriptions.rules import State
from chalicelib.consent.subscriptions.schemas import (
    Joining,
    ListChange,
    ListsQuery,
    ListView,
    MembersQuery,
    MemberView,
    NewList,
    SeveralJoining,
    Subscriptions,
    SubscriptionView,
)
from chalicelib.contacts import service as contacts
from chalicelib.http import Api, Call, Listing, Nothing

api = Api(__name__)

LISTS, ONE = "/subscription-lists", "/subscription-lists/{list_id}"
OF_CONTACT = "/contacts/{contact_id}/lists"
READ, WRITE = "subscription-lists:read", "subscription-lists:write"


@api.on(f"POST {LISTS}", scope=WRITE, body=NewList, returns=ListView, status=HTTPStatus.CREATED)
def create_subscription_list(call: Call[NewList]) -> ListView:
    """Make a subscription list."""
    return _view(records.create(call.new_id, call.body.values, call.caller.id, call.now))


@api.on(f"GET {LISTS}", scope=READ, query=ListsQuery, returns=Listing[ListView])
def list_subscription_lists(call: Call[Nothing]) -> Listing[ListView]:
    """List subscription lists by name."""
    return Listing[ListView].of(records.by_name(call.query.name_prefix, call.query.asked), _view)


@api.on(f"GET {ONE}", scope=READ, returns=ListView)
def show_subscription_list(_: Call[Nothing], list_id: str) -> ListView:
    """Show a subscription list."""
    return _view(records.find(list_id))


@api.on(f"PATCH {ONE}", scope=WRITE, body=ListChange, returns=ListView)
def change_subscription_list(call: Call[ListChange], list_id: str) -> ListView:
    """Change a subscription list; send If-Match."""
    return _view(records.amend(list_id, call.body.values, call.version, call.now))


@api.on(f"POST {ONE}/stop", scope=WRITE, returns=ListView)
def stop_subscription_list(call: Call[Nothing], list_id: str) -> ListView:
    """Let nobody join any more; refused while something live names the list. Send If-Match."""
    return _view(records.stop(list_id, call.version, call.now))


@api.on(f"POST {ONE}/restart", scope=WRITE, returns=ListView)
def restart_subscription_list(call: Call[Nothing], list_id: str) -> ListView:
    """Let people join a stopped list again; send If-Match."""
    return _view(records.restart(list_id, call.version, call.now))


@api.on(f"GET {ONE}/members", scope="contacts:read", query=MembersQuery, returns=Listing[MemberView])
def list_subscribers(call: Call[Nothing], list_id: str) -> Listing[MemberView]:
    """List who is on a list, latest first."""
    return Listing[MemberView].of(service.members(list_id, call.query.asked), _member)


@api.on(f"POST {ONE}/members", scope="contacts:write", body=SeveralJoining)
def add_subscribers(call: Call[SeveralJoining], list_id: str) -> None:
    """Put several contacts on a list, with the reason: how they asked for it; who is on it stays."""
    evidence = Evidence(who=call.caller.id, source="api", method="by user", reason=call.body.reason)
    service.add_by_user(call.body.contact_ids, list_id, evidence, call.new_id, call.now)


@api.on(f"GET {OF_CONTACT}", scope="contacts:read", returns=Subscriptions)
def list_subscriptions(_: Call[Nothing], contact_id: str) -> Subscriptions:
    """List every list that a contact ever was on, and whether it is now."""
    standings = service.of_person(contacts.find_who(contact_id))
    names = {each.list_id: each.name for each in records.find_many(each.list_id for each in standings)}
    return Subscriptions(items=[_standing(each, names[each.list_id]) for each in standings])


@api.on(f"POST {OF_CONTACT}/{{list_id}}", scope="contacts:write", body=Joining, returns=SubscriptionView)
def join_list(call: Call[Joining], contact_id: str, list_id: str) -> SubscriptionView:
    """Put a contact on a list, with the reason: how it asked for it."""
    return _changed(call, contact_id, list_id, State.SUBSCRIBED, call.body.reason)


@api.on(f"DELETE {OF_CONTACT}/{{list_id}}", scope="contacts:write", returns=SubscriptionView)
def leave_list(call: Call[Nothing], contact_id: str, list_id: str) -> SubscriptionView:
    """Take a contact off a list; one that is not on it stays as it is."""
    return _changed(call, contact_id, list_id, State.UNSUBSCRIBED, None)


def _changed(call: Call[Any], contact_id: str, list_id: str, wanted: State, reason: str | None) -> SubscriptionView:
    evidence = Evidence(who=call.caller.id, source="api", method="by user", reason=reason)
    standing = service.change_by_user(contact_id, list_id, wanted, evidence, call.new_id, call.now)
    return _standing(standing, records.find(list_id).name)


def _view(record: SubscriptionList) -> ListView:
    given = {name: getattr(record, name) for name in ListView.model_fields if name != "id"}
    return ListView(id=record.list_id, **given)


def _member(row: Subscription) -> MemberView:
    return MemberView.model_validate(row)


def _standing(standing: Standing, name: str) -> SubscriptionView:
    since = standing.since if any(standing.rows) else None
    return SubscriptionView(list_id=standing.list_id, name=name, subscribed=standing.on, since=since)
