"""Use cases of compliance profiles as records: make, find, list, change; none is ever deleted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.consent.points import opt_in, profile
from chalicelib.consent.points.models import ComplianceProfile, ProfileSet, profile_key
from chalicelib.consent.points.profile import DEFAULT, Purpose
from chalicelib.dynamodb import ConditionFailed, Look, Write, commit, put, put_changed, put_new, read, tries
from chalicelib.errors import Conflict, NotFound, Problem, Stale, Unavailable, Unprocessable

MOST = 100
TOO_MANY = Conflict(f"There are {MOST} compliance profiles, and there can be no more. Use one that there is.")
STAYS = "People were offered this, so it stays: let it be inactive, and nobody is offered it any more."
STALE = Stale("The compliance profile has changed since you read it. Read it again and repeat the change.")


def shipped() -> ComplianceProfile:
    """Return the profile that there always is, as it is while nobody changed it."""
    place = ComplianceProfile.at(DEFAULT)
    return ComplianceProfile(*place, profile_id=DEFAULT, name="Default", stored_purposes=profile.stored(profile.OURS))


def find(profile_id: str, look: Look = read) -> ComplianceProfile:
    """Return a profile, read consistently; one that was deactivated as any other (RCN-7). Raises NotFound."""
    found = find_if_any(profile_id, look)
    if found is None:
        raise NotFound("There is no compliance profile of this id.")
    return found


def find_if_any(profile_id: str, look: Look = read) -> ComplianceProfile | None:
    [found] = look([profile_key(profile_id)])
    return found or (shipped() if profile_id == DEFAULT else None)


def every() -> list[ComplianceProfile]:
    """Return all profiles, the shipped one first, the others by name."""
    made = [each for each in read(profile_key(each) for each in (DEFAULT, *_made())) if each is not None]
    own = next((each for each in made if each.profile_id == DEFAULT), shipped())
    others = [each for each in made if each.profile_id != DEFAULT]
    return [own, *sorted(others, key=lambda each: (each.name.casefold(), each.profile_id))]


def _made() -> list[str]:
    found = ProfileSet.find(*ProfileSet.at())
    return list(found.profile_ids) if found is not None else []


def create(profile_id: str, values: Mapping[str, Any], by: str, now: datetime) -> ComplianceProfile:
    """Make a profile; the same id again returns what it made the first time. Raises Conflict where there are too many.

    It has the purposes that every profile has, besides those that it is given.
    """
    made = ComplianceProfile(*ComplianceProfile.at(profile_id), profile_id=profile_id, created_by=by, updated_at=now)
    _fill(made, {**values, "purposes": profile.whole(values.get("purposes") or ())})
    made.version = 1
    _require_address(made)
    _require_message(made, values)
    for _ in tries():
        try:
            commit([put_new(made), _one_more(profile_id)])
        except ConditionFailed as failed:
            if failed.of(ComplianceProfile):
                return find(profile_id)
            continue  # another one was made at this moment
        return made
    raise Unavailable("Others are making compliance profiles at this moment. Try again in a few seconds.")


def _one_more(profile_id: str) -> Write:
    known = ProfileSet.find(*ProfileSet.at())
    if known is None:
        return put_new(ProfileSet(*ProfileSet.at(), profile_ids=[profile_id]))
    if len(known.profile_ids) >= MOST and profile_id not in known.profile_ids:
        raise TOO_MANY
    before = known.version
    made = ProfileSet(*ProfileSet.at(), profile_ids=[*known.profile_ids, profile_id], version=before + 1)
    return put(made, ProfileSet.version == before)


def _fill(record: ComplianceProfile, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name == "purposes":
            record.stored_purposes = profile.stored(value)
        elif name == "double_opt_in":
            record.stored_double_opt_in = value
        else:
            setattr(record, name, value)
    vars(record).pop("purposes", None)  # those that were read before


def _require_address(record: ComplianceProfile) -> None:
    if record.type == profile.Type.EXTERNAL and not record.external_url:
        raise Unprocessable("A page of your own needs its address.", [Problem("external_url", "This is needed.")])


def _require_message(record: ComplianceProfile, values: Mapping[str, Any]) -> None:
    """Double opt-in that is set up needs what it names; what ended since goes on to be sent, as in a live journey."""
    problems = list(opt_in.problems_of(record.double_opt_in)) if "double_opt_in" in values else []
    if problems:
        raise Unprocessable("Double opt-in cannot be set up like this.", problems)


def _lost(before: Sequence[Purpose], after: Sequence[Purpose]) -> Iterator[Problem]:
    """Yield what would be gone of what people may have said something of, or be something else by law."""
    for choice in profile.gone(before, after):
        yield Problem("purposes", f"{choice}: {STAYS}")
    by_law = {each.id: each.legal_designation for each in before}
    for each in after:
        if by_law.get(each.id, each.legal_designation) is not each.legal_designation:
            yield Problem("purposes", f"{each.id}: messages for it are {by_law[each.id]} by law, and it stays so.")


def amend(profile_id: str, values: Mapping[str, Any], version: int, now: datetime) -> ComplianceProfile:
    """Change a profile. Raises NotFound, Stale; Unprocessable where a purpose or a topic would be gone.

    What people said of those goes on to count, so they can be deactivated and never taken out.
    """
    record = find(profile_id)
    if record.version != version:
        raise STALE
    purposes, address = record.purposes, record.company_address
    _fill(record, values)
    problems = list(_lost(purposes, record.purposes))
    if address and not record.company_address:
        problems.append(Problem("company_address", "Messages name it, so it can change and not go."))
    if problems:
        raise Unprocessable("What people were offered, and what messages rely on, stays.", problems)
    _require_address(record)
    _require_message(record, values)
    record.updated_at = now
    if version == 0:
        record.version = 1
        commit([put_new(record, refused=STALE)])
    else:
        commit([put_changed(record, refused=STALE)])
    return record
