"""What an export says besides the data: what each part is, where it is from, who gets it, how long it stays."""

from collections.abc import Mapping

INNER = frozenset({
    *("pk", "sk", "kind", "version", "listed", "name_key", "likeness", "phone_tail", "claims", "inherited", "merged"),
    *("due", "due_shard", "form_shard", "event_shard", "open_shard", "stage_shard", "queue_shard", "queue_owner"),
    "orphan_shard",
    *("model_shard", "score_key", "journey_shard", "list_shard", "token", "lease_until", "leased_until", "revision"),
    *("wakes", "attempts", "trail", "due_key", "expires", "contact_version", "address_hash"),
})  # fmt: skip
"""Attributes that say nothing of a person: keys of lists, fences, what a process left to itself."""

TITLES: Mapping[str, str] = {
    "Contact": "Who you are",
    "PreferencesRow": "What you allow",
    "ChangeRow": "How that changed, when, and in which words",
    "PointConsent": "What your addresses and numbers allow",
    "PointChange": "How that changed, when, and in which words (addresses and numbers)",
    "GuardianConsent": "What your guardian, or you as one, said",
    "Confirmation": "What waits for your confirmation, or waited",
    "Subscription": "Lists that you are on or left",
    "Disclosed": "Files that you were in, and for whom they were made",
    "Lead": "What you were interested in",
    "Move": "How that was worked on",
    "Score": "How your interest was scored, and by which rules",
    "ScoreChange": "How those scores changed",
    "Qualified": "What they led to",
    "Opportunity": "Sales",
    "Note": "What somebody wrote down about you",
    "Activity": "What somebody was to do about you",
    "Interaction": "What you did, and what was sent to you",
    "Submission": "Forms that you sent",
    "Registration": "Events that you registered for, also in vain",
    "Response": "Forms that you sent at LinkedIn",
    "Send": "Messages to you",
    "Enrolment": "Journeys that you are or were in",
    "Burst": "What these did",
    "Refusal": "Journeys that did not take you, and why",
    "Raised": "Events that were told about you",
    "Membership": "Groups and companies that you belong to",
    "Interval": "Groups that you belonged to",
    "Visitor": "Browsers that you were known by",
    "RowResult": "Rows of lists that you were in",
}

TEXTS: Mapping[str, str] = {
    "Where it is from": (
        "From forms and pages that you used, from messages that you opened or answered, from LinkedIn forms that you "
        "sent, from lists that our customers brought, and from what people wrote down who talked to you."
    ),
    "Who gets it": (
        "The people who work with you here; the provider that delivers our mail; LinkedIn where you used its forms. "
        "Nobody else."
    ),
    "How long it stays": (
        "Until you are deleted or ask to be forgotten. Files that are made of it, this one too, are forgotten within "
        "two days; backups of the database within 35 days."
    ),
    "How scores are made": (
        "Rules give points for what is known of you and for what you did; each score names its rules and the points "
        "that each gave. Scores decide who is called first. They decide nothing that would bind you in law, and "
        "whoever objects is not scored."
    ),
}
