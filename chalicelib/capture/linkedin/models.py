"""How LinkedIn's connections, what they pull, and what came of it lie in the capture table."""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.capture.models import CaptureItem
from chalicelib.clock import as_text, digest
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, JsonAttribute, Key, shard

ALL = "LINKEDIN"
"""The partition of the connections and matching strategies: dozens."""

NAME = "linkedin"
"""What we call this source of leads, wherever several are told apart."""

COUNT_SHARDS = 8


class Connection(CaptureItem, discriminator="linkedin_connection"):
    """A LinkedIn application that leads come through, and how they are mapped; its secrets lie apart (LNK-2)."""

    connection_id = UnicodeAttribute()
    name = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    linkedin_version = UnicodeAttribute()
    mapping = JsonAttribute()
    consents = JsonAttribute()
    authorised_at = InstantAttribute(null=True)
    refused = UnicodeAttribute(null=True)
    refused_at = InstantAttribute(null=True)
    refused_by = UnicodeAttribute(null=True)
    quiet_until = InstantAttribute(null=True)
    created_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(connection_id: str) -> tuple[str, str]:
        return ALL, f"CONNECTION#{connection_id}"


class Secrets(CaptureItem, discriminator="linkedin_secrets"):
    """A connection's client secret and tokens, sealed; no route shows them."""

    client_id = UnicodeAttribute()
    client_secret = UnicodeAttribute()
    access_token = UnicodeAttribute()
    refresh_token = UnicodeAttribute(null=True)
    access_expires_at = InstantAttribute(null=True)
    refresh_expires_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(connection_id: str) -> tuple[str, str]:
        return f"LINKEDIN#{connection_id}", "SECRETS"


class Source(CaptureItem, discriminator="linkedin_source"):
    """Whose leads of which type a connection takes, and how far they are pulled: the cursor of the pull."""

    connection_id = UnicodeAttribute()
    owner = UnicodeAttribute()
    lead_type = UnicodeAttribute()
    back_pull_days = IntegerAttribute()
    leaving = BooleanAttribute(default=False)
    subscription = UnicodeAttribute(null=True)
    pulled_until = InstantAttribute(null=True)
    swept_at = InstantAttribute(null=True)
    window_since = InstantAttribute(null=True)
    window_until = InstantAttribute(null=True)
    window_kind = UnicodeAttribute(null=True)
    window_start = IntegerAttribute(default=0)
    window_total = IntegerAttribute(null=True)
    again = BooleanAttribute(default=False)
    attempts = IntegerAttribute(default=0)
    last_pull_at = InstantAttribute(null=True)
    last_error = UnicodeAttribute(null=True)
    last_error_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(connection_id: str, lead_type: str, owner: str) -> tuple[str, str]:
        return f"LINKEDIN#{connection_id}", f"SOURCE#{lead_type}#{owner}"


class Counts(CaptureItem, discriminator="linkedin_counts"):
    """A shard of how many leads of a connection came to what; counted in the transaction that made them so."""

    created = IntegerAttribute(null=True)
    matched = IntegerAttribute(null=True)
    failed = IntegerAttribute(null=True)
    test = IntegerAttribute(null=True)
    withdrawn = IntegerAttribute(null=True)

    @staticmethod
    def at(connection_id: str, identity: str) -> tuple[str, str]:
        return f"LINKEDIN#{connection_id}", f"COUNTS#{shard(identity) % COUNT_SHARDS}"


class FormVersion(CaptureItem, discriminator="linkedin_form"):
    """A version of a form as LinkedIn told it: what the answers mean, and the wording that was agreed to."""

    urn = UnicodeAttribute()
    document = JsonAttribute()
    read_at = InstantAttribute()

    @staticmethod
    def at(urn: str) -> tuple[str, str]:
        return f"LINKEDIN_FORM#{digest(urn)}", "FORM"


class Response(CaptureItem, discriminator="linkedin_response"):
    """A lead gen form that a member sent, its raw answers, and what it resolved to (LNK-5)."""

    submission_id = UnicodeAttribute()
    response_id = UnicodeAttribute()
    connection_id = UnicodeAttribute()
    owner = UnicodeAttribute()
    lead_type = UnicodeAttribute()
    form_urn = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    answers = JsonAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    contact_result = UnicodeAttribute(null=True)
    lead_result = UnicodeAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    problems = JsonAttribute(null=True)
    received_at = InstantAttribute()
    withdrawn_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(submission_id: str) -> tuple[str, str]:
        return f"LINKEDIN_RESPONSE#{submission_id}", "CREATED"


class Withdrawal(CaptureItem, discriminator="linkedin_withdrawal"):
    """The member took a response back; it stays, so that a late delivery of the response revives nothing."""

    connection_id = UnicodeAttribute()
    withdrawn_at = InstantAttribute()

    @staticmethod
    def at(submission_id: str) -> tuple[str, str]:
        return f"LINKEDIN_RESPONSE#{submission_id}", "DELETED"


class OfLead(CaptureItem, discriminator="linkedin_of_lead"):
    """That a response is attached to a lead, so that a lead's newest responses are one query."""

    submission_id = UnicodeAttribute()

    @staticmethod
    def of(lead_id: str) -> str:
        return f"LINKEDIN_LEAD#{lead_id}"

    @staticmethod
    def at(lead_id: str, submitted_at: datetime, submission_id: str) -> tuple[str, str]:
        return OfLead.of(lead_id), f"RESPONSE#{as_text(submitted_at)}#{submission_id}"


class TestLead(CaptureItem, discriminator="linkedin_test_lead"):
    """A test lead: kept apart from everything, forgotten after a month."""

    connection_id = UnicodeAttribute()
    response_id = UnicodeAttribute()
    answers = JsonAttribute()
    expires = IntegerAttribute()

    @staticmethod
    def at(submission_id: str) -> tuple[str, str]:
        return f"LINKEDIN_TEST#{submission_id}", "TEST"


class SetAside(CaptureItem, discriminator="linkedin_set_aside"):
    """A delivery that is LinkedIn's and that we do not understand: for a person to look at (decision 42)."""

    connection_id = UnicodeAttribute()
    aside_id = UnicodeAttribute()
    reason = UnicodeAttribute()
    body = UnicodeAttribute()
    bytes = IntegerAttribute()

    @staticmethod
    def at(connection_id: str, aside_id: str) -> tuple[str, str]:
        return f"LINKEDIN_ASIDE#{connection_id}", f"DELIVERY#{aside_id}"


class Strategy(CaptureItem, discriminator="linkedin_strategy"):
    """How leads from LinkedIn are matched: by a lead matching strategy that every writer claims by (LNK-3)."""

    strategy_id = UnicodeAttribute()
    name = UnicodeAttribute()
    lead_strategy_id = UnicodeAttribute()
    always_create_lead = BooleanAttribute(default=False)
    enable_contact_creation = BooleanAttribute(default=True)
    created_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(strategy_id: str) -> tuple[str, str]:
        return ALL, f"STRATEGY#{strategy_id}"


class Active(CaptureItem, discriminator="linkedin_active"):
    """Which strategy is the active one; its version moves on with every change of strategies and mappings."""

    strategy_id = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=0)

    PLACE = (ALL, "ACTIVE")


def connection_key(connection_id: str) -> Key:
    return Key(Connection, *Connection.at(connection_id))


def source_key(connection_id: str, lead_type: str, owner: str) -> Key:
    return Key(Source, *Source.at(connection_id, lead_type, owner))


def submission_id_of(response_id: str) -> str:
    """Return our name of a response, the same wherever it is made."""
    return digest(NAME, response_id)


def listed_under(connection_id: str, what: str) -> str:
    """Return the list (in by_form) of a connection's responses, test leads or deliveries set aside."""
    return f"linkedin-{what}:{connection_id}"


def month_from(now: datetime) -> int:
    return int(now.timestamp()) + 30 * 24 * 3600
