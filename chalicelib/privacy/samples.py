"""The pages, messages and journey by which people make demands, as they are shipped; whoever runs them edits them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

JOURNEY = "privacy-requests"


class Sample(Struct, frozen=True):
    """A type of demand, in the words of whoever makes it and of whoever answers it (PRV-15)."""

    title: str
    words: str
    button: str
    task: str
    steps: str
    answer: str
    comment: str = ""

    def id_of(self, name: str) -> str:
        return f"privacy-{name}"


VERIFY = (
    "Anybody can type anybody's address into a form. Nothing is told, changed or deleted before you know that it is "
    "this person who asks: it answers from its own address, or you call it at a number that you had before. "
)
UNKNOWN = "Where nobody was known by the address the form has made this contact; then it is all that there is. "

SAMPLES: Mapping[str, Sample] = {
    "get": Sample(
        "Get my data",
        "Tell us the address that we know you by. We ask you there whether it is you, and send you what we know of you "
        "within a month.",
        "Ask for my data",
        "Somebody asks for their data",
        "Then make a privacy request of the type export for the contact of this task and have it carried out; hand "
        "the file to the person, not to an address that the form brought.",
        "you asked us for a copy of your data",
    ),
    "correct": Sample(
        "Correct my data",
        "Tell us the address that we know you by, and what is wrong. We ask you there whether it is you.",
        "Ask for a correction",
        "Somebody asks for a correction",
        "What is wrong stands in the submission of this contact. Then make a privacy request of the type correct with "
        "the right values, unless the person has put it right in the subscription centre.",
        "you asked us to correct your data",
        "What is wrong, and how is it right?",
    ),
    "forget": Sample(
        "Forget me",
        "Tell us the address that we know you by. We ask you there whether it is you, and then delete what we know of "
        "you.",
        "Ask to be forgotten",
        "Somebody asks to be forgotten",
        "Then make a privacy request of the type erase for the contact of this task and have it carried out. This task "
        "goes with the person; the receipt stays with the request.",
        "you asked us to forget you",
    ),
}
"""By the last word of the addresses of their pages."""


def form(sample: Sample) -> dict[str, Any]:
    """Return a form that asks for the address and changes nothing of what is known: it only finds whose that is.

    Where that is nobody the contact that it makes allows the answer, and no marketing.
    """
    fields: list[dict[str, Any]] = [
        {
            "name": "email",
            "label": "Email",
            "type": "email",
            "contact_field": "email",
            "required": True,
            "max_length": 320,
        }
    ]
    if sample.comment:
        said = {"name": "comment", "label": sample.comment, "type": "text_area", "required": True, "max_length": 5000}
        fields.append({**said, "only_kept": True})
    placed = [{"kind": "field", "name": each["name"]} for each in fields]
    return {
        "purpose": sample.title,
        "update": "contacts",
        "fields": fields,
        "elements": [*placed, {"kind": "submit", "text": sample.button}],
        "store_all_submissions": bool(sample.comment),
        "serves_rights": True,
        "success_message": "Thank you. Look for our message: it is sent to the address that you gave.",
    }


def page(name: str, sample: Sample) -> dict[str, Any]:
    blocks = [{"kind": "html", "html": f"<p>{sample.words}</p>"}, {"kind": "form", "form_id": sample.id_of(name)}]
    return {"title": sample.title, "partial_url": f"privacy-{name}", "language": "en", "blocks": blocks}


def email(sample: Sample, from_name: str, from_address: str) -> dict[str, Any]:
    """Return an acknowledgement: it goes to the address itself and says nothing of what is known of it."""
    centre = '<p><a href="{{ message.subscription_center_url }}">See and correct what you told us</a></p>'
    return {
        "subject": f"{sample.title}: we have received this",
        "from_name": from_name,
        "from_address": from_address,
        "language": "en",
        "legal_designation": "transactional",
        "html": (
            f'<html lang="en"><body><p>On our pages {sample.answer}. Before we do so we ask you whether that was you; '
            "we answer within a month. If it was not you, tell us so by answering this message, and nothing happens."
            f"</p>{centre if sample.comment else ''}"
            "<p>{{ content_settings.address_main }}</p></body></html>"
        ),
    }


def journey(officer: str, content_settings: str) -> dict[str, Any]:
    """Return one journey with a pipeline a type: form, task for the officer, acknowledgement."""
    tiles: dict[str, dict[str, Any]] = {}
    for name, sample in SAMPLES.items():
        tiles[f"{name}-task"] = {
            "kind": "task",
            "name": sample.task,
            "subject": sample.task,
            "details": f"{VERIFY}{UNKNOWN}{sample.steps}",
            "assign_to": "user",
            "user": officer,
            "due_in": "P14D",
            "next": f"{name}-answer",
        }
        tiles[f"{name}-answer"] = {"kind": "email", "name": "We have received this", "email": sample.id_of(name)}
    pipelines = [{"form": sample.id_of(name), "first": f"{name}-task"} for name, sample in SAMPLES.items()]
    return {
        "description": "People demand their data, its correction, or to be forgotten; the privacy officer is told.",
        "owner": officer,
        "content_settings": content_settings,
        "audience": {"pipelines": pipelines},
        "serves_rights": True,
        "tiles": tiles,
    }
