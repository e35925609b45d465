"""The app itself: Chalice, repaired."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib import import_module
from typing import Any

from chalice.app import Chalice

from chalicelib import files
from chalicelib.http.operation import Operation
from chalicelib.http.problems import problem
from chalicelib.http.routes import Api
from chalicelib.http.table import RouteTable


class Application(Chalice):
    """The app, repaired: routes come when asked for, a request may lack Accept, and all errors are problems."""

    def __init__(self, name: str, modules: Mapping[str, Sequence[str]]) -> None:
        """Take the modules that hold an `api`, each with the first words of its routes' paths."""
        super().__init__(name, configure_logs=False)
        self.api.binary_types.append(files.TYPES["xlsx"])
        self.apis: list[Api] = []
        self.routes: Any = RouteTable(modules, self._load)

    def _load(self, module: str) -> None:
        api = import_module(module).api
        self.register_blueprint(api)
        self.apis.append(api)

    @property
    def operations(self) -> list[Operation]:
        """Everything that the routes take and give."""
        self.routes.load_all()
        return [operation for api in self.apis for operation in api.operations]

    def __call__(self, event: Any, context: Any) -> Any:
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        event["headers"] = {**headers, "accept": "*/*"}
        self._lead_on(event)
        answer = super().__call__(event, context)
        return answer if answer["statusCode"] < HTTPStatus.BAD_REQUEST else _as_problem(answer)

    def _lead_on(self, event: Any) -> None:
        """Have Chalice, and whoever asks the request, see the operation's own path and not the gateway's."""
        context = event.get("requestContext", {})
        if (path := context.get("resourcePath")) is not None:
            own, given = self.routes.own(path, event.get("pathParameters") or {})
            context["resourcePath"], event["pathParameters"] = own, given or None


KNOWN_ELSEWHERE = {
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know this method.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that is not taken here; look at the Content-Type.",
}


def _as_problem(answer: dict[str, Any]) -> dict[str, Any]:
    if isinstance(answer["body"], str) and answer["body"].startswith('{"Code"'):
        status = HTTPStatus(answer["statusCode"])
        replaced = problem(status, KNOWN_ELSEWHERE.get(status, f"{status.description or status.phrase}."))
        answer["body"] = replaced.body
        answer["headers"] = {**answer.get("headers", {}), **replaced.headers}
        answer.get("multiValueHeaders", {}).pop("Content-Type", None)
    return answer
