"""Forms and leads as LinkedIn's API tells them, made up."""

from typing import Any

Json = dict[str, Any]

ACCOUNT = "urn:li:sponsoredAccount:511223344"
ORGANIZATION = "urn:li:organization:9000001"
FORM_ID = 7234246
QUESTIONS = {
    "FIRST_NAME": 107234246,
    "LAST_NAME": 207234246,
    "EMAIL": 307234246,
    "COMPANY_NAME": 407234246,
    "SENIORITY": 507234246,
}
TEAM_SIZE = 607234246
CONSENT, NEWS = 11, 12


def _said(text: str) -> Json:
    return {"localized": {"en_US": text}}


def form(version: int = 3) -> Json:
    """A form with predefined questions, one of its own, two consents and a hidden field."""
    questions: list[Json] = [
        {
            "questionId": identity,
            "name": name.title(),
            "predefinedField": name,
            "question": _said(name.replace("_", " ").capitalize()),
            "questionDetails": {"textQuestionDetails": {"maxResponseLength": 300}},
        }
        for name, identity in QUESTIONS.items()
    ]
    sizes = [{"id": 1, "text": _said("1-10")}, {"id": 2, "text": _said("11-50")}]
    own = {
        "questionId": TEAM_SIZE,
        "name": "Team size",
        "question": _said("Team size"),
        "questionDetails": {"multipleChoiceQuestionDetails": {"options": sizes}},
    }
    return {
        "id": FORM_ID,
        "name": f"Webinar Q4, {version}",
        "creationLocale": {"country": "US", "language": "en"},
        "hiddenFields": [{"name": "utm_campaign", "value": "q4-webinar"}],
        "content": {
            "questions": [*questions, own],
            "legalInfo": {
                "legalInfoId": 5,
                "privacyPolicyUrl": "https://example.com/privacy",
                "legalDisclaimer": _said("We keep what you send for two years."),
                "consents": [
                    {"id": CONSENT, "checkRequired": False, "consent": _said("E-mail me offers")},
                    {"id": NEWS, "checkRequired": False, "consent": _said("Call me")},
                ],
            },
        },
    }


def versioned(version: int = 3) -> str:
    return f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{FORM_ID},{version})"


def lead(identity: str, submitted_at: int, answers: Json, **changes: Any) -> Json:
    """A response; `answers` are texts by predefined field. Absent is what LinkedIn leaves empty."""
    given = [
        {"questionId": QUESTIONS[name], "answerDetails": {"textQuestionAnswer": {"answer": text}}}
        for name, text in answers.items()
    ]
    return {
        "id": identity,
        "leadType": "SPONSORED",
        "owner": {"sponsoredAccount": ACCOUNT},
        "submitter": "urn:li:person:AbCdEf1234",
        "submittedAt": submitted_at,
        "testLead": False,
        "versionedLeadGenFormUrn": versioned(),
        "leadMetadataInfo": {"sponsoredLeadMetadataInfo": {"campaign": {"id": 367000001, "name": "Kayaks, autumn"}}},
        "associatedEntity": {"associatedCreative": "urn:li:sponsoredCreative:241000001"},
        "formResponse": {
            "answers": given,
            "consentResponses": [{"consentId": CONSENT, "accepted": True}, {"consentId": NEWS, "accepted": False}],
        },
        "form": form(),
        **changes,
    }


def notice(lead: Json, action: str = "CREATED") -> Json:
    """The delivery that tells of a response."""
    return {
        "type": "LEAD_ACTION",
        "leadGenFormResponse": f"urn:li:leadGenFormResponse:{lead['id']}",
        "leadGenForm": lead["versionedLeadGenFormUrn"].replace(",", ", "),
        "owner": lead["owner"],
        "associatedEntity": {"sponsoredCreative": "urn:li:sponsoredCreative:241000001"},
        "leadType": lead["leadType"],
        "leadAction": action,
        "occurredAt": lead["submittedAt"],
    }
