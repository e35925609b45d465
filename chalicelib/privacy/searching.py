"""Whether a file names a person: looked through in pieces, unpacked where it is packed, in whatever encoding."""

import gzip
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO

from chalicelib import files
from chalicelib.holdings import Person

PIECE = 4 * 1024 * 1024  # bytes
OVERLAP = 512  # an address that lies across two pieces is whole in one of them
MOST_UNPACKED = 1024 * 1024 * 1024  # bytes; what unpacks to more is no file that anybody could import


def names(person: Person, key: str) -> bool:
    """Return whether a file in the bucket names a person; one that is gone names nobody."""
    size = files.size(key)
    if not size:
        return False
    if key.endswith(".gz"):
        return person.in_file(_text(gzip.decompress(files.get(key))))
    file = files.opened(key, size)
    if file.read(2) == b"PK":
        return _unpacked(person, file)
    file.seek(0)
    return any(person.in_file(each) for each in _pieces(file))


def _unpacked(person: Person, file: BinaryIO) -> bool:
    try:
        with zipfile.ZipFile(file) as packed:
            for name in packed.namelist():
                with packed.open(name) as part:
                    if any(person.in_file(each) for each in _pieces(part, MOST_UNPACKED)):
                        return True
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False  # broken or locked: nobody can import it, and the bucket forgets it
    return False


def _pieces(file: IO[bytes], most: int | None = None) -> Iterator[str]:
    before, left = b"", most
    while piece := file.read(PIECE):
        yield _text(before + piece)
        before = piece[-OVERLAP:]
        left = None if left is None else left - len(piece)
        if left is not None and left < 0:
            return


def _text(raw: bytes) -> str:
    """Letters of addresses are the same in all encodings that occur, but for the zeros between them."""
    return raw.replace(b"\x00", b"").decode("utf-8", "replace")
