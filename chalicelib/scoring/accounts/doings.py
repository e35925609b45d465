"""Use cases: show what the people behind a lead or an account did (LEAD-9, ACC-4, ACC-5)."""

from collections.abc import Sequence
from itertools import islice

from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.errors import Invalid, Problem
from chalicelib.interactions import service as interactions
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.types import COUNTED_FOR_ACCOUNTS, InteractionType
from chalicelib.leads import reading as leads
from chalicelib.lists import Asked, Page
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.accounts.items import Logged, log_of
from chalicelib.tokens import seal, unseal

LIST = "account-interactions"
FOREIGN = Invalid("This cursor belongs to another list. Leave it out, or repeat the query that it came with.")


def of_lead(lead_id: str, type_: InteractionType, asked: Asked) -> Page[Interaction] | Page[Logged]:
    """Return a page of what a lead's parent contact did, or all contacts of its parent account; newest first.

    Nobody's lead has none (CORE-8). Raises NotFound, Invalid.
    """
    lead = leads.find(lead_id)
    if lead.contact_id:
        return interactions.page_of_contact(contacts.who_is(lead.contact_id).ids, type_, None, None, asked)
    if lead.account_id:
        return _of_account(lead.account_id, type_, asked)
    if asked.cursor is not None:
        raise FOREIGN  # a list of nothing gives none
    return Page([], None)


def of_account(account_id: str, type_: InteractionType, asked: Asked) -> Page[Logged]:
    """Return a page of what an account's contacts did while they belonged to it, newest first. Raises NotFound."""
    accounts.find(account_id)
    return _of_account(account_id, type_, asked)


def _of_account(account_id: str, type_: InteractionType, asked: Asked) -> Page[Logged]:
    if type_ not in COUNTED_FOR_ACCOUNTS:
        known = ", ".join(sorted(COUNTED_FOR_ACCOUNTS))
        problem = Problem("type", f"Of accounts there are: {known}.")
        raise Invalid("Accounts show what their people do, not what befalls lists and messages (ACC-5).", [problem])
    month, sk = _place(asked.cursor, type_)
    left = [each for each in sorted(account_log.months(account_id), reverse=True) if month is None or each <= month]
    found: list[Logged] = []
    for each in left:
        place = {"pk": {"S": log_of(account_id, each)}, "sk": {"S": sk}} if sk and each == month else None
        found += _of_month(account_id, each, type_, asked.limit + 1 - len(found), place)
        if len(found) > asked.limit:
            last = found[asked.limit - 1]
            return Page(found[: asked.limit], seal(LIST, f"{last.pk.rpartition('#')[2]} {last.sk}"))
    return Page(found, None)


def _of_month(
    account_id: str, month: str, type_: InteractionType, most: int, place: dict[str, dict[str, str]] | None
) -> Sequence[Logged]:
    rows = Logged.query(
        log_of(account_id, month),
        Logged.sk.startswith(f"{type_}#"),
        scan_index_forward=False,
        limit=most,
        last_evaluated_key=place,
    )
    return list(islice(rows, most))


def _place(cursor: str | None, type_: InteractionType) -> tuple[str | None, str | None]:
    """Return where the page before ended. Raises Invalid for a cursor of another list."""
    if cursor is None:
        return None, None
    month, _, sk = unseal(LIST, cursor).partition(" ")
    if not sk.startswith(f"{type_}#"):
        raise FOREIGN
    return month, sk
