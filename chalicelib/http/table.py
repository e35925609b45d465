"""The table of routes: a request loads the modules under its own first word, and whoever reads the table loads all.

Half of what importing the app would take is schemas, and most functions have no routes at all.
"""

from collections import UserDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from threading import RLock

from chalice.app import Response, RouteEntry

from chalicelib.http import gateway
from chalicelib.http.problems import problem

Methods = dict[str, RouteEntry]


class RouteTable(UserDict[str, Methods]):
    """Routes by path and method, as Chalice keeps them; `load` imports a module and registers its routes here.

    Whoever goes through the table meets the paths that the gateway has, each of which may stand for several operations.
    The operations' own paths are found by name.
    """

    def __init__(self, modules: Mapping[str, Sequence[str]], load: Callable[[str], None]) -> None:
        """Take the modules, each with the first words of its paths."""
        super().__init__()
        self._pending = dict(modules)
        self._load = load
        self._gathered: Mapping[str, list[str]] = {}
        self._lock = RLock()  # no thread may see half of a module's routes

    def __getitem__(self, path: str) -> Methods:
        self._take_for(path)
        if path in self.data or path not in self._gathered:
            return self.data.setdefault(path, {})  # Chalice asks for a path before it registers it
        return {
            method: _standing_for(path, entry)
            for own in self._gathered[path]
            for method, entry in self.data[own].items()
        }

    def __iter__(self) -> Iterator[str]:
        self.load_all()
        return iter(self._gathered)

    def __len__(self) -> int:
        self.load_all()
        return len(self._gathered)

    def own(self, path: str, given: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """Return the path of the operation that the gateway's path leads to, and the path's parameters.

        They stay as they are where no operation is meant.
        """
        self._take_for(path)
        return gateway.followed(path, given, self._gathered.get(path, [])) or (path, given)

    def load_all(self) -> None:
        """Register the routes of every module."""
        self._take(list(self._pending))

    def _take_for(self, path: str) -> None:
        word = path.split("/")[1]
        self._take([module for module, words in self._pending.items() if word in words])

    def _take(self, modules: Sequence[str]) -> None:
        with self._lock:
            for module in modules:
                if self._pending.pop(module, None) is not None:
                    self._load(module)
            if modules:
                self._gathered = gateway.gathered(
                    self.data, [path for path, each in self.data.items() if _public(each)]
                )


def _public(methods: Methods) -> bool:
    return any(entry.authorizer is None for entry in methods.values())


def _standing_for(path: str, entry: RouteEntry) -> RouteEntry:
    """Return what the gateway hears of operations: all have one authorizer, and each looks at its own type of body."""
    return RouteEntry(
        _nothing_here,
        "nothing_here",
        path,
        entry.method,
        content_types=["*/*"],
        cors=entry.cors,
        authorizer=entry.authorizer,
    )


def _nothing_here(**_: str) -> Response:
    """Say that no operation has this address: what has one is answered by its own view."""
    return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address, or not with this method.")
