"""The words of the subscription centre, in the languages that there are; records bring words of their own."""

from collections.abc import Mapping

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
    details: str
    labels: Mapping[str, str]
    level: str
    levels: tuple[str, ...]
    """What each consent level permits, from none to profiling (15.1)."""
    wrong: str
    needed: str
    no_number: str
    purposes: str
    """What a box of the preference centre means."""
    topics: str
    chosen: str


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
        details="Your details",
        labels={
            "first_name": "First name",
            "last_name": "Last name",
            "company_name": "Company",
            "job_title": "Job title",
            "phone": "Telephone",
            "mobile_phone": "Mobile phone",
            "street": "Street",
            "postal_code": "Postal code",
            "city": "City",
            "region": "Region",
            "country": "Country",
        },
        level="What may we do?",
        levels=(
            "Nothing at all",
            "Ask me for my consent",
            "Write about what I ordered or asked for",
            "Offer me newsletters to subscribe to",
            "Send me marketing",
            "Use what I do to choose what to send me",
        ),
        wrong="This could not be saved yet. Please look at the fields below.",
        needed="Please fill this in.",
        no_number="This is not a telephone number. Begin with + and the country, such as +45.",
        purposes="We do only what is ticked here. What you leave open we take as a no.",
        topics="Only if the box above is ticked:",
        chosen="Saved. We do what is ticked here, and nothing else.",
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
        details="Dine oplysninger",
        labels={
            "first_name": "Fornavn",
            "last_name": "Efternavn",
            "company_name": "Virksomhed",
            "job_title": "Stilling",
            "phone": "Telefon",
            "mobile_phone": "Mobiltelefon",
            "street": "Vej og nummer",
            "postal_code": "Postnummer",
            "city": "By",
            "region": "Region",
            "country": "Land",
        },
        level="Hvad må vi?",
        levels=(
            "Ingenting",
            "Bede om mit samtykke",
            "Skrive om det, jeg har bestilt eller bedt om",
            "Tilbyde mig nyhedsbreve",
            "Sende mig markedsføring",
            "Bruge det, jeg gør, til at vælge, hvad I sender mig",
        ),
        wrong="Det kunne ikke gemmes endnu. Se på felterne nedenfor.",
        needed="Udfyld dette felt.",
        no_number="Det er ikke et telefonnummer. Begynd med + og landet, for eksempel +45.",
        purposes="Vi gør kun det, der er sat kryds ved. Det, du lader stå åbent, er et nej.",
        topics="Kun hvis der er sat kryds ovenfor:",
        chosen="Gemt. Vi gør det, der er sat kryds ved, og intet andet.",
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
        details="Ihre Angaben",
        labels={
            "first_name": "Vorname",
            "last_name": "Nachname",
            "company_name": "Firma",
            "job_title": "Position",
            "phone": "Telefon",
            "mobile_phone": "Mobiltelefon",
            "street": "Straße und Hausnummer",
            "postal_code": "Postleitzahl",
            "city": "Ort",
            "region": "Region",
            "country": "Land",
        },
        level="Was dürfen wir?",
        levels=(
            "Gar nichts",
            "Mich um meine Einwilligung bitten",
            "Schreiben zu dem, was ich bestellt oder angefragt habe",
            "Mir Newsletter anbieten",
            "Mir Werbung senden",
            "Anhand meines Verhaltens auswählen, was Sie mir senden",
        ),
        wrong="Das konnte noch nicht gespeichert werden. Bitte sehen Sie sich die Felder unten an.",
        needed="Bitte füllen Sie dieses Feld aus.",
        no_number="Das ist keine Telefonnummer. Beginnen Sie mit + und dem Land, etwa +45.",
        purposes="Wir tun nur, was hier angekreuzt ist. Was Sie frei lassen, ist für uns ein Nein.",
        topics="Nur wenn oben angekreuzt:",
        chosen="Gespeichert. Wir tun, was hier angekreuzt ist, und sonst nichts.",
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
        details="بياناتك",
        labels={
            "first_name": "الاسم الأول",
            "last_name": "اسم العائلة",
            "company_name": "الشركة",
            "job_title": "المسمى الوظيفي",
            "phone": "الهاتف",
            "mobile_phone": "الهاتف المحمول",
            "street": "الشارع",
            "postal_code": "الرمز البريدي",
            "city": "المدينة",
            "region": "المنطقة",
            "country": "البلد",
        },
        level="ما الذي تسمح لنا به؟",
        levels=(
            "لا شيء",
            "طلب موافقتي",
            "الكتابة عما طلبته",
            "عرض النشرات الإخبارية عليّ",
            "إرسال رسائل تسويقية إليّ",
            "استخدام ما أفعله لاختيار ما ترسلونه إليّ",
        ),
        wrong="تعذّر الحفظ بعد. يرجى مراجعة الحقول أدناه.",
        needed="يرجى ملء هذا الحقل.",
        no_number="هذا ليس رقم هاتف. ابدأ بعلامة + ورمز البلد، مثل +45.",
        purposes="لا نفعل إلا ما وُضعت عليه علامة هنا، وما تتركه فارغًا نعدّه رفضًا.",
        topics="فقط إن وُضعت العلامة أعلاه:",
        chosen="تم الحفظ. نفعل ما وُضعت عليه علامة هنا ولا شيء غيره.",
    ),
}


def language_of(wanted: str | None) -> str:
    """Return the language to speak to somebody in: its own where there are words in it, else English."""
    known = (wanted or "").strip().casefold().replace("_", "-").split("-")[0]
    return known if known in WORDS else DEFAULT


def of(language: str) -> Words:
    return WORDS[language]
