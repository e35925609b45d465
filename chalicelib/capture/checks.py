"""What keeps a form or a page from going live; pure but for what is live."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from chalicelib.accessibility.checks import about_html, about_language, about_words
from chalicelib.capture import cascading, writing
from chalicelib.capture.schemas import Element, ElementKind, FieldType, FormDocument, FormField, PageDocument, Update
from chalicelib.conditions.catalogue import Fields
from chalicelib.contacts.claims import Strategy
from chalicelib.definitions.lifecycle import Checked
from chalicelib.errors import Problem

Found = Iterator[Problem]
MOST_LISTS = 5  # that one transaction puts somebody on who is several contacts


NOBODY_BACK = Problem(
    "elements",
    "Whoever left one of these lists cannot come back by this form, until the settings of double opt-in name a message "
    "that asks for a confirmation.",
)


def check_form(
    form: FormDocument,
    *,
    contact_fields: Fields,
    lead_fields: Fields,
    strategies: Iterable[Strategy],
    allow_without_update: bool,
) -> Checked:
    """Return everything that keeps a form from going live (FRM-2, FRM-3, FLD-1, FLD-3, FLD-4, MAT-6)."""
    problems = [
        *_elements(form),
        *_lists(form),
        *_prefilled(form),
        *_names(form),
        *_mappings(form, contact_fields, lead_fields),
        *writing.problems_of(form, contact_fields, lead_fields),
        *_options(form),
        *cascading.problems_of(form),
        *_strategies(form, strategies),
    ]
    if form.update is Update.NONE and not allow_without_update:
        sentence = "The settings of landing pages do not allow forms that update nothing."
        problems.append(Problem("update", sentence))
    return Checked(problems, warnings=list(_form_warnings(form)))


def address_field(form: FormDocument) -> FormField | None:
    """Return the field that takes the address of whoever sends the form."""
    mapped = (each for each in form.fields if "email" in {each.contact_field, each.lead_field})
    return next(mapped, next((each for each in form.fields if each.type is FieldType.EMAIL), None))


def check_double_opt_in(form: FormDocument, *, mailable: bool, allowed: Collection[str]) -> Found:
    """Yield what keeps a form from asking for confirmations (DOI-7, DOI-8, DOI-10)."""
    if not form.double_opt_in:
        return
    if not mailable:
        yield Problem("confirmation_email_id", "Name a live email of the content type form-confirmation.")
    asked = address_field(form)
    if asked is None or not asked.required or asked.hidden:
        yield Problem("fields", "A form that has to be confirmed needs a required field for the email address.")
    if form.thank_you_address and form.thank_you_address not in allowed:
        sentence = "This address is not among those that the settings of double opt-in allow."
        yield Problem("thank_you_address", sentence)


def references_of(form: FormDocument) -> list[tuple[str, str]]:
    """Return what a form names for its confirmations."""
    named = (("email", form.confirmation_email_id), ("page", form.thank_you_page_id))
    return [(kind, each) for kind, each in named if each] if form.double_opt_in else []


def _elements(form: FormDocument) -> Found:
    if not any(element.kind is ElementKind.SUBMIT for element in form.elements):
        yield Problem("elements", "The form needs a submit button.")
    for at, element in enumerate(form.elements):
        if element.kind is ElementKind.IMAGE and element.url is None:
            yield Problem(f"elements.{at}.url", "An image needs an address.")
    yield from _places(form)


def lists_of(form: FormDocument) -> list[Element]:
    """Return the subscription lists that a form carries."""
    return [element for element in form.elements if element.kind is ElementKind.SUBSCRIPTION_LIST]


def _lists(form: FormDocument) -> Found:
    """What puts people on lists names the list, says in which words, and has a contact to put on it (SUB-6)."""
    found = lists_of(form)
    if found and form.update not in {Update.CONTACTS_AND_LEADS, Update.CONTACTS}:
        yield Problem("update", "Only contacts can be on subscription lists, and this form updates none.")
    if len(found) > MOST_LISTS:
        yield Problem("elements", f"A form can carry {MOST_LISTS} subscription lists at most.")
    named = Counter(element.list_id for element in found if element.list_id)
    for list_id in [each for each, times in named.items() if times > 1]:
        yield Problem("elements", f"The list {list_id} stands on the form {named[list_id]} times; once is right.")
    yield from _words(form)


def _prefilled(form: FormDocument) -> Found:
    """A form that is filled beforehand lets people choose whether it is, and knows whom it fills it for (PRE-2)."""
    boxes = sum(element.kind is ElementKind.REMEMBER_ME for element in form.elements)
    if boxes > 1:
        yield Problem("elements", f"The box “remember me” stands on the form {boxes} times; once is right.")
    if form.prefill and not boxes:
        yield Problem("elements", "A form that is filled beforehand needs the box “remember me”.")
    if (form.prefill or boxes) and form.update not in {Update.CONTACTS_AND_LEADS, Update.CONTACTS}:
        yield Problem("update", "Only contacts can be remembered, and this form updates none.")
    for at, field in enumerate(form.fields):
        if field.prefill and (field.hidden or not field.contact_field):
            yield Problem(f"fields.{at}.prefill", "Only a field that is seen and writes to the contact can be filled.")


def _words(form: FormDocument) -> Found:
    for at, element in enumerate(form.elements):
        if element.kind is ElementKind.SUBSCRIPTION_LIST:
            yield from _list(element, f"elements.{at}")


def _list(element: Element, place: str) -> Found:
    if element.list_id is None:
        yield Problem(f"{place}.list_id", "Name the subscription list.")
    if not element.text:
        yield Problem(f"{place}.text", "Write the words that people agree to; they are kept as proof.")


def _places(form: FormDocument) -> Found:
    """Each field stands on the form once."""
    placed = Counter(element.name for element in form.elements if element.kind is ElementKind.FIELD)
    known = {field.name for field in form.fields}
    for name in [name for name in placed if name not in known]:
        yield Problem("elements", f"There is no field {name} on this form.")
    for name in sorted(name for name in known if placed[name] != 1):
        yield Problem("elements", f"The field {name} stands on the form {placed[name]} times; once is right.")


def _names(form: FormDocument) -> Found:
    for name, times in Counter(field.name for field in form.fields).items():
        if times > 1:
            yield Problem("fields", f"{times} fields are called {name}; names must differ.")


def _mappings(form: FormDocument, contact_fields: Fields, lead_fields: Fields) -> Found:
    for at, field in enumerate(form.fields):
        yield from _written(form, field, f"fields.{at}")
    for target, known in (("contact_field", contact_fields), ("lead_field", lead_fields)):
        mapped = Counter(getattr(field, target) for field in form.fields if getattr(field, target))
        whose = target.removesuffix("_field")
        yield from (
            Problem("fields", f"A form cannot write a {whose}'s {name}.") for name in sorted(mapped.keys() - known)
        )
        yield from (
            Problem("fields", f"{n} fields write to {name}; only one can.") for name, n in mapped.items() if n > 1
        )


def _written(form: FormDocument, field: FormField, place: str) -> Found:
    """A field writes to a record, or it is said of it that it is only kept, and then it is."""
    writes = bool(field.contact_field or field.lead_field)
    if field.only_kept and writes:
        yield Problem(place, f"The field {field.name} is only kept, so it cannot write to a record as well.")
    elif field.only_kept and not (form.store_all_submissions or form.update is Update.NONE):
        yield Problem(place, f"The field {field.name} is only kept in submissions: store all of them.")
    elif form.update is not Update.NONE and not (writes or field.only_kept):
        yield Problem(place, f"The field {field.name} writes neither to the contact nor to the lead.")


def _options(form: FormDocument) -> Found:
    for at, field in enumerate(form.fields):
        if field.type in {FieldType.OPTION_SET, FieldType.MULTIPLE_CHOICE} and not field.options:
            yield Problem(f"fields.{at}.options", f"The field {field.name} needs options to choose among.")
        values = {option.value for option in field.options}
        if field.type is FieldType.OPTION_SET and field.default and field.default not in values:
            yield Problem(f"fields.{at}.default", "The default must be one of the options.")


def _strategies(form: FormDocument, strategies: Iterable[Strategy]) -> Found:
    for strategy in strategies:
        known = {"page_id", "business_unit", *(["topic"] if form.topic else [])}
        mapped = {name for field in form.fields for name in _targets(field, strategy.target)}
        for attribute in strategy.attributes:
            if attribute not in mapped | known:
                yield Problem("fields", f"The matching strategy “{strategy.name}” needs a field for {attribute}.")


def _targets(field: FormField, target: str) -> set[str | None]:
    return {field.contact_field} if target == "contact" else {field.lead_field, field.contact_field}


def check_page(page: PageDocument) -> Checked:
    """Return everything that keeps a page from going live (PAG-1), what it names, and what hinders some readers."""
    problems = [
        Problem(f"blocks.{at}.form_id", "Say which form stands here.")
        for at, block in enumerate(page.blocks)
        if block.kind == "form" and block.form_id is None
    ]
    forms = [block.form_id for block in page.blocks if block.form_id is not None]
    problems += [
        Problem("blocks", f"The form {form} stands on the page {times} times.")
        for form, times in Counter(forms).items()
        if times > 1
    ]
    return Checked(problems, [("form", form) for form in dict.fromkeys(forms)], list(_page_warnings(page)))


# Accessibility (decision 43): warnings only ------------------------------------------------------------------------


def _page_warnings(page: PageDocument) -> Found:
    written = [(f"blocks.{at}.html", block.html) for at, block in enumerate(page.blocks) if block.kind == "html"]
    yield from about_html(written, titled=True)
    yield from about_language(page.language, " ".join(html for _, html in written))


def _form_warnings(form: FormDocument) -> Found:
    for at, element in enumerate(form.elements):
        if element.kind is ElementKind.IMAGE and not element.alt:
            yield Problem(
                f"elements.{at}.alt", "The image has no alternative text; only one that says nothing needs none."
            )
        if element.kind in {ElementKind.SUBMIT, ElementKind.RESET} and element.text:
            yield from about_words(element.text, f"elements.{at}.text", "button text")
    labels = Counter(field.label.casefold() for field in form.fields if not field.hidden)
    for at, field in enumerate(form.fields):
        if not field.hidden and labels[field.label.casefold()] > 1:
            yield Problem(
                f"fields.{at}.label", f"Several fields are called “{field.label}”; nobody can tell them apart."
            )
