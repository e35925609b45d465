"""What keeps a message from going live, every rule by a message that breaks it alone."""

import pytest

from chalicelib.messages.checks import check_content_settings, check_email
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument

GOOD = {
    "subject": "Hello {{ contact.first_name }}",
    "from_name": "Contoso",
    "from_address": "news@contoso.example",
    "language": "en",
    "html": '<h1>News</h1><p><a href="{{ message.subscription_center_url }}">Your preferences</a></p>'
    "<p>{{ content_settings.address_main }}</p>",
}


def problems(**changed):
    return [(each.field, each.message) for each in check_email(EmailDocument(**{**GOOD, **changed})).problems]


def test_a_whole_message_has_no_problem_and_no_warning():
    checked = check_email(EmailDocument(**GOOD))

    assert list(checked.problems) == []
    assert list(checked.warnings) == []


@pytest.mark.rule("EML-3")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"from_name": " "}, "from_name"),
        ({"from_address": ""}, "from_address"),
        ({"from_address": "news@localhost"}, "from_address"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"automatic_text": False}, "text"),
        ({"to": "everyone@contoso.example"}, "to"),
        ({"subject": "{{ contact.first_name"}, "subject"),
        ({"subject": "{{ contact.shoe_size }}"}, "subject"),
        ({"subject": "{{ account.name }}"}, "subject"),
        ({"subject": "{{ contact.first_name | shout }}"}, "subject"),
        ({"subject": "{{ message.nothing }}"}, "subject"),
        ({"html": GOOD["html"] + "{% include 'x' %}"}, "html"),
        ({"html": GOOD["html"] + "{% if contact.city %}"}, "html"),
    ],
)
def test_each_fault_is_named_with_its_field(changed, field):
    found = problems(**changed)

    assert {name for name, _ in found} == {field}


@pytest.mark.rule("ABM-6")
def test_a_message_may_name_its_contacts_account_and_ask_for_it_in_conditions():
    named = "{{ contact.account.name | default: 'your company' }}"
    asked = '{% if contact.account.id == "a" or contact.account.industry == "Boats" %}Ahoy{% endif %}'

    assert problems(subject=named, html=GOOD["html"] + asked) == []


@pytest.mark.rule("ABM-6")
@pytest.mark.parametrize("written", ["contact.account", "contact.account.shoe_size", "contact.name", "account.name"])
def test_what_no_account_has_is_refused_as_what_no_contact_has(written):
    [(field, message)] = problems(subject=f"{{{{ {written} }}}}")

    assert field == "subject"
    assert written.rpartition(".")[0] in message


@pytest.mark.rule("EML-9")
@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("contact.city", []),
        ("content_settings.address_main", []),
        ("message.unsubscribe_url", []),
        ("contact.account.city", []),
        ("contact.account.owner.name", ["subject"]),
        ("contact.account.account.name", ["subject"]),
        ("contact('ada').city", ["subject"]),
        ("event.name", ["subject"]),
        ("submission.city", ["subject"]),
    ],
)
def test_placeholders_name_known_sources_by_two_hops_at_most_and_no_fixed_record(written, wrong):
    assert [field for field, _ in problems(subject=f"{{{{ {written} }}}}")] == wrong


def test_content_settings_are_the_same_for_every_account():
    settings = ContentSettingsDocument(address_main="{{ contact.account.name }}")

    assert [each.field for each in check_content_settings(settings).problems] == ["address_main"]


@pytest.mark.rule("EML-1", "SBC-2")
def test_a_commercial_message_needs_the_subscription_centre_and_the_postal_address():
    bare = {"html": "<p>News</p>"}

    assert len(problems(**bare)) == 2
    assert problems(**bare, legal_designation="transactional") == []


@pytest.mark.rule("SBC-2")
@pytest.mark.parametrize(
    "centre",
    [
        "{{ message.subscription_center_url }}",
        "<!-- <a href='{{ message.subscription_center_url }}'>Your preferences</a> -->",
        "{% comment %}<a href='{{ message.subscription_center_url }}'>Your preferences</a>{% endcomment %}",
        "{% if contact.city %}<a href='{{ message.subscription_center_url }}'>Your preferences</a>{% endif %}",
        "<img src='{{ message.subscription_center_url }}' alt='Preferences'>",
    ],
)
def test_what_names_the_centre_but_leads_not_everybody_there_is_no_link_to_it(centre):
    [problem] = problems(html=f"<h1>N</h1>{centre}<p>{{{{ content_settings.address_main }}}}</p>")

    assert problem[0] == "html"
    assert "subscription_center_url" in problem[1]


@pytest.mark.rule("SBC-2")
@pytest.mark.parametrize(
    "centre",
    [
        '<a href="{{ content_settings.subscription_center }}">Your preferences</a>',
        '{% assign centre = message.subscription_center_url %}<a href="{{ centre }}">Your preferences</a>',
        '{% if contact.city %}x{% else %}y{% endif %}<a href=" {{ message.subscription_center_url }} ">Preferences</a>',
    ],
)
def test_a_link_to_the_centre_counts_however_it_is_written(centre):
    assert problems(html=f"<h1>N</h1>{centre}<p>{{{{ content_settings.address_main }}}}</p>") == []


@pytest.mark.rule("SBC-2")
def test_a_text_of_its_own_needs_the_centre_as_well():
    assert [field for field, _ in problems(automatic_text=False, text="News")] == ["text"]
    assert problems(automatic_text=False, text="News {{ message.subscription_center_url }}") == []


def test_all_problems_come_at_once():
    assert len(check_email(EmailDocument()).problems) == 6


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('<img src="https://x.example/a.png">', "alternative text"),
        ("<h3>Deep</h3>", "skip a level"),
        ('<a href="https://x.example">click here</a>', "does not say where"),
        ('<a href="https://x.example"><img src="https://x.example/a.png" alt=""></a>', "no text"),
    ],
)
def test_what_keeps_people_out_is_a_warning_and_no_error(more, words):
    checked = check_email(EmailDocument(**{**GOOD, "html": GOOD["html"] + more}))

    assert list(checked.problems) == []
    assert [words in each.message for each in checked.warnings] == [True]


@pytest.mark.rule("EML-1")
def test_content_settings_need_a_postal_address():
    assert [each.field for each in check_content_settings(ContentSettingsDocument()).problems] == ["address_main"]
    assert list(check_content_settings(ContentSettingsDocument(address_main="1 Main Street")).problems) == []


# Custom fields -------------------------------------------------------------------------------------------------------

CUSTOM = {"contact": {"custom.tier"}, "account": {"custom.size"}}


def test_a_message_may_name_custom_fields_of_its_contact_and_account_and_no_others():
    known = (
        "{{ contact.custom.tier }} {{ contact.account.custom.size }}{% if contact.custom.tier == 'gold' %}!{% endif %}"
    )
    unknown = "{{ contact.custom.size }}{{ contact.account.custom.tier }}{{ contact.custom }}"

    found = [check_email(EmailDocument(**{**GOOD, "preview_text": text}), CUSTOM) for text in (known, unknown)]

    assert list(found[0].problems) == []
    assert found[0].references == [("custom-field", "contact.tier"), ("custom-field", "account.size")]
    assert [each.field for each in found[1].problems] == ["preview_text"] * 3


def test_a_postal_address_may_name_custom_fields_of_the_contact():
    given = ContentSettingsDocument(address_main="1 Main Street, {{ contact.custom.tier }}")

    checked = check_content_settings(given, CUSTOM)

    assert (list(checked.problems), list(checked.references)) == ([], [("custom-field", "contact.tier")])
    assert [each.field for each in check_content_settings(given).problems] == ["address_main"]
