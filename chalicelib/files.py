"""Files that people fetch: put by bulk work into a bucket that forgets after a day, fetched by a link of minutes."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any

from chalicelib.settings import settings

LINK_SECONDS = 15 * 60
KEPT_DAYS = 1  # the bucket's lifecycle
LEAST_PART = 8 * 1024 * 1024  # bytes; all parts of an upload but the last have at least 5 MB
SIDE_BY_SIDE = 8


def put(key: str, content: bytes) -> None:
    """Keep a file; whoever puts it again replaces it."""
    _client().put_object(Bucket=settings.exports_bucket, Key=key, Body=content)


def get(key: str) -> bytes:
    body: bytes = _client().get_object(Bucket=settings.exports_bucket, Key=key)["Body"].read()
    return body


def link(key: str, name: str) -> str:
    """Return an address where anybody who has it may fetch the file for some minutes, under a name of its own."""
    asked = {
        "Bucket": settings.exports_bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="{name}"',
        "ResponseContentType": "text/csv; charset=utf-8",
    }
    address: str = _client().generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)
    return address


def join(key: str, head: bytes, parts: Sequence[str]) -> int:
    """Make one file of a head and other files, never holding more than a few of them; returns its bytes."""
    chunks = _chunks(head, parts)
    first = next(chunks)
    second = next(chunks, None)
    if second is None:
        put(key, first)
        return len(first)
    return _uploaded(key, chain((first, second), chunks))


def _chunks(head: bytes, parts: Sequence[str]) -> Iterator[bytes]:
    """Yield the whole in pieces as large as an upload wants them, one at least."""
    piece = bytearray(head)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for start in range(0, len(parts), SIDE_BY_SIDE):
            for content in pool.map(get, parts[start : start + SIDE_BY_SIDE]):
                piece += content
                if len(piece) >= LEAST_PART:
                    yield bytes(piece)
                    piece.clear()
    if piece or not parts:
        yield bytes(piece)


def _uploaded(key: str, pieces: Iterable[bytes]) -> int:
    named = {"Bucket": settings.exports_bucket, "Key": key}
    upload = _client().create_multipart_upload(**named)["UploadId"]
    made, size = [], 0
    for number, piece in enumerate(pieces, 1):
        tag = _client().upload_part(**named, UploadId=upload, PartNumber=number, Body=piece)["ETag"]
        made.append({"PartNumber": number, "ETag": tag})
        size += len(piece)
    _client().complete_multipart_upload(**named, UploadId=upload, MultipartUpload={"Parts": made})
    return size


@cache
def _client() -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    return get_session().create_client(
        "s3",
        settings.aws_region,
        endpoint_url=settings.aws_endpoint_url or None,
        config=Config(signature_version="s3v4", connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 4}),
    )
