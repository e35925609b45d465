"""What happens in the demo, act by act; each act says what it expects and checks it."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from infra.local.demo import people
from infra.local.demo.client import Answer, Browser, Client, send
from infra.local.demo.company import PRODUCTS, SALESPERSON, Company
from infra.local.demo.people import Person

THREADS = 4
HIDDEN = re.compile(r'name="(_form|_nonce)" value="([^"]*)"')


class Deviation(Exception):
    """Something went otherwise than the scenario says."""


@dataclass(slots=True)
class Row:
    """A line of the table: what happened, how often, how long it took."""

    what: str
    seen: str
    seconds: float


Seen = TypeVar("Seen")


@dataclass(slots=True)
class Stage:
    """Where the story plays, and what has happened so far."""

    client: Client
    company: Company
    inbox: str
    patience: float = 240.0
    rows: list[Row] = field(default_factory=list)
    browsers: dict[int, Browser] = field(default_factory=dict)
    contacts: dict[int, str] = field(default_factory=dict)

    def act(self, what: str, play: Callable[[], str]) -> None:
        """Play an act, tell it, and remember how long it took."""
        print(f"  … {what}", flush=True)
        began = time.monotonic()
        seen = play()
        row = Row(what, seen, time.monotonic() - began)
        self.rows.append(row)
        print(f"    {row.seen} ({row.seconds:.1f} s)", flush=True)

    def until(self, what: str, look: Callable[[], Seen], wanted: Callable[[Seen], bool]) -> Seen:
        """Read until it is as wanted. Raises Deviation with what was seen last when patience ends."""
        deadline = time.monotonic() + self.patience
        while not wanted(seen := look()):
            if time.monotonic() > deadline:
                raise Deviation(f"{what}: after {self.patience:.0f} s it is still {str(seen)[:500]}")
            time.sleep(0.5)
        return seen

    def expect(self, what: str, seen: Any, wanted: Any) -> None:
        if seen != wanted:
            raise Deviation(f"{what}: {seen!r} instead of {wanted!r}")

    def browser(self, person: Person) -> Browser:
        return self.browsers.setdefault(person.number, Browser())

    def messages(self) -> list[Any]:
        found = send("GET", f"{self.inbox}/messages?limit=1000").json
        return list(found["items"] if isinstance(found, dict) else found)

    def to(self, person: Person, subject: str = "") -> list[Any]:
        """Return the messages that reached a person, the first first."""
        query = urlencode({"to": person.email})
        found = send("GET", f"{self.inbox}/messages?{query}").json
        mine = found["items"] if isinstance(found, dict) else found
        return [each for each in mine if subject in each["subject"]]


def together(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, items))


def submit(stage: Stage, person: Person, page: str, typed: dict[str, str], browser: Browser | None = None) -> Answer:
    """Open a page and send its form, as a browser without script does."""
    browser = browser or stage.browser(person)
    url = page if page.startswith("http") else f"{stage.client.base}/p/{page}"
    opened = browser.open(url)
    if opened.status != 200:
        raise Deviation(f"The page {page} answers {opened.status}.")
    hidden = dict(HIDDEN.findall(opened.text))
    answered = browser.open(url.partition("?")[0], {**hidden, **typed})
    if answered.status >= 400:
        raise Deviation(f"The form on {page} answers {answered.status}: {answered.text[:300]}")
    return answered


def subscribe(stage: Stage) -> str:
    """Forty people send the newsletter form; five of them twice at once, shouting the second time."""
    everyone = people.people()
    visits: list[tuple[Person, bool, Browser | None]] = [(person, False, None) for person in everyone]
    visits += [(person, True, Browser()) for person in everyone if person.number in people.TWICE]
    visits.sort(key=lambda visit: visit[0].number)
    together(lambda visit: submit(stage, visit[0], "newsletter", visit[0].form(loud=visit[1]), visit[2]), visits)
    return f"{len(visits)} submissions of {len(everyone)} people"


def known(stage: Stage) -> str:
    """Each person is one contact with one lead."""
    everyone = people.people()

    def find(person: Person) -> list[Any]:
        found: list[Any] = stage.client.call("POST", "/contacts/search", {"email": person.email})["items"]
        return found

    for person, found in zip(everyone, together(find, everyone), strict=True):
        stage.expect(f"contacts of {person.name}", len(found), 1)
        stage.contacts[person.number] = found[0]["id"]
    leads = stage.until("leads", lambda: stage.client.every("/leads"), lambda leads: len(leads) >= len(everyone))
    stage.expect("leads", len(leads), len(everyone))
    stage.expect("contacts", len(stage.client.every("/contacts")), len(everyone))
    return f"{len(everyone)} contacts, {len(leads)} leads"


def receive(stage: Stage) -> str:
    """Everyone gets the first letter, once."""
    everyone = people.people()
    stage.until("letters", stage.messages, lambda found: len(found) >= len(everyone))
    for person in everyone:
        stage.expect(f"letters to {person.name}", len(stage.to(person)), 1)
    return f"{len(everyone)} letters in the inbox"


def links(message: Any) -> list[str]:
    """Return the addresses of a message's links, in their order."""
    return re.findall(r'<a [^>]*href="([^"]+)"', message["html"])


def pixel(message: Any) -> str | None:
    found = re.findall(r'<img [^>]*src="([^"]+/o/[^"]+)"', message["html"])
    return found[0] if found else None


def react(stage: Stage) -> str:
    """Some open the letter, some follow a link; a scanner follows all of them at once; time passes first."""
    everyone = people.people()
    time.sleep(2.5)  # what comes within two seconds of delivery is a machine's

    def open_it(number: int) -> None:
        [message] = stage.to(everyone[number])
        address = pixel(message)
        if address is None:
            raise Deviation("The letter has no pixel to open it by.")
        stage.browser(everyone[number]).open(address)

    together(open_it, people.OPENS)
    [scanned] = stage.to(everyone[people.SCANNED])
    agent = Browser("")
    together(lambda link: send("GET", link, headers={"User-Agent": agent.agent}), links(scanned))
    return f"{len(people.OPENS)} opened it, a scanner followed {len(links(scanned))} links of one"


def product_link(message: Any, slug_number: int) -> str:
    name = list(PRODUCTS.values())[slug_number]
    found = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>\s*See the ' + re.escape(name), message["html"])
    if not found:
        raise Deviation(f"The letter has no link to the {name}.")
    return str(found[0])


def ask(stage: Stage) -> str:
    """The interested follow a link of their own letter, land on the product's page and ask for more."""
    everyone = people.people()

    def follow(number: int) -> tuple[str, str]:
        [message] = stage.to(everyone[number])
        link = product_link(message, number % len(PRODUCTS))
        first = send("GET", link, headers={"User-Agent": stage.browser(everyone[number]).agent})
        stage.expect("the tracked link redirects", first.status, 302)
        return everyone[number].email, first.headers["location"]

    together(follow, people.ONLY_CLICKS)
    landed = dict(zip(people.INTERESTED, together(follow, people.INTERESTED), strict=True))
    unsubscribe(stage, everyone[people.UNSUBSCRIBES])

    def question(number: int) -> Answer:
        email, page = landed[number]
        return submit(stage, everyone[number], page, {"email": email, "wish": "How does it do in a storm?"})

    together(question, people.INTERESTED)
    return f"{len(people.ONLY_CLICKS)} only looked, {len(people.INTERESTED)} asked for more, one of them unsubscribed"


def unsubscribe(stage: Stage, person: Person) -> None:
    """One click in the mail program: a POST to the message's own header (RFC 8058)."""
    [message] = stage.to(person)
    headers = {name.lower(): value for name, value in dict(message["headers"]).items()}
    url = re.findall(r"<(http[^>]+)>", headers["list-unsubscribe"])[0]
    stage.expect("List-Unsubscribe-Post", headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click")
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send("POST", url, b"List-Unsubscribe=One-Click", sent)
    stage.expect("one-click unsubscribe", answer.status, 200)


def materials(stage: Stage) -> str:
    """The interested get the material of their product; who unsubscribed does not."""
    everyone = people.people()
    wanted = [number for number in people.INTERESTED if number != people.UNSUBSCRIBES]

    def arrived() -> list[int]:
        return [number for number in wanted if stage.to(everyone[number], "All about")]

    stage.until("materials", arrived, lambda found: found == wanted)
    for number in wanted:
        name = list(PRODUCTS.values())[number % len(PRODUCTS)]
        stage.expect("materials", [each["subject"] for each in stage.to(everyone[number], "All about")],
                     [f"All about the {name}"])  # fmt: skip
    stage.expect("material to who unsubscribed", stage.to(everyone[people.UNSUBSCRIBES], "All about"), [])
    return f"{len(wanted)} got the material of their product"


def sales(stage: Stage) -> str:
    """Each interested lead is sales-ready and at sales acceptance, with a task due in two days."""
    interested = {stage.contacts[number] for number in people.INTERESTED}

    def ready() -> set[str]:
        found = stage.client.every("/leads", stage="sales_acceptance")
        return {lead["contact_id"] for lead in found if lead["sales_ready"]}

    stage.until("sales-ready leads", ready, lambda found: found >= interested)
    stage.expect("sales-ready leads", ready(), interested)

    def tasks() -> list[Any]:
        return stage.client.every("/activities", owner_id=SALESPERSON)

    found = stage.until("tasks", tasks, lambda found: len(found) >= len(interested))
    stage.expect("tasks", {task["contact_id"] for task in found}, interested)
    stage.expect("one task each", len(found), len(interested))
    for task in found:
        due = datetime.fromisoformat(task["due"]) - datetime.now(UTC)
        stage.expect("due in one or two days", timedelta(days=1) < due <= timedelta(days=2), wanted=True)
    return f"{len(interested)} leads at sales acceptance, {len(found)} tasks with {SALESPERSON}"


def leave(stage: Stage) -> str:
    """All others leave by the timeout; nobody stays inside."""
    total = len(people.NAMES)

    def ended() -> dict[str, int]:
        return dict(stage.client.get(f"/journeys/{stage.company.journey}/figures")["figures"])

    def all_out(figures: dict[str, int]) -> bool:
        return sum(number for name, number in figures.items() if name.startswith("ended:")) == total

    figures = stage.until("everyone out of the journey", ended, all_out)
    stage.expect("enrolled", figures["enrolled"], total)
    return ", ".join(f"{name} {number}" for name, number in sorted(figures.items()))


def verdicts(stage: Stage) -> str:
    """The scanner's clicks are a machine's; the people's are people's."""
    contact = stage.contacts[people.SCANNED]

    def clicks(contact_id: str) -> list[Any]:
        return stage.client.every("/interactions", contact_id=contact_id, type="EmailClicked")

    found = stage.until(
        "the scanner's verdict",
        lambda: clicks(contact),
        lambda found: bool(found) and all(each["verdict"] == "machine" for each in found),
    )
    for number in (*people.INTERESTED, *people.ONLY_CLICKS):
        decided = stage.until(  # people clicked after the scanner, so they are judged after it
            f"the verdict on the click of person {number}",
            partial(clicks, stage.contacts[number]),
            lambda found: bool(found) and all(each["verdict"] != "undecided" for each in found),
        )
        stage.expect(f"clicks of person {number}", [each["verdict"] for each in decided].count("human"), 1)
    return f"{len(found)} clicks of the scanner are a machine's: {', '.join(found[0]['reasons'])}"


def bounced(stage: Stage) -> str:
    contact = stage.contacts[people.BOUNCES]

    def seen() -> list[Any]:
        return stage.client.every("/interactions", contact_id=contact, type="EmailHardBounced")

    found = stage.until("the bounce", seen, lambda found: len(found) >= 1)
    stage.expect("bounces", len(found), 1)
    return "one address bounced and is suppressed"


ACTS: Sequence[tuple[str, Callable[[Stage], str]]] = (
    ("people subscribe, five twice at the same time", subscribe),
    ("each is one contact with one lead", known),
    ("the first letter arrives", receive),
    ("one address bounces", bounced),
    ("some open it, a scanner follows every link", react),
    ("some follow a link and ask for more", ask),
    ("the scanner is not taken for a person", verdicts),
    ("the material arrives", materials),
    ("salespeople have ready leads and tasks", sales),
    ("everyone has left the journey", leave),
)
