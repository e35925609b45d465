"""Files that people fetch or bring, in a bucket that forgets after a day, by addresses that work for minutes.

What people bring they send to the bucket themselves: no function could take a gigabyte.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any, BinaryIO, cast

from chalicelib.settings import settings

LINK_SECONDS = 15 * 60
KEPT_DAYS = 1  # the bucket's lifecycle
LEAST_PART = 8 * 1024 * 1024  # bytes; all parts of an upload but the last have at least 5 MB
SIDE_BY_SIDE = 8
UPLOAD_SECONDS = 60 * 60
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What a browser is told that a file is, by the end of its name."""
READ_AHEAD = 4 * 1024 * 1024  # bytes
ABSENT = {"404", "403", "NoSuchKey", "AccessDenied", "NotFound"}  # who may not list is not told what is not there


def put(key: str, content: bytes) -> None:
    """Keep a file; whoever puts it again replaces it."""
    _client().put_object(Bucket=settings.exports_bucket, Key=key, Body=content)


def put_all(contents: Mapping[str, bytes]) -> None:
    """Keep several files, some at a time."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(put, contents, contents.values()))


def get(key: str) -> bytes:
    body: bytes = _client().get_object(Bucket=settings.exports_bucket, Key=key)["Body"].read()
    return body


def link(key: str, name: str) -> str:
    """Return an address where anybody who has it may fetch the file for some minutes, under a name of its own."""
    asked = {
        "Bucket": settings.exports_bucket,
        "Key": key,
        "ResponseContentDisposition": f'attachment; filename="{name}"',
        "ResponseContentType": TYPES[name.rpartition(".")[2]],
    }
    address: str = _client().generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)
    return address


def listed(prefix: str = "", after: str | None = None) -> list[str]:
    """Return up to a thousand names of files, in their order, behind one that is known."""
    asked = {"Bucket": settings.exports_bucket, "Prefix": prefix, **({"StartAfter": after} if after else {})}
    return [each["Key"] for each in _client().list_objects_v2(**asked).get("Contents", [])]


def forget(prefix: str) -> None:
    """Delete every file whose name begins so, before the bucket does."""
    while keys := listed(prefix):
        for key in keys:
            _client().delete_object(Bucket=settings.exports_bucket, Key=key)


def upload(key: str, most: int) -> dict[str, Any]:
    """Return where a form may send one file of at most so many bytes, and the fields that prove that it may."""
    posted: dict[str, Any] = _client().generate_presigned_post(
        settings.exports_bucket, key, Conditions=[["content-length-range", 1, most]], ExpiresIn=UPLOAD_SECONDS
    )
    return posted


def size(key: str) -> int | None:
    """Return how many bytes a file has, None where there is none."""
    from botocore.exceptions import ClientError

    try:
        return int(_client().head_object(Bucket=settings.exports_bucket, Key=key)["ContentLength"])
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise


def opened(key: str, length: int) -> BinaryIO:
    """Return a file to be read from any place on, a few megabytes at a time."""
    return cast(BinaryIO, io.BufferedReader(_Remote(key, length), READ_AHEAD))


class _Remote(io.RawIOBase):
    """The bytes of a file in the bucket."""

    def __init__(self, key: str, length: int) -> None:
        self._key, self._length, self._at = key, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._length)
        if end <= self._at:
            return 0
        asked = f"bytes={self._at}-{end - 1}"
        answer = _client().get_object(Bucket=settings.exports_bucket, Key=self._key, Range=asked)
        found: bytes = answer["Body"].read()
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


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
