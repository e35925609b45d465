"""What LinkedIn says, read: deliveries, responses, forms; pure and lenient, for absent is what LinkedIn calls empty."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from pydantic_core import from_json

SECONDS = 10**11
"""An instant below is in seconds, one above in milliseconds: both are seen."""

OWNER = re.compile(r"urn:li:(sponsoredAccount|organization):\d{1,20}")
FORM_URN = re.compile(r"urn:li:versionedLeadGenForm:\(urn:li:leadGenForm:(\d{1,20}),\s*(\d{1,9})\)")
RESPONSE_URN = re.compile(r"urn:li:leadGenFormResponse:([A-Za-z0-9_-]{1,100})")
RESPONSE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
LONGEST_ANSWER = 10_000
MOST_CONSENTS = 20  # boxes of a form; each is a row of the transaction that takes a response


class LeadType(StrEnum):
    """Where a form stands."""

    SPONSORED = "SPONSORED"
    EVENT = "EVENT"
    COMPANY = "COMPANY"
    ORGANIZATION_PRODUCT = "ORGANIZATION_PRODUCT"


class Action(StrEnum):
    CREATED = "CREATED"
    DELETED = "DELETED"


class Unreadable(ValueError):
    """It is not what LinkedIn is known to send; the message names the place and holds nothing of what was sent."""


class Notice(Struct, frozen=True):
    """A delivery: that a response was made or withdrawn; it points, and holds no answers."""

    response_id: str
    owner: str
    lead_type: str
    action: str


def notice_of(body: bytes) -> Notice:
    """Read a delivery. Raises Unreadable."""
    try:
        told = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Unreadable("the body is no JSON") from error
    if not isinstance(told, dict) or told.get("type") != "LEAD_ACTION":
        raise Unreadable("type is not LEAD_ACTION")
    response = _matched(RESPONSE_URN, told.get("leadGenFormResponse"), "leadGenFormResponse")
    return Notice(response[1], owner_of(told), _one_of(LeadType, told, "leadType"), _one_of(Action, told, "leadAction"))


def owner_of(told: Mapping[str, Any]) -> str:
    """Return whose it is: the URN of a sponsored account or an organisation. Raises Unreadable."""
    owner = told.get("owner")
    given = owner if isinstance(owner, dict) else {}
    return _matched(OWNER, given.get("sponsoredAccount") or given.get("organization"), "owner")[0]


def _matched(pattern: re.Pattern[str], given: Any, name: str) -> re.Match[str]:
    found = pattern.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise Unreadable(f"{name} is not as it should be")
    return found


def _one_of(known: type[StrEnum], told: Mapping[str, Any], name: str) -> str:
    given = told.get(name)
    if given not in list(known):
        raise Unreadable(f"{name} is none that is known")
    return str(given)


def instant_of(given: Any) -> datetime:
    """Read a Unix time in seconds or milliseconds. Raises Unreadable."""
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        raise Unreadable("an instant is no number")
    try:
        return datetime.fromtimestamp(given if given < SECONDS else given / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable("an instant is out of range") from error


class Lead(Struct, frozen=True):
    """A response: answers by question id, consents by id, and where it came from."""

    id: str
    owner: str
    lead_type: str
    submitted_at: datetime
    test: bool
    form_urn: str | None
    answers: Mapping[int, Any]
    consents: Mapping[int, bool]
    campaign: str | None
    raw: Mapping[str, Any]


def lead_of(raw: Any) -> Lead:
    """Read a response. Raises Unreadable where it lacks what every response has."""
    if not isinstance(raw, dict):
        raise Unreadable("a response is no object")
    given = raw.get("formResponse")
    response = given if isinstance(given, dict) else {}
    urn = raw.get("versionedLeadGenFormUrn")
    return Lead(
        id=_matched(RESPONSE_ID, raw.get("id"), "id")[0],
        owner=owner_of(raw),
        lead_type=_one_of(LeadType, raw, "leadType"),
        submitted_at=instant_of(raw.get("submittedAt")),
        test=raw.get("testLead") is True,
        form_urn=_canonical(urn) if isinstance(urn, str) else None,
        answers={
            each["questionId"]: each.get("answerDetails") for each in _with(response.get("answers"), "questionId")
        },
        consents={
            each["consentId"]: each.get("accepted") is True
            for each in _with(response.get("consentResponses"), "consentId")[:MOST_CONSENTS]
        },
        campaign=_campaign(raw),
        raw={name: raw[name] for name in KEPT if name in raw},
    )


KEPT = ("formResponse", "associatedEntity", "associatedEntityInfo", "leadMetadata", "leadMetadataInfo", "submitter")
"""What is kept of a response as it came."""


def _canonical(urn: str) -> str | None:
    """Return a form's URN without the space that some deliveries have in it."""
    found = FORM_URN.fullmatch(urn)
    return f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{found[1]},{found[2]})" if found else None


def _with(given: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects of a list that have a whole number under `name`."""
    listed = given if isinstance(given, list) else []
    return [each for each in listed if isinstance(each, dict) and type(each.get(name)) is int]


def _campaign(raw: Mapping[str, Any]) -> str | None:
    """Return a campaign's name where LinkedIn tells it, else its URN."""
    told = _within(raw, "leadMetadataInfo", "sponsoredLeadMetadataInfo", "campaign")
    named = _within(told, "name") or _within(told, "id")
    plain = _within(raw, "leadMetadata", "sponsoredLeadMetadata", "campaign")
    found = named or plain
    return str(found)[:500] if isinstance(found, str | int) else None


def _within(given: Any, *path: str) -> Any:
    for name in path:
        given = given.get(name) if isinstance(given, dict) else None
    return given


class Question(Struct, frozen=True):
    """A question: LinkedIn's own name of what it asks, if it has one, and its options by id."""

    predefined: str | None
    options: Mapping[int, str] = field(default_factory=dict)


class Form(Struct, frozen=True):
    """A version of a form."""

    id: str
    version: str
    name: str
    questions: Mapping[int, Question]
    hidden: Mapping[str, str]
    wordings: Mapping[int, str]
    legal: str


def form_of(urn: str, document: Mapping[str, Any]) -> Form:
    """Read a form's document; what it lacks is absent."""
    found = FORM_URN.fullmatch(urn)
    content = _within(document, "content")
    language = _language(document)
    hidden = document.get("hiddenFields")
    return Form(
        id=found[1] if found else "",
        version=found[2] if found else "",
        name=str(document.get("name") or "")[:200],
        questions={
            each["questionId"]: _question(each, language) for each in _with(_within(content, "questions"), "questionId")
        },
        hidden={
            str(each["name"]): str(each.get("value") or "")
            for each in (hidden if isinstance(hidden, list) else [])
            if isinstance(each, dict) and each.get("name")
        },
        wordings={
            each["id"]: _text(each.get("consent"), language)
            for each in _with(_within(content, "legalInfo", "consents"), "id")
        },
        legal=_legal(_within(content, "legalInfo"), language),
    )


def _language(document: Mapping[str, Any]) -> str:
    locale = document.get("creationLocale")
    return str(_within(locale, "language") or "")


def _question(raw: Mapping[str, Any], language: str) -> Question:
    predefined = raw.get("predefinedField")
    options = _within(raw, "questionDetails", "multipleChoiceQuestionDetails", "options")
    told = {each["id"]: _text(each.get("text"), language) for each in _with(options, "id")}
    return Question(predefined if isinstance(predefined, str) else None, told)


def _text(given: Any, language: str) -> str:
    """Return a localised text: in the form's own language, else in any."""
    localized = _within(given, "localized")
    texts = localized if isinstance(localized, dict) else {}
    own = [text for locale, text in texts.items() if str(locale).startswith(f"{language}_")]
    return next((str(text)[:LONGEST_ANSWER] for text in (*own, *texts.values())), "")


def _legal(given: Any, language: str) -> str:
    """Say what legal information a form showed: its id, its disclaimer, where the privacy policy lies."""
    disclaimer = _text(_within(given, "legalDisclaimer"), language)
    address, identity = _within(given, "privacyPolicyUrl"), _within(given, "legalInfoId")
    parts = (f"legal information {identity}" if identity else "", str(address or "")[:2000], disclaimer)
    return "; ".join(part for part in parts if part)


def text_of(details: Any, question: Question | None) -> str | None:
    """Return an answer as text: what was typed, or the options that were chosen."""
    typed = _within(details, "textQuestionAnswer", "answer")
    if isinstance(typed, str | int | float) and not isinstance(typed, bool):
        return str(typed)[:LONGEST_ANSWER]
    chosen = _within(details, "multipleChoiceAnswer", "options")
    if not isinstance(chosen, list):
        return None
    known: Mapping[Any, str] = question.options if question else {}
    return "; ".join(known.get(each) or str(each) for each in chosen if isinstance(each, int | str))[:LONGEST_ANSWER]
