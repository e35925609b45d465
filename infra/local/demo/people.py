"""The people of the demo: names in several scripts, what each of them does."""

from dataclasses import dataclass

NAMES = (
    "Ada Lindqvist",
    "Bao Nguyễn",
    "Chidi Okonkwo",
    "Дарья Соколова",
    "Ελένη Παππά",
    "Farid حداد",
    "Guðrún Jónsdóttir",
    "Haruto 佐藤",
    "Inés Muñoz",
    "João Gonçalves",
    "Katarzyna Wiśniewska",
    "Lærke Østergård",
    "Mehmet Yılmaz",
    "Noa לוי",
    "Ondřej Dvořák",
    "Priya शर्मा",
    "Quentin Lefèvre",
    "Rasmus Sørensen",
    "Siobhán Ní Bhriain",
    "Thảo Phạm",
    "Ümit Şahin",
    "Valentina Rossi",
    "Wei 王",
    "Xóchitl Hernández",
    "Yuki 田中",
    "Zofia Kaczmarek",
    "Åsa Björk",
    "Émile Dubois",
    "Øyvind Haugen",
    "Žiga Novak",
    "Minh Trần",
    "Sofía Peña",
    "Ahmed منصور",
    "Jin-woo 김",
    "Löwe Brandt",
    "Maïté Ibarra",
    "Nils Ångström",
    "Olga Коваль",
    "Petra Schäfer",
    "Ruth Akua Mensah",
)
CITIES = ("København", "Århus", "Malmö", "Oslo", "Tromsø", "Kraków", "Łódź", "Lisboa")
TWICE = range(3, 8)  # these five send the form twice, in different letter case, at the same time
INTERESTED = range(10)
UNSUBSCRIBES = 9  # asks for more, but wants no letters
ONLY_CLICKS = range(10, 13)
OPENS = range(20)
SCANNED = 20
BOUNCES = 21


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the address they write."""

    number: int
    name: str
    email: str
    city: str

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def last_name(self) -> str:
        return self.name.split(" ", 1)[1]

    def form(self, *, loud: bool = False) -> dict[str, str]:
        email = self.email.upper() if loud else self.email
        return {"first_name": self.first_name, "last_name": self.last_name, "email": email, "city": self.city}


def people() -> list[Person]:
    return [Person(number, name, _address(number), CITIES[number % len(CITIES)]) for number, name in enumerate(NAMES)]


def _address(number: int) -> str:
    local = f"bounce.reader{number:02}" if number == BOUNCES else f"reader{number:02}"
    return f"{local}@{'mail.example.com' if number % 2 else 'post.example.org'}"
