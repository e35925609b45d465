"""Every type of interaction there is (reference 5.1)."""

from enum import StrEnum


class InteractionType(StrEnum):
    """What can happen between a person and us, by group."""

    # Email delivery
    EMAIL_SENT = "EmailSent"
    EMAIL_DELIVERED = "EmailDelivered"
    EMAIL_HARD_BOUNCED = "EmailHardBounced"
    EMAIL_SOFT_BOUNCED = "EmailSoftBounced"
    EMAIL_BLOCK_BOUNCED = "EmailBlockBounced"
    EMAIL_FEEDBACK_LOOP = "EmailFeedbackLoop"
    EMAIL_SENDING_FAILED = "EmailSendingFailed"
    # Email blocked
    EMAIL_BLOCKED = "EmailBlocked"
    EMAIL_BLOCKED_DUPLICATE_ADDRESS = "EmailBlockedDuplicateAddress"
    EMAIL_BLOCKED_BY_ACTIVITY_EXPIRATION = "EmailBlockedByActivityExpiration"
    EMAIL_BLOCKED_BY_UNSUBSCRIPTION = "EmailBlockedByUnsubscription"
    EMAIL_BLOCKED_BY_USER = "EmailBlockedByUser"
    EMAIL_BLOCKED_CONSENT_NOT_GIVEN = "EmailBlockedConsentNotGiven"
    EMAIL_BLOCKED_EXTERNAL_CONSENT_FAILURE = "EmailBlockedExternalConsentFailure"
    EMAIL_BLOCKED_INACTIVE_CONTACT = "EmailBlockedInactiveContact"
    EMAIL_BLOCKED_INVALID_RECIPIENT_ADDRESS = "EmailBlockedInvalidRecipientAddress"
    EMAIL_BLOCKED_INVALID_SENDER_ADDRESS = "EmailBlockedInvalidSenderAddress"
    EMAIL_BLOCKED_INVALID_REPLY_TO_ADDRESS = "EmailBlockedInvalidReplyToAddress"
    EMAIL_BLOCKED_MISSING_CONTACT_DATA = "EmailBlockedMissingContactData"
    EMAIL_BLOCKED_MISSING_RELATED_DATA = "EmailBlockedMissingRelatedData"
    EMAIL_BLOCKED_FREQUENCY_CAP_REACHED = "EmailBlockedFrequencyCapReached"
    EMAIL_BLOCKED_DOMAIN_DELIVERABILITY = "EmailBlockedDomainDeliverability"
    EMAIL_BLOCKED_OTHER_REASON = "EmailBlockedOtherReason"
    EMAIL_BOUNCE_CACHE_BLOCKED = "EmailBounceCacheBlocked"
    EMAIL_CONTAINS_BLOCK_LISTED_LINKS = "EmailContainsBlockListedLinks"
    OUT_OF_EMAIL_CREDITS = "OutOfEmailCredits"
    DOMAIN_NOT_OWNED_BY_ANYONE = "DomainNotOwnedByAnyone"
    DOMAIN_OWNED_BY_DIFFERENT_ORGANIZATION = "DomainOwnedByDifferentOrganization"
    # Email engagement
    EMAIL_OPENED = "EmailOpened"
    EMAIL_CLICKED = "EmailClicked"
    EMAIL_FORWARDED = "EmailForwarded"
    EMAIL_SUBSCRIPTION_SUBMIT = "EmailSubscriptionSubmit"
    # Web
    FORM_VISITED = "FormVisited"
    FORM_SUBMITTED = "FormSubmitted"
    WEBSITE_VISITED = "WebsiteVisited"
    WEBSITE_CLICKED = "WebsiteClicked"
    REDIRECT_LINK_CLICKED = "RedirectLinkClicked"
    CONFIRMABLE_FORM_SUBMITTED = "ConfirmableFormSubmitted"
    FORM_SUBMISSION_CONFIRMED = "FormSubmissionConfirmed"
    FORM_SUBMISSION_EXPIRED = "FormSubmissionExpired"
    CONFIRMATION_REQUEST = "ConfirmationRequest"
    CONFIRMATION_RESPONSE = "ConfirmationResponse"
    # Lists
    SEGMENT_SUBSCRIBED = "SegmentSubscribed"
    SEGMENT_UNSUBSCRIBED = "SegmentUnsubscribed"
    SEGMENT_RELATIONSHIP_EDITED = "SegmentRelationshipEdited"
    SEGMENT_MEMBERS_COUNT_CHANGED = "SegmentMembersCountChanged"
    # Events
    EVENT_REGISTRATION = "EventRegistration"
    EVENT_REGISTRATION_CANCELED = "EventRegistrationCanceled"
    EVENT_REGISTRATION_WAITLISTED = "EventRegistrationWaitlisted"
    EVENT_REGISTRATION_CREATED_FROM_WAITLIST = "EventRegistrationCreatedFromWaitlist"
    EVENT_CHECK_IN = "EventCheckIn"
    SESSION_REGISTRATION = "SessionRegistration"
    SESSION_REGISTRATION_CANCELED = "SessionRegistrationCanceled"
    SESSION_CHECK_IN = "SessionCheckIn"
    # Surveys
    SURVEY_RESPONSE = "SurveyResponse"
    CUSTOMER_VOICE_SURVEY_RESPONSE = "CustomerVoiceSurveyResponse"
    # Linkedin
    LINKEDIN_FORM_SUBMISSION = "LinkedInFormSubmission"
    # Scoring
    LEAD_SCORE_BOOST = "LeadScoreBoost"
    # Journey
    ACTIVITY_CONTACT_DISPATCHED = "ActivityContactDispatched"
    ACTIVITY_CONTACT_BLOCKED = "ActivityContactBlocked"
    ACTIVITY_CONTACT_BLOCKED_BUSINESS_UNIT = "ActivityContactBlockedBusinessUnit"
    ACTIVITY_CONTACT_BLOCKED_CONSENT = "ActivityContactBlockedConsent"
    ACTIVITY_CONTACT_BLOCKED_EXTERNAL_CONSENT = "ActivityContactBlockedExternalConsent"
    ACTIVITY_CONTACT_BLOCKED_SUPPRESSION = "ActivityContactBlockedSuppression"
    ACTIVITY_CONTACT_EXPIRED = "ActivityContactExpired"
    ACTIVITY_CONTACT_PROCESSING_FAILED = "ActivityContactProcessingFailed"
    PASS_THROUGH_ACTIVITY_CONTACT_PROCESSED = "PassThroughActivityContactProcessed"
    SCHEDULER_ACTIVITY_CONTACT_PROCESSED = "SchedulerActivityContactProcessed"
    SPLITTER_ACTIVITY_CONTACT_PROCESSED = "SplitterActivityContactProcessed"
    TRIGGER_ACTIVITY_CONTACT_PROCESSED = "TriggerActivityContactProcessed"
    TRIGGER_CRM_WORKFLOW_ACTIVITY_CONTACT_PROCESSED = "TriggerCrmWorkflowActivityContactProcessed"
    CREATE_CRM_ACTIVITY_CONTACT_PROCESSED = "CreateCrmActivityContactProcessed"
    CREATE_LEAD_ACTIVITY_CONTACT_PROCESSED = "CreateLeadActivityContactProcessed"
    CREATE_CUSTOM_CHANNEL_ACTIVITY_CONTACT_PROCESSED = "CreateCustomChannelActivityContactProcessed"
    CUSTOM_CHANNEL_RESPONSE = "CustomChannelResponse"
    CUSTOMER_JOURNEY_CONTACT_RECORD_UPDATED = "CustomerJourneyContactRecordUpdated"
    CUSTOMER_JOURNEY_ITERATION_STARTED = "CustomerJourneyIterationStarted"
    # Channels
    SMS_SENT = "SmsSent"
    SMS_NOT_SENT = "SmsNotSent"
    SMS_DELIVERED = "SmsDelivered"
    SMS_BOUNCED = "SmsBounced"
    SMS_LINK_CLICKED = "SmsLinkClicked"
    SMS_RECEIVED = "SmsReceived"
    PUSH_NOTIFICATION_SENT = "PushNotificationSent"
    PUSH_NOTIFICATION_NOT_SENT = "PushNotificationNotSent"
    PUSH_NOTIFICATION_OPENED = "PushNotificationOpened"
    PUSH_NOTIFICATION_LINK_CLICKED = "PushNotificationLinkClicked"
    CUSTOM_SENT = "CustomSent"
    CUSTOM_NOT_SENT = "CustomNotSent"
    CUSTOM_DELIVERED = "CustomDelivered"
    CUSTOM_BOUNCED = "CustomBounced"
    CUSTOM_LINK_CLICKED = "CustomLinkClicked"
    CUSTOM_RECEIVED = "CustomReceived"
    # Real time
    JOURNEY_EVENT_INFLOW = "JourneyEventInflow"
    JOURNEY_EVENT_ENTRY_PROCESSED = "JourneyEventEntryProcessed"
    JOURNEY_EVENT_COMPLETED = "JourneyEventCompleted"
    JOURNEY_EVENT_EXITED = "JourneyEventExited"
    JOURNEY_EVENT_CANCELLED_BY_EXIT_EVENT = "JourneyEventCancelledByExitEvent"
    JOURNEY_EVENT_CANCELLED_BY_SUPRESSION_SEGMENT = "JourneyEventCancelledBySupressionSegment"
    JOURNEY_EVENT_CANCELLED_BY_JOURNEY_STOPPED = "JourneyEventCancelledByJourneyStopped"
    JOURNEY_EVENT_CANCELLED_BY_ACTION_FAILURE = "JourneyEventCancelledByActionFailure"
    ACTION_EVENT_INFLOW = "ActionEventInflow"
    ACTION_EVENT_PROCESSED = "ActionEventProcessed"
    ACTION_EVENT_POSTPONED = "ActionEventPostponed"
    ACTION_EVENT_RESUMED = "ActionEventResumed"
    ACTION_EVENT_DROPOFF = "ActionEventDropoff"
    GOAL_EVENT = "GoalEvent"


BY_MACHINES_TOO = frozenset({InteractionType.EMAIL_OPENED, InteractionType.EMAIL_CLICKED})
"""Types that scanners and privacy proxies cause as well: recorded undecided, until a verdict (decision 35)."""

REPORTED = frozenset(
    {
        InteractionType.WEBSITE_VISITED,
        InteractionType.WEBSITE_CLICKED,
        InteractionType.REDIRECT_LINK_CLICKED,
        InteractionType.EVENT_CHECK_IN,
        InteractionType.EVENT_REGISTRATION,
        InteractionType.EVENT_REGISTRATION_CANCELED,
        InteractionType.SURVEY_RESPONSE,
        InteractionType.CUSTOM_RECEIVED,
    }
)
"""Types that other systems may report through the API; all others are recorded by ourselves only (INT-3)."""

COUNTED_FOR_ACCOUNTS = frozenset(
    {
        InteractionType.EMAIL_OPENED,
        InteractionType.EMAIL_CLICKED,
        InteractionType.EMAIL_FORWARDED,
        InteractionType.FORM_VISITED,
        InteractionType.FORM_SUBMITTED,
        InteractionType.WEBSITE_VISITED,
        InteractionType.WEBSITE_CLICKED,
        InteractionType.REDIRECT_LINK_CLICKED,
        InteractionType.EVENT_REGISTRATION,
        InteractionType.EVENT_REGISTRATION_CANCELED,
        InteractionType.EVENT_CHECK_IN,
        InteractionType.SESSION_REGISTRATION,
        InteractionType.SESSION_REGISTRATION_CANCELED,
        InteractionType.SESSION_CHECK_IN,
        InteractionType.SURVEY_RESPONSE,
        InteractionType.CUSTOMER_VOICE_SURVEY_RESPONSE,
        InteractionType.LINKEDIN_FORM_SUBMISSION,
        InteractionType.CUSTOM_CHANNEL_RESPONSE,
        InteractionType.SMS_LINK_CLICKED,
        InteractionType.SMS_RECEIVED,
        InteractionType.PUSH_NOTIFICATION_OPENED,
        InteractionType.PUSH_NOTIFICATION_LINK_CLICKED,
        InteractionType.CUSTOM_LINK_CLICKED,
        InteractionType.CUSTOM_RECEIVED,
    }
)
"""What people do: all that counts for the account that they belong to, with no befalling of lists (ACC-5)."""
