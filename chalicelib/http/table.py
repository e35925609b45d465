"""The table of routes: a request loads the modules under its own first word, and whoever reads the table loads all.

Half of what importing the app would take is schemas, and most functions have no routes at all.
"""

from collections import UserDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import RLock

from chalice.app import RouteEntry

Methods = dict[str, RouteEntry]


class RouteTable(UserDict[str, Methods]):
    """Routes by path and method, as Chalice keeps them; `load` imports a module and registers its routes here."""

    def __init__(self, modules: Mapping[str, Sequence[str]], load: Callable[[str], None]) -> None:
        """Take the modules, each with the first words of its paths."""
        super().__init__()
        self._pending = dict(modules)
        self._load = load
        self._lock = RLock()  # no thread may see half of a module's routes

    def __getitem__(self, path: str) -> Methods:
        word = path.split("/")[1]
        self._take([module for module, words in self._pending.items() if word in words])
        return self.data.setdefault(path, {})  # Chalice asks for a path before it registers it

    def __iter__(self) -> Iterator[str]:
        self.load_all()
        return super().__iter__()

    def __len__(self) -> int:
        self.load_all()
        return super().__len__()

    def load_all(self) -> None:
        """Register the routes of every module."""
        self._take(list(self._pending))

    def _take(self, modules: Sequence[str]) -> None:
        with self._lock:
            for module in modules:
                if self._pending.pop(module, None) is not None:
                    self._load(module)
