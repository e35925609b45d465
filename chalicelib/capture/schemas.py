"""Forms, pages and submissions as clients send and get them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, field_validator, model_validator

from chalicelib.capture.websites.schemas import Banner
from chalicelib.consent.points.names import Choice
from chalicelib.http import ListQuery, Schema

Text = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Address = Annotated[HttpUrl, Field(max_length=2000)]


class FieldType(StrEnum):
    """What a field takes, and how it is shown (13.3)."""

    TEXT = "text"
    EMAIL = "email"
    TEXT_AREA = "text_area"
    URL = "url"
    PHONE = "phone"
    OPTION_SET = "option_set"
    TWO_OPTIONS = "two_options"
    MULTIPLE_CHOICE = "multiple_choice"
    WHOLE_NUMBER = "whole_number"
    DECIMAL = "decimal"
    DATE = "date"
    DATE_TIME = "date_time"


OptionValue = Annotated[str, Field(min_length=1, max_length=200)]


class Option(Schema):
    """A choice of an option set."""

    value: OptionValue
    label: Annotated[str, Field(min_length=1, max_length=200)]
    parent_values: Annotated[
        list[OptionValue],
        Field(max_length=200, description="It is offered where the parent field has one of these; none: always."),
    ] = Field(default_factory=list)


class FormField(Schema):
    """A field, and the attributes of contact and lead that it writes; at least one of them, unless it is only kept."""

    name: Name
    label: Annotated[str, Field(min_length=1, max_length=200)]
    type: FieldType = FieldType.TEXT
    contact_field: str | None = None
    lead_field: str | None = None
    only_kept: bool = Field(
        default=False, description="It writes to no record: people read it in the submission, which has to be stored."
    )
    required: bool = False
    required_message: Text = ""
    placeholder: Text = ""
    default: Text = ""
    max_length: Annotated[int, Field(ge=1, le=10_000)] = 200
    hidden: bool = False
    prefill: bool = Field(
        default=False, description="Filled beforehand for whom that is allowed; the form says so too."
    )
    label_position: Literal["top", "left", "right"] = "top"
    options: Annotated[list[Option], Field(max_length=200)] = Field(default_factory=list)
    parent: Annotated[
        Name | None,
        Field(description="The field that decides about this one, which is hidden until something is chosen."),
    ] = None
    parent_values: Annotated[
        list[OptionValue],
        Field(max_length=200, description="It is shown where the parent has one of these; none: any."),
    ] = Field(default_factory=list)
    rendering: Literal["drop_down", "radio", "check_box"] = "drop_down"


class ElementKind(StrEnum):
    """What a form is made of (FRM-3)."""

    FIELD = "field"
    TEXT = "text"
    IMAGE = "image"
    DIVIDER = "divider"
    BULK_EMAIL = "do_not_bulk_email"
    TRACKING = "do_not_track"
    SUBSCRIPTION_LIST = "subscription_list"
    PURPOSE_CONSENT = "purpose_consent"
    REMEMBER_ME = "remember_me"
    SUBMIT = "submit"
    RESET = "reset"


REFUSALS = {
    ElementKind.BULK_EMAIL: ("bulk_email", "Please send me no newsletters"),
    ElementKind.TRACKING: ("tracking", "Please do not record what I open and click"),
}
"""Boxes by which people refuse something: which preference, and in which words where the form has none of its own."""

NOT_YET = {
    "captcha": "Captcha is not there yet; take this element out. Every form has a trap for robots.",
}


class Element(Schema):
    """A part of a form, in the order in which people see it.

    A subscription list is a box that puts on the list whoever ticks it, its `text` the words that they agree to; hidden
    it puts everybody on the list who sends the form (SUB-6). The box of a purpose consent opts the address of whoever
    ticks it in to a purpose or topic of the form's compliance profile, its `text` the words that they agree to.
    """

    kind: ElementKind
    name: Name | None = Field(default=None, description="The field that stands here.")
    text: Annotated[str, Field(max_length=5000)] = ""
    url: Address | None = None
    alt: Text = ""
    list_id: Id | None = None
    choice: Annotated[
        Choice | None, Field(description="A purpose (`commercial`), or its topic (`commercial/boats`).")
    ] = None
    hidden: bool = Field(default=False, description="Of a subscription list: whoever sends the form joins it.")

    @property
    def words(self) -> str:
        """What stands beside the box, which is kept as proof of what was refused."""
        return self.text or REFUSALS.get(self.kind, ("", ""))[1]

    @field_validator("kind", mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, str) and given in NOT_YET:
            raise ValueError(NOT_YET[given])
        return given


class Update(StrEnum):
    """What a submission makes or changes (SUB-1 to SUB-4)."""

    CONTACTS_AND_LEADS = "contacts_and_leads"
    CONTACTS = "contacts"
    LEADS = "leads"
    NONE = "none"


class FormDocument(Schema):
    """A form (13.2)."""

    type: Literal["landing_page"] = "landing_page"
    purpose: Text = ""
    description: Text = ""
    update: Update = Update.CONTACTS_AND_LEADS
    contact_strategy_id: Id | None = None
    lead_strategy_id: Id | None = None
    generate_leads_without_matching: bool = False
    topic: Annotated[str, Field(max_length=200)] = ""
    owner_id: Id | None = None
    business_unit: Id | None = None
    fields: Annotated[list[FormField], Field(min_length=1, max_length=60)]
    elements: Annotated[list[Element], Field(min_length=1, max_length=120)]
    success_message: Text = "Thank you. We have received what you sent."
    error_message: Text = "We could not take this yet. Please look at the fields below."
    limit_message: Text = "This does not look like a person's message, so it was not taken."
    redirect_url: Address | None = None
    store_all_submissions: bool = False
    blank_clears: bool = False
    allowed_origins: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    prefill: bool = Field(default=False, description="Its fields may be filled beforehand, on pages of ours.")
    double_opt_in: bool = Field(default=False, description="Nothing is made of a submission before it is confirmed.")
    confirmation_email_id: Id | None = None
    compliance_profile_id: Annotated[
        Id | None, Field(description="The profile whose purposes it asks consent for, and whose double opt-in counts.")
    ] = None
    profile_double_opt_in: bool = Field(
        default=True, description="Off: the profile's double opt-in does not count for this form; its own comes first."
    )
    thank_you_page_id: Id | None = None
    thank_you_address: Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s]+$")] | None = None
    serves_rights: bool = Field(
        default=False,
        description="People demand something of their data by it: whom it makes a contact allows no marketing by that.",
    )

    @field_validator("type", mode="before")
    @classmethod
    def _only_landing(cls, given: Any) -> Any:
        if given in ("subscription_center", "forward_to_a_friend"):
            raise ValueError("Only landing-page forms can be made; every content settings record has its own centre.")
        return given

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, given: list[str]) -> list[str]:
        for origin in given:
            if not origin.startswith(("https://", "http://localhost", "http://127.0.0.1")) or origin.endswith("/"):
                raise ValueError("An origin is like https://www.example.com, without a slash at its end.")
        return given


class Block(Schema):
    """A part of a page: HTML of your own, or a form."""

    kind: Literal["html", "form"]
    html: Annotated[str, Field(max_length=100_000)] = ""
    form_id: Id | None = None


class PageDocument(Schema):
    """A hosted page (13.6)."""

    type: Literal["landing_page"] = "landing_page"
    title: Annotated[str, Field(min_length=1, max_length=200)]
    partial_url: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    description: Text = ""
    product: Text = ""
    banner: Banner | None = Field(
        default=None, description="Where there is one, visits are recorded once it is allowed."
    )
    blocks: Annotated[list[Block], Field(min_length=1, max_length=30)]


class PageLink(Schema):
    """How somebody came to a page: `v` is what a message's link says."""

    v: Annotated[str, Field(max_length=500)] = ""


class SubmissionRequest(Schema):
    """A submission from a program."""

    values: dict[str, str | int | float | bool | list[str] | None]
    page_url: Annotated[str, Field(max_length=2000)] | None = None
    visitor: Annotated[str, Field(max_length=200)] | None = None


class SubmissionResult(Schema):
    """What became of a submission; `visitor` is there where the browser is another visitor from now on."""

    submission_id: str
    state: str
    message: str
    redirect_url: str | None = None
    awaits_confirmation: bool = Field(default=False, description="Whether to tell the person to look for our message.")
    visitor: str | None = None


class ProblemView(Schema):
    field: str
    message: str


class SubmissionView(Schema):
    """A submission, and what it resolved to (FSU-3)."""

    id: str
    form_id: str
    form_version: int
    state: str
    submitted_at: datetime
    values: dict[str, Any] | None = None
    page_id: str | None = None
    page_url: str | None = None
    journey_id: str | None = None
    email_id: str | None = None
    visitor_id: str | None = None
    contact_id: str | None = None
    lead_id: str | None = None
    contact_result: str | None = None
    asked_at: datetime | None = Field(default=None, description="When it was sent, where it had to be confirmed.")
    lead_result: str | None = None
    failure: str | None = None
    problems: list[ProblemView] = Field(default_factory=list)
    attempts: int
    version: int


class SubmissionsQuery(ListQuery):
    """The submissions of a form, or those that are pending or failed, newest first."""

    form_id: Id | None = None
    state: Literal["pending", "failure"] | None = None


class ValuesChange(Schema):
    """Values to put right in a failed submission (FSU-4)."""

    values: dict[str, str | int | float | bool | list[str] | None]


class Retry(Schema):
    """Whether the retry counts as another submission (FSU-7)."""

    new_interaction: bool = False


class LandingSettingsChange(Schema):
    """Settings of landing pages (13.7): what new forms take where they say nothing, and the banner of pages."""

    allow_without_update: bool = False
    store_all_submissions: bool = False
    update_default: Update = Update.CONTACTS_AND_LEADS
    contact_strategy_id: Id | None = None
    lead_strategy_id: Id | None = None
    insert_banner: bool = False
    banner: Banner | None = None

    @model_validator(mode="after")
    def _with_words(self) -> Self:
        if self.insert_banner and self.banner is None:
            raise ValueError("A banner that is to be inserted needs its words.")
        return self


class NamedLandingSettings(LandingSettingsChange):
    """Settings of landing pages, and what they are called."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class LandingSettingsView(LandingSettingsChange):
    """Settings of landing pages, and whether they are the default ones (LPC-1)."""

    id: str
    name: str
    default: bool
    version: int = 0


class LandingSettingsList(Schema):
    items: list[LandingSettingsView]
