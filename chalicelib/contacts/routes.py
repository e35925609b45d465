"""Contacts, accounts and matching strategies over HTTP."""

from http import HTTPStatus

from chalicelib.contacts import accounts, changing, service, strategies
from chalicelib.contacts.claims import Strategy
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.models import Account, Contact, Membership
from chalicelib.contacts.schemas import (
    AccountFields,
    AccountsQuery,
    AccountView,
    ContactChange,
    ContactSearch,
    ContactsQuery,
    ContactToMake,
    ContactView,
    MemberView,
    NewAccount,
    NewStrategy,
    Strategies,
    StrategiesQuery,
    StrategyView,
)
from chalicelib.errors import Invalid
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.lists import Page

api = Api(__name__)


@api.on("POST /contacts", scope="contacts:write", body=ContactToMake, returns=ContactView, status=HTTPStatus.CREATED)
def create_contact(call: Call[ContactToMake]) -> ContactView:
    """Make a contact; a 409 tells in `duplicates` who it may be, not_the_same_as goes on all the same."""
    wish = call.body.wish
    return contact_view(service.create(call.new_id, call.body.given(), call.now, by=call.caller.id, wish=wish))


@api.on("GET /contacts", scope="contacts:read", query=ContactsQuery, returns=Listing[ContactView])
def list_contacts(call: Call[Nothing]) -> Listing[ContactView]:
    """List contacts by name prefix, owner or account, or the newest."""
    return Listing[ContactView].of(_contacts(call.query), contact_view)


def _contacts(query: ContactsQuery) -> Page[Contact]:
    if sum(each is not None for each in (query.name_prefix, query.owner_id, query.account_id)) > 1:
        raise Invalid("Ask by name_prefix, owner_id or account_id, one at a time; a segment can combine them.")
    if query.owner_id is not None:
        return service.by_owner(query.owner_id, query.asked)
    if query.account_id is not None:
        return service.by_account(query.account_id, query.asked)
    if query.name_prefix is not None:
        return service.by_name(query.name_prefix, query.asked)
    return service.by_created(query.asked)


@api.on(
    "POST /contacts/search",
    scope="contacts:read",
    body=ContactSearch,
    query=ListQuery,
    returns=Listing[ContactView],
)
def search_contacts(call: Call[ContactSearch]) -> Listing[ContactView]:
    """Find contacts by address or by name; addresses never stand in a path."""
    if (call.body.email is None) == (call.body.name_prefix is None):
        raise Invalid("Search by email or by name_prefix.")
    if call.body.email is not None:
        return Listing[ContactView](items=[contact_view(each) for each in service.by_email(call.body.email)])
    return Listing[ContactView].of(service.by_name(call.body.name_prefix or "", call.query.asked), contact_view)


@api.on("GET /contacts/{contact_id}", scope="contacts:read", returns=ContactView)
def show_contact(_: Call[Nothing], contact_id: str) -> ContactView:
    """Show a contact."""
    return contact_view(service.find(contact_id))


@api.on("PATCH /contacts/{contact_id}", scope="contacts:write", body=ContactChange, returns=ContactView)
def change_contact(call: Call[ContactChange], contact_id: str) -> ContactView:
    """Change a contact; send If-Match. A 409 tells who it may be from now on, as when it is made."""
    return contact_view(service.amend(contact_id, call.body.given(), call.version, call.now, call.body.wish))


@api.on("DELETE /contacts/{contact_id}", scope="contacts:write")
def delete_contact(call: Call[Nothing], contact_id: str) -> None:
    """Delete a contact; send If-Match."""
    service.remove(contact_id, call.version, call.now)


@api.on("POST /contacts/{contact_id}/activate", scope="contacts:write", returns=ContactView)
def activate_contact(call: Call[Nothing], contact_id: str) -> ContactView:
    """Let messages go to a contact again; send If-Match."""
    return contact_view(changing.activate(contact_id, call.version, call.now).record)


@api.on("POST /contacts/{contact_id}/deactivate", scope="contacts:write", returns=ContactView)
def deactivate_contact(call: Call[Nothing], contact_id: str) -> ContactView:
    """Send a contact no more messages; it is still matched, walks on in journeys and may be a member. Send If-Match."""
    return contact_view(changing.deactivate(contact_id, call.version, call.now).record)


@api.on("POST /accounts", scope="accounts:write", body=NewAccount, returns=AccountView, status=HTTPStatus.CREATED)
def create_account(call: Call[NewAccount]) -> AccountView:
    """Make an account."""
    values = call.body.model_dump(exclude_none=True)
    return account_view(accounts.create(call.new_id, values, call.now, by=call.caller.id))


@api.on("GET /accounts", scope="accounts:read", query=AccountsQuery, returns=Listing[AccountView])
def list_accounts(call: Call[Nothing]) -> Listing[AccountView]:
    """List accounts by name, or by owner."""
    query = call.query
    if query.owner_id is not None and query.name_prefix is not None:
        raise Invalid("Ask by name_prefix or owner_id, one at a time; a segment can combine them.")
    if query.owner_id is not None:
        return Listing[AccountView].of(accounts.by_owner(query.owner_id, query.asked), account_view)
    return Listing[AccountView].of(accounts.by_name(query.name_prefix or "", query.asked), account_view)


@api.on("GET /accounts/{account_id}", scope="accounts:read", returns=AccountView)
def show_account(_: Call[Nothing], account_id: str) -> AccountView:
    """Show an account."""
    return account_view(accounts.find(account_id))


@api.on("PATCH /accounts/{account_id}", scope="accounts:write", body=AccountFields, returns=AccountView)
def change_account(call: Call[AccountFields], account_id: str) -> AccountView:
    """Change an account; send If-Match."""
    return account_view(accounts.amend(account_id, call.body.model_dump(exclude_unset=True), call.version, call.now))


@api.on("DELETE /accounts/{account_id}", scope="accounts:write")
def delete_account(call: Call[Nothing], account_id: str) -> None:
    """Delete an account that has no contacts; send If-Match."""
    accounts.remove(account_id, call.version, call.now)


@api.on("GET /accounts/{account_id}/members", scope="accounts:read", query=ListQuery, returns=Listing[MemberView])
def list_account_members(call: Call[Nothing], account_id: str) -> Listing[MemberView]:
    """List who belongs or belonged to an account, from when to when, by contact."""
    return Listing[MemberView].of(accounts.page_of_all_members(account_id, call.query.asked), member_view)


def member_view(found: Membership) -> MemberView:
    return MemberView(contact_id=found.contact_id, since=found.since, until=found.until)


@api.on("GET /matching-strategies", scope="matching-strategies:read", query=StrategiesQuery, returns=Strategies)
def list_strategies(call: Call[Nothing]) -> Strategies:
    """List the strategies of a target that are in use."""
    return Strategies(items=[_strategy(each) for each in strategies.read_all(call.query.target)])


@api.on(
    "POST /matching-strategies",
    scope="matching-strategies:write",
    body=NewStrategy,
    returns=Strategies,
    status=HTTPStatus.CREATED,
)
def create_strategy(call: Call[NewStrategy]) -> Strategies:
    """Take a strategy into use; it is live once every record has claimed."""
    body = call.body
    strategies.create(call.new_id, body.target, body.name, body.attributes, call.now, body.description)
    return Strategies(items=[_strategy(each) for each in strategies.read_all(body.target)])


@api.on(
    "POST /matching-strategies/{strategy_id}/make-default",
    scope="matching-strategies:write",
    query=StrategiesQuery,
    returns=Strategies,
)
def make_default_strategy(call: Call[Nothing], strategy_id: str) -> Strategies:
    """Make a live strategy the default of its target, for forms that are made from now on."""
    strategies.make_default(call.query.target, strategy_id)
    return Strategies(items=[_strategy(each) for each in strategies.read_all(call.query.target)])


@api.on("DELETE /matching-strategies/{strategy_id}", scope="matching-strategies:write", query=StrategiesQuery)
def remove_strategy(call: Call[Nothing], strategy_id: str) -> None:
    """Take a strategy out of use."""
    strategies.remove(call.query.target, strategy_id)


def _strategy(each: Strategy) -> StrategyView:
    return StrategyView(
        id=each.id,
        target=each.target,
        name=each.name,
        description=each.description,
        attributes=list(each.attributes),
        default=each.default,
        state=each.state,
    )


def contact_view(contact: Contact) -> ContactView:
    given = {name: getattr(contact, name) for name in ContactView.model_fields if name not in {"id", "lacking"}}
    given["lacking"] = custom_fields.lacking_names(RecordType.CONTACT, contact)
    given["identities"] = sorted(contact.identities or ())
    return ContactView(
        **{**given, **{name: bool(given[name]) for name in ("inactive", "marketing_only")}},
        id=contact.contact_id,
    )


def account_view(account: Account) -> AccountView:
    given = {name: getattr(account, name) for name in AccountView.model_fields if name != "id"}
    given["identities"] = sorted(account.identities or ())
    return AccountView(**given, id=account.record_id)
