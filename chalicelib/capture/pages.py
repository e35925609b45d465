"""Hosted pages: what a visit shows and records, and what a form sent from one becomes."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib import web
from chalicelib.capture import browsing, cascading, prefilling, service, visits
from chalicelib.capture.browsing import Visit
from chalicelib.capture.models import PageAddress, Submission
from chalicelib.capture.schemas import FormDocument, PageDocument
from chalicelib.capture.service import Submitted
from chalicelib.capture.states import FAILURE, is_told
from chalicelib.capture.websites import scripts
from chalicelib.capture.websites import service as websites
from chalicelib.clock import digest, new_id
from chalicelib.definitions import live as definitions
from chalicelib.definitions.lifecycle import Live
from chalicelib.definitions.models import Definition
from chalicelib.dynamodb import Write, put
from chalicelib.errors import Conflict, Gone, Invalid, NotFound, Problem
from chalicelib.http import Reply
from chalicelib.interactions import visitors
from chalicelib.interactions.visitors import Personal
from chalicelib.messages import words
from chalicelib.messages.optin import words as confirmations
from chalicelib.tokens import sign, verify

FORM, NONCE, TRAP, CHOICE, LINK = "_form", "_nonce", "_more", "_tracking", "_v"


class Answers(Struct, frozen=True):
    """What was typed into one form of a page, and what was wrong with it."""

    form_id: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


def address(definition: Definition) -> list[Write]:
    """Return the write that gives a page its address. Refused where another page has it."""
    slug = definition.document["partial_url"]
    taken = Conflict("Another page has this address already.", [Problem("partial_url", slug)])
    free = PageAddress.pk.does_not_exist() | (PageAddress.page_id == definition.definition_id)
    return [put(PageAddress(*PageAddress.at(slug), page_id=definition.definition_id), free, refused=taken)]


def going_live(definition: Definition) -> list[Write]:
    """Return what a page gets besides when it goes live: its address, and its own website (PAG-3)."""
    slug, title = definition.document["partial_url"], definition.document["title"]
    return [*address(definition), *websites.of_page(definition.definition_id, title, slug, definition.updated_at)]


def find(slug: str) -> Live:
    """Return the live page at an address. Raises NotFound, or Gone for a page that was stopped."""
    known = PageAddress.find(*PageAddress.at(slug), consistent=False)
    if known is None:
        raise NotFound("There is no page at this address.")
    return definitions.require_live("page", known.page_id, Gone("This page is not shown any more."))


def show(slug: str, visit: Visit, now: datetime) -> Reply:
    """Show a page and record the visit, unless it is refused (PRV-12). Raises NotFound, Gone."""
    live = find(slug)
    document = PageDocument.model_validate(live.document)
    visit = browsing.asked(visit, live)
    if visit.tracked:
        _seen(live, document, visit, now)
    return _rendered(slug, live, visit, None, now)


def _seen(live: Live, document: PageDocument, visit: Visit, now: datetime) -> None:
    form_ids = [block.form_id for block in document.blocks if block.form_id]
    visits.visited(
        live.id,
        form_ids,
        visitor_id=visit.visitor_id,
        contact_id=visit.contact_id,
        session_id=visit.session_id,
        journey_id=visit.journey_id,
        email_id=visit.email_id,
        now=now,
    )


def _rendered(
    slug: str, live: Live, visit: Visit, answers: Answers | None, now: datetime, status: HTTPStatus = HTTPStatus.OK
) -> Reply:
    document = PageDocument.model_validate(live.document)
    blocks = [shown for block in document.blocks if (shown := _block(block, live.id, visit, answers, now))]
    forms = [block for block in blocks if "form" in block]
    for number, block in enumerate(forms, start=1):
        block["prefix"] = "f-" if number == 1 else f"f{number}-"  # two forms may have fields of one name
    reply = web.page(
        "landing_page.html",
        status,
        cookie=visit.cookie,
        title=document.title,
        language=document.language or "en",
        description=document.description,
        blocks=blocks,
        action=web.url(f"/p/{slug}"),
        banner=document.banner if _asks(visit, document) else None,
        link=visit.link,
        script=scripts.address(websites.id_of_page(live.id)) if visit.tracked else None,
        session=visit.session_id,
        said=next((block["form"].error_message for block in forms if block["wrong"]), ""),
        style=(style := "".join(cascading.style(block["form"], block["prefix"]) for block in forms)),
    )
    reply = _styled(reply, style) if style else reply
    reply = _leading(reply, [block["form"].redirect_url for block in forms if block["form"].redirect_url])
    return _scripted(reply) if visit.tracked else reply


def _asks(visit: Visit, document: PageDocument) -> bool:
    return document.banner is not None and not visit.choice and not visit.refuses


def _scripted(reply: Reply) -> Reply:
    """Let a page load the script of its website and let that tell us what it sees (PAG-3)."""
    policy = f"{reply.headers['Content-Security-Policy']}; script-src 'self'; connect-src 'self'"
    return replace(reply, headers={**reply.headers, "Content-Security-Policy": policy})


def _styled(reply: Reply, style: str) -> Reply:
    """Let the page's own style rules count, and no others that somebody may have brought into it."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = str(reply.headers["Content-Security-Policy"])
    allowed = policy.replace("style-src 'self'", f"style-src 'self' 'sha256-{digest}'")
    return replace(reply, headers={**reply.headers, "Content-Security-Policy": allowed})


def _leading(reply: Reply, redirects: list[Any]) -> Reply:
    """Let the page's forms end where they redirect to: browsers hold a redirect to form-action as well."""
    origins = sorted({f"{parts.scheme}://{parts.netloc}" for parts in (urlsplit(str(url)) for url in redirects)})
    policy = str(reply.headers["Content-Security-Policy"])
    allowed = policy.replace("form-action 'self'", " ".join(["form-action 'self'", *origins]))
    return replace(reply, headers={**reply.headers, "Content-Security-Policy": allowed})


def _block(block: Any, page_id: str, visit: Visit, answers: Answers | None, now: datetime) -> dict[str, Any] | None:
    if block.form_id is None:
        return {"html": web.cleaned(block.html)}
    live = definitions.live("form", block.form_id)
    if live is None:
        return None
    form = FormDocument.model_validate(live.document)
    sent = answers is not None and answers.form_id == block.form_id
    mine = answers if sent and answers is not None else Answers(block.form_id, _beforehand(form, visit, now))
    return {
        "form": form,
        "id": block.form_id,
        "nonce": sign(
            "nonce",
            block.form_id,
            page_id,
            new_id(),
            visit.journey_id or "",
            visit.email_id or "",
            visit.linked_id or "",
        ),
        "typed": mine.typed,
        "wrong": mine.wrong,
    }


def _beforehand(form: FormDocument, visit: Visit, now: datetime) -> dict[str, str]:
    """Return what the form holds when it is opened; nothing but its defaults where nobody may be shown anything."""
    filled = prefilling.filled(form, visit.recognised, now)
    if not filled:
        return {}
    return {**{field.name: field.default for field in form.fields}, **filled, prefilling.REMEMBER: "on"}


def receive(slug: str, fields: Mapping[str, Any], visit: Visit, now: datetime) -> Reply:
    """Take a form that was sent from a page; shows the page again with what is wrong, else thanks. Raises NotFound."""
    live, visit = find(slug), _as_opened(visit, fields)
    if CHOICE in fields:
        return _chosen(slug, str(fields[CHOICE]), str(fields.get(LINK, "")), visit)
    visit = browsing.asked(visit, live)
    form_id = str(fields.get(FORM, ""))
    form, _ = service.form_of(form_id)
    typed = {name: value for name, value in fields.items() if not name.startswith("_")}
    if fields.get(TRAP):
        answers = Answers(form_id, typed, {"": form.limit_message})
        return _rendered(slug, live, visit, answers, now, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        submission = service.submit(_submitted(fields, typed, form_id, live.id, slug, visit), now)
    except Invalid as refused:
        return _again(slug, live, visit, Answers(form_id, typed), refused.problems or [Problem("", str(refused))], now)
    visit = _now_known_as(visit, submission)
    if submission.state == FAILURE and is_told(submission, form):
        problems = [Problem(**each) for each in submission.problems or []]
        failure = [Problem("", str(submission.failure))]
        return _again(slug, live, visit, Answers(form_id, typed), problems or failure, now)
    document = PageDocument.model_validate(live.document)
    cookies = [visit.cookie] if visit.cookie else []
    memory = prefilling.memory(form, typed, submission.contact_id, visit.recognised.remembered, now)
    cookies += [memory] if memory is not None else []
    shown = _look(document) if service.awaits_confirmation(submission, form, typed) else thanks(form, document)
    return replace(shown, headers={**shown.headers, **_set(cookies)})


def _set(cookies: list[str]) -> dict[str, str | list[str]]:
    return {"Set-Cookie": cookies if len(cookies) > 1 else cookies[0]} if cookies else {}


def _chosen(slug: str, answer: str, link: str, visit: Visit) -> Reply:
    """Keep what was answered to the banner, and show the page as it is for whoever answered so.

    What another site's page sends is no answer: nobody may consent in somebody's place.
    """
    said = "yes" if answer == "yes" else "no"
    back = f"?{urlencode({'v': link})}" if Personal.of(link) != Personal() else ""
    headers = {"Location": web.url(f"/p/{slug}{back}"), "Cache-Control": "no-store"}
    kept = {} if visit.elsewhere else {"Set-Cookie": visitors.kept(scripts.CHOICE, said)}
    return Reply("", HTTPStatus.SEE_OTHER, headers={**headers, **kept})


def _now_known_as(visit: Visit, submission: Submission) -> Visit:
    """Let a browser go on as another visitor where somebody else turned out to be at it (decision 149)."""
    if submission.visitor_id in {None, visit.visitor_id}:
        return visit
    return replace(visit, visitor_id=submission.visitor_id, fresh=True)


def _submitted(
    fields: Mapping[str, Any], typed: Mapping[str, Any], form_id: str, page_id: str, slug: str, visit: Visit
) -> Submitted:
    nonce = str(fields.get(NONCE, ""))
    signed_form, signed_page, *_ = _nonce(nonce)
    if (signed_form, signed_page) != (form_id, page_id):
        raise Invalid("This form was opened too long ago, or not here. Open the page again and repeat it.")
    return Submitted(
        form_id=form_id,
        typed=typed,
        source_event=digest(nonce, *(f"{name}={value}" for name, value in sorted(typed.items()))),
        page_id=page_id,
        page_url=web.url(f"/p/{slug}"),
        visitor_id=visit.visitor_id if visit.tracked else None,
        journey_id=visit.journey_id,
        email_id=visit.email_id,
        linked_id=visit.linked_id,
    )


def _as_opened(visit: Visit, fields: Mapping[str, Any]) -> Visit:
    """Return who sends a form, with what brought them when they opened it; it is sent to the bare address."""
    try:
        _, _, _, journey_id, email_id, linked_id = _nonce(str(fields.get(NONCE, "")))
    except Invalid:
        return visit  # refused as soon as the form is taken
    return replace(visit, journey_id=journey_id or None, email_id=email_id or None, linked_id=linked_id or None)


def _nonce(nonce: str) -> tuple[str, ...]:
    parts = verify("nonce", nonce)
    return parts if len(parts) == 6 else ("", "", "", "", "", "")


def _again(slug: str, live: Live, visit: Visit, sent: Answers, problems: Iterable[Problem], now: datetime) -> Reply:
    form, _ = service.form_of(sent.form_id)
    wrong = {problem.field: problem.message for problem in service.named(form, problems)}
    return _rendered(slug, live, visit, replace(sent, wrong=wrong), now, HTTPStatus.UNPROCESSABLE_ENTITY)


def _look(page: PageDocument) -> Reply:
    """Send somebody to the mailbox (DOI-3); the same whether the address was known or not."""
    language = words.language_of(page.language)
    return web.message(page.title, confirmations.of(language).look, language=language, named=True)


def thanks(form: FormDocument, page: PageDocument) -> Reply:
    """Thank for a submission, or send on to where the form says."""
    if form.redirect_url is not None:
        return Reply("", HTTPStatus.SEE_OTHER, headers={"Location": str(form.redirect_url)})
    # The marketer's own words in the page's own language: a title of ours would be in English.
    return web.message(page.title, form.success_message, language=page.language or "en", named=True)
