"""Requests and answers go as DynamoDB speaks them: botocore is spared taking them apart value by value.

botocore walks every value of every item through the service's model, on its way out and back, which takes a tenth of
the time of a request with several items. There is nothing to translate: `writes` and PynamoDB make items in the form of
the wire, and read them in it. Only the binary type differs, which the wire has as Base64: `BytesAttribute` does that.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.serialize import JSONSerializer


class _Serializer(JSONSerializer):
    def serialize_to_request(self, parameters: Mapping[str, Any], operation_model: Any) -> dict[str, Any]:
        return {**super().serialize_to_request({}, operation_model), "body": msgspec.json.encode(parameters)}


class _Parser(JSONParser):
    def _handle_json_body(self, raw_body: bytes, _shape: Any) -> Any:
        return msgspec.json.decode(raw_body) if raw_body else {}


class _Parsers(ResponseParserFactory):
    def create_parser(self, _protocol: str) -> _Parser:
        return _Parser()


def plainly(client: Any) -> Any:
    """Let a client of DynamoDB, which was just made, send and hand out items as they are."""
    client._serializer = _Serializer()
    client._endpoint._response_parser_factory = _Parsers()
    return client
