"""The demo company: its pages, forms, emails, segment, scoring model and journey, published through the API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local.demo.client import Client

SALESPERSON, OFFICER = "sam-sales", "olga-officer"
PRODUCTS = {"aurora-kayak": "Aurora sea kayak", "borealis-tent": "Borealis tent"}


@dataclass(frozen=True, slots=True)
class Company:
    """The ids of what is live."""

    newsletter_form: str
    newsletter_page: str
    product_forms: dict[str, str]
    product_pages: dict[str, str]
    content_settings: str
    welcome: str
    material: dict[str, str]
    model: str
    segment: str
    journey: str


def found(client: Client, *, timeout: Callable[[], str] = lambda: "PT5M", wait: str = "PT2S") -> Company:
    """Publish everything the company needs, and return it.

    `timeout` says how long the journey waits for interest; it is asked last, when all else is published.
    """
    settings = client.publish("/content-settings", "Nordlicht outdoor", {"address_main": "Havnegade 1, 1058 København"})
    newsletter = client.publish("/forms", "Newsletter", newsletter_form())
    page = client.publish("/pages", "Newsletter", landing_page("Letters from the north", "newsletter", newsletter))
    forms = {
        slug: client.publish("/forms", f"More about {name}", product_form(name)) for slug, name in PRODUCTS.items()
    }
    pages = {
        slug: client.publish("/pages", name, landing_page(name, slug, forms[slug])) for slug, name in PRODUCTS.items()
    }
    welcome = client.publish("/emails", "Welcome", welcome_email(client.base))
    material = {
        slug: client.publish("/emails", f"All about {name}", material_email(name)) for slug, name in PRODUCTS.items()
    }
    model = client.publish("/scoring-models", "Interest", scoring_model(newsletter, forms))
    segment = client.publish("/segments", "Newsletter readers", readers(newsletter))
    document = journey(segment, settings, welcome, material, forms, pages, timeout=timeout(), wait=wait)
    return Company(
        newsletter, page, forms, pages, settings, welcome, material, model, segment,
        client.publish("/journeys", "From letter to kayak", document),
    )  # fmt: skip


def privacy_pages(content_settings: str) -> dict[str, Any]:
    """Return what ships the pages by which people make demands: whose the tasks are, and who answers."""
    return {
        "owner_id": OFFICER,
        "from_name": "Nordlicht outdoor",
        "from_address": "privacy@nordlicht.example.com",
        "content_settings_id": content_settings,
    }


def field(name: str, label: str, kind: str = "text", *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "type": kind, "contact_field": name, "required": required, **more}


def placed(fields: list[dict[str, Any]], button: str) -> list[dict[str, Any]]:
    return [
        *({"kind": "field", "name": each["name"]} for each in fields),
        {"kind": "do_not_bulk_email", "text": "Please send me no newsletters"},
        {"kind": "submit", "text": button},
    ]


def newsletter_form() -> dict[str, Any]:
    fields = [
        field("first_name", "First name"),
        field("last_name", "Last name", required=True),
        field("email", "Email", "email", required=True, max_length=320),
        field("city", "City"),
    ]
    return {"fields": fields, "elements": placed(fields, "Subscribe"), "topic": "Newsletter"}


def product_form(product: str) -> dict[str, Any]:
    fields = [
        field("email", "Email", "email", required=True, max_length=320),
        {"name": "wish", "label": "What would you like to know?", "type": "text_area", "contact_field": "description"},
    ]
    elements = placed(fields, "Send me more")
    return {"fields": fields, "elements": elements, "update": "contacts", "description": f"More about the {product}"}


def landing_page(title: str, slug: str, form_id: str) -> dict[str, Any]:
    words = "Tell us where to write to." if slug == "newsletter" else "Built for cold water and long evenings."
    blocks = [{"kind": "html", "html": f"<p>{words}</p>"}, {"kind": "form", "form_id": form_id}]
    return {"title": title, "partial_url": slug, "language": "en", "product": title, "blocks": blocks}


FOOT = (
    "<p>{{ content_settings.address_main }}</p>"
    '<p><a href="{{ message.subscription_center_url }}">What we send you</a></p></body></html>'
)


def welcome_email(base: str) -> dict[str, Any]:
    links = "".join(f'<p><a href="{base}/p/{slug}">See the {name}</a></p>' for slug, name in PRODUCTS.items())
    return {
        "subject": 'Welcome, {{ contact.first_name | default: "friend" }}',
        "from_name": "Nordlicht outdoor",
        "from_address": "letters@nordlicht.example.com",
        "html": f'<html lang="en"><body><h1>Hello {{{{ contact.first_name | default: "friend" }}}}</h1>{links}{FOOT}',
    }


def material_email(product: str) -> dict[str, Any]:
    return {
        "subject": f"All about the {product}",
        "from_name": "Nordlicht outdoor",
        "from_address": "letters@nordlicht.example.com",
        "html": (
            f'<html lang="en"><body><h1>The {product}</h1><p>As you asked, '
            f'{{{{ contact.first_name | default: "friend" }}}}: everything about it.</p>{FOOT}'
        ),
    }


def equals(name: str, value: str) -> dict[str, Any]:
    return {"field": name, "operator": "equals", "values": [value]}


def scoring_model(newsletter: str, forms: dict[str, str]) -> dict[str, Any]:
    asked = {"field": "form_id", "operator": "in", "values": list(forms.values())}
    return {
        "name": "Interest",
        "sales_ready_score": 100,
        "grades": [{"name": "Cold", "max": 39}, {"name": "Warm", "min": 40, "max": 99}, {"name": "Hot", "min": 100}],
        "rules": [
            {
                "id": "subscribed",
                "name": "Subscribed to the newsletter",
                "points": 10,
                "conditions": [{"entity": "FormSubmitted", "where": [equals("form_id", newsletter)]}],
            },
            {
                "id": "clicked",
                "name": "Followed a link",
                "points": 30,
                "conditions": [{"entity": "EmailClicked", "within": "P30D", "where": []}],
            },
            {
                "id": "asked",
                "name": "Asked for more about a product",
                "points": 60,
                "conditions": [{"entity": "FormSubmitted", "within": "P90D", "where": [asked]}],
            },
        ],
    }


def readers(newsletter: str) -> dict[str, Any]:
    query = {"interaction": "FormSubmitted", "where": [equals("form_id", newsletter)]}
    return {"type": "dynamic", "query": query}


def journey(
    segment: str,
    settings: str,
    welcome: str,
    material: dict[str, str],
    forms: dict[str, str],
    pages: dict[str, str],
    *,
    timeout: str,
    wait: str,
) -> dict[str, Any]:
    """The reference scenario (JRN-2): a letter, a page, a question, the material, a task for a salesperson."""
    ways = [
        {
            "name": PRODUCTS[slug],
            "condition": {"interaction": "FormSubmitted", "where": [equals("form_id", forms[slug])]},
            "next": f"material_{at}",
        }
        for at, slug in enumerate(PRODUCTS)
    ]
    mails = {
        f"material_{at}": {"kind": "email", "name": f"All about {name}", "email": material[slug], "next": "pause"}
        for at, (slug, name) in enumerate(PRODUCTS.items())
    }
    asked = [{"tile": "welcome", "did": "form_submitted", "form": form} for form in forms.values()]
    return {
        "description": "From the first letter to a salesperson's call.",
        "audience": {"segments": {"items": [{"segment": segment}]}},
        "content_settings": settings,
        "owner": SALESPERSON,
        "first": "welcome",
        "tiles": {
            "welcome": {
                "kind": "email",
                "name": "Welcome",
                "email": welcome,
                "pages": list(pages.values()),
                "forms": list(forms.values()),
                "next": "interest",
            },
            "interest": {
                "kind": "if_then",
                "name": "Asks for more?",
                "rules": asked,
                "timeout": timeout,
                "yes": "which",
                "no": None,
            },
            "which": {"kind": "branch", "name": "Which product?", "branches": ways, "otherwise": None},
            **mails,
            "pause": {"kind": "wait_for", "name": "Let it arrive", "duration": wait, "next": "call"},
            "call": {
                "kind": "task",
                "name": "Call",
                "subject": "Follow up: asked for more",
                "assign_to": "user",
                "user": SALESPERSON,
                "due_in": "P2D",
                "next": None,
            },
        },
    }
