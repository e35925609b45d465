"""The words of the subscription centre, in the languages that there are; records bring words of their own."""

from msgspec import Struct

DEFAULT = "en"


class Words(Struct, frozen=True):
    """What the centre says. `wording` is what people agree to, and is kept with each change."""

    title: str
    lists: str
    wording: str
    meaning: str
    kept: str
    save: str
    saved_title: str
    saved_on: str
    saved_off: str


WORDS = {
    "en": Words(
        title="Your email preferences",
        lists="What would you like to hear about?",
        wording="Do not send me marketing emails",
        meaning="Messages about something that you ordered or asked for may still reach you.",
        kept="Your choices above are kept and hold again as soon as you take this back.",
        save="Save",
        saved_title="Saved: your email preferences",
        saved_on="Saved. You may get marketing emails.",
        saved_off="Saved. You will get no more marketing emails.",
    ),
    "da": Words(
        title="Dine e-mailindstillinger",
        lists="Hvad vil du gerne høre om?",
        wording="Send mig ingen markedsføring på e-mail",
        meaning="Du kan stadig få beskeder om noget, som du har bestilt eller bedt om.",
        kept="Dine valg ovenfor bliver gemt og gælder igen, så snart du fortryder dette.",
        save="Gem",
        saved_title="Gemt: dine e-mailindstillinger",
        saved_on="Gemt. Du kan få markedsføring på e-mail.",
        saved_off="Gemt. Du får ikke mere markedsføring på e-mail.",
    ),
    "de": Words(
        title="Ihre E-Mail-Einstellungen",
        lists="Worüber möchten Sie informiert werden?",
        wording="Senden Sie mir keine Werbung per E-Mail",
        meaning="Nachrichten zu etwas, das Sie bestellt oder angefragt haben, können Sie weiterhin erreichen.",
        kept="Ihre Auswahl oben bleibt gespeichert und gilt wieder, sobald Sie dies zurücknehmen.",
        save="Speichern",
        saved_title="Gespeichert: Ihre E-Mail-Einstellungen",
        saved_on="Gespeichert. Sie können Werbung per E-Mail erhalten.",
        saved_off="Gespeichert. Sie erhalten keine Werbung per E-Mail mehr.",
    ),
    "ar": Words(
        title="تفضيلات بريدك الإلكتروني",
        lists="ما الذي تود أن تصلك أخباره؟",
        wording="لا ترسلوا إليّ رسائل تسويقية",
        meaning="قد تصلك مع ذلك رسائل تتعلق بما طلبته.",
        kept="تُحفظ اختياراتك أعلاه وتسري من جديد حين تلغي هذا الخيار.",
        save="حفظ",
        saved_title="تم الحفظ: تفضيلات بريدك الإلكتروني",
        saved_on="تم الحفظ. قد تصلك رسائل تسويقية.",
        saved_off="تم الحفظ. لن تصلك رسائل تسويقية بعد الآن.",
    ),
}


def language_of(wanted: str | None) -> str:
    """Return the language to speak to somebody in: its own where there are words in it, else English."""
    known = (wanted or "").strip().casefold().replace("_", "-").split("-")[0]
    return known if known in WORDS else DEFAULT


def of(language: str) -> Words:
    return WORDS[language]
