"""The words of the confirmation page and of what confirmations are called, in the languages of the centre's words."""

from collections.abc import Mapping

from msgspec import Struct

from chalicelib.messages.optin.rules import Outcome, What


class Words(Struct, frozen=True):
    """What the page says. `told` are the sentences of what a link comes to."""

    title: str
    asked: str
    sent: str
    """What is said in its place of a form that asks for nothing by name."""
    button: str
    ignore: str
    level: str
    kinds: Mapping[What, str]
    told: Mapping[Outcome, tuple[str, str]]
    """By outcome: the title of the page, and what it says."""
    look: str
    """What somebody is told who has to look for the message."""


WORDS = {
    "en": Words(
        title="Please confirm",
        asked="You asked for this:",
        sent="We keep what you sent us by our form once you confirm it.",
        button="Yes, I confirm",
        ignore="If you did not ask for it, close this page. Nothing will happen.",
        level="What may we do?",
        kinds={What.LIST: "Subscription", What.LEVEL: "Consent"},
        told={
            Outcome.CONFIRMED: ("Confirmed", "Thank you. It is confirmed."),
            Outcome.LATE: ("This link is too old", "It was good for {days} days. Please ask for it once more."),
            Outcome.GONE: ("There is nothing to confirm", "What this link confirms is not there any more."),
            Outcome.MOVED: (
                "There is nothing to confirm",
                "The email address has been changed since. Please ask for it once more.",
            ),
            Outcome.WITHDRAWN: (
                "There is nothing to confirm",
                "You have taken this back since. If you want it after all, please ask for it once more.",
            ),
            Outcome.CLOSED: (
                "This is not offered any more",
                "What you asked for is closed, so it cannot be confirmed.",
            ),
        },
        look="Please look into your mailbox: what you asked for counts once you follow the link in our message.",
    ),
    "da": Words(
        title="Bekræft venligst",
        asked="Du har bedt om dette:",
        sent="Vi gemmer det, du sendte med vores formular, når du bekræfter det.",
        button="Ja, jeg bekræfter",
        ignore="Hvis du ikke har bedt om det, kan du lukke siden. Så sker der ikke noget.",
        level="Hvad må vi?",
        kinds={What.LIST: "Tilmelding", What.LEVEL: "Samtykke"},
        told={
            Outcome.CONFIRMED: ("Bekræftet", "Tak. Det er bekræftet."),
            Outcome.LATE: ("Linket er for gammelt", "Det gjaldt i {days} dage. Bed venligst om det igen."),
            Outcome.GONE: ("Der er ikke noget at bekræfte", "Det, som linket bekræfter, findes ikke længere."),
            Outcome.MOVED: (
                "Der er ikke noget at bekræfte",
                "E-mailadressen er blevet ændret siden. Bed venligst om det igen.",
            ),
            Outcome.WITHDRAWN: (
                "Der er ikke noget at bekræfte",
                "Du har trukket det tilbage siden. Bed venligst om det igen, hvis du alligevel ønsker det.",
            ),
            Outcome.CLOSED: ("Det tilbydes ikke længere", "Det, du bad om, er lukket og kan ikke bekræftes."),
        },
        look="Se venligst i din indbakke: det gælder, når du følger linket i vores besked.",
    ),
    "de": Words(
        title="Bitte bestätigen Sie",
        asked="Sie haben darum gebeten:",
        sent="Was Sie uns mit unserem Formular gesendet haben, behalten wir, sobald Sie es bestätigen.",
        button="Ja, ich bestätige",
        ignore="Wenn Sie nicht darum gebeten haben, schließen Sie diese Seite. Es geschieht nichts.",
        level="Was dürfen wir?",
        kinds={What.LIST: "Anmeldung", What.LEVEL: "Einwilligung"},
        told={
            Outcome.CONFIRMED: ("Bestätigt", "Vielen Dank. Es ist bestätigt."),
            Outcome.LATE: ("Dieser Link ist zu alt", "Er galt {days} Tage. Bitte fragen Sie noch einmal an."),
            Outcome.GONE: ("Es gibt nichts zu bestätigen", "Was dieser Link bestätigt, ist nicht mehr da."),
            Outcome.MOVED: (
                "Es gibt nichts zu bestätigen",
                "Die E-Mail-Adresse wurde inzwischen geändert. Bitte fragen Sie noch einmal an.",
            ),
            Outcome.WITHDRAWN: (
                "Es gibt nichts zu bestätigen",
                "Sie haben es inzwischen widerrufen. Wenn Sie es doch möchten, fragen Sie bitte noch einmal an.",
            ),
            Outcome.CLOSED: (
                "Das wird nicht mehr angeboten",
                "Worum Sie gebeten haben, ist geschlossen und kann nicht bestätigt werden.",
            ),
        },
        look="Bitte sehen Sie in Ihr Postfach: Es gilt, sobald Sie dem Link in unserer Nachricht folgen.",
    ),
    "ar": Words(
        title="يرجى التأكيد",
        asked="لقد طلبت ما يلي:",
        sent="نحتفظ بما أرسلته عبر نموذجنا حين تؤكده.",
        button="نعم، أؤكد",
        ignore="إن لم تكن قد طلبت ذلك فأغلق هذه الصفحة، ولن يحدث شيء.",
        level="ما الذي تسمح لنا به؟",
        kinds={What.LIST: "اشتراك", What.LEVEL: "موافقة"},
        told={
            Outcome.CONFIRMED: ("تم التأكيد", "شكرًا لك. تم التأكيد."),
            Outcome.LATE: ("هذا الرابط قديم", "كان صالحًا لمدة {days} يومًا. يرجى الطلب من جديد."),
            Outcome.GONE: ("لا يوجد ما يؤكَّد", "ما يؤكده هذا الرابط لم يعد موجودًا."),
            Outcome.MOVED: ("لا يوجد ما يؤكَّد", "تغيّر عنوان البريد الإلكتروني منذ ذلك الحين. يرجى الطلب من جديد."),
            Outcome.WITHDRAWN: (
                "لا يوجد ما يؤكَّد",
                "لقد تراجعت عن ذلك لاحقًا. إن كنت تريده فيرجى الطلب من جديد.",
            ),
            Outcome.CLOSED: ("لم يعد هذا متاحًا", "ما طلبته مغلق، فلا يمكن تأكيده."),
        },
        look="يرجى النظر في بريدك: يسري طلبك حين تتبع الرابط في رسالتنا.",
    ),
}


def of(language: str) -> Words:
    return WORDS[language]


DIGITS = {"ar": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")}


def told(language: str, outcome: Outcome, valid_days: int) -> tuple[str, str]:
    """Return the title and the sentence of what a link comes to; one that is too late says how long it was good."""
    title, sentence = of(language).told[outcome]
    return title, sentence.replace("{days}", str(valid_days).translate(DIGITS.get(language, {})))
