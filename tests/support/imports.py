"""Makes imports as a client does: a file sent to the address that the import names, its columns mapped, started."""

import csv
import io
import urllib.request
import uuid
from datetime import timedelta

from chalicelib.definitions import carrying

CONSENT = {"wording": "Yes, write to me about kayaks.", "source": "Fair in Aarhus, May 2026"}


def sent(upload, content):
    """Send a file as a browser's form does."""
    border, parts = uuid.uuid4().hex, []
    for name, value in upload["fields"].items():
        parts.append(f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    parts.append(f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode())
    body = b"".join(parts) + content + f"\r\n--{border}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
    with urllib.request.urlopen(urllib.request.Request(upload["url"], body, headers)) as answer:
        return answer.status


def table(rows):
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def submitted(api, content, record_type="contact", **options):
    """Make an import of a file, look at it and decide; returns it."""
    made = api.post("/imports", {"record_type": record_type, "name": "list.csv"})
    assert sent(made["upload"], content) in {200, 201, 204}
    looked = api.change("POST", f"/imports/{made['id']}/look", made)
    wanted = {"consent": CONSENT, **options} if record_type != "account" else options
    return api.change("PATCH", f"/imports/{made['id']}", looked, wanted) if wanted else looked


def started(api, import_, *, dry_run=False):
    status, answer, _ = api.call(
        "POST", f"/imports/{import_['id']}/start", {"dry_run": dry_run}, If_Match=f'"{import_["version"]}"'
    )
    assert status == 202, answer
    return answer


def finished(api, world, import_, **kind):
    """Start an import and wait for its end; returns it."""
    started(api, import_, **kind)
    world.settle()
    return api.get(f"/imports/{import_['id']}")


def work_through(job_id, now):
    """Do the whole of a job in this process, as the machine would; returns how many pages it took."""
    number, pages = carrying.begin(job_id, now), 0
    assert number is not None
    for slice_ in range(16):
        while not carrying.work_page(job_id, slice_, now).ended:
            pages += 1
    assert carrying.finish(job_id, now + timedelta(seconds=1))
    return pages


def failed_rows(import_):
    """Return the rows of the file of errors."""
    with urllib.request.urlopen(import_["error_file"]["url"]) as answer:
        content = answer.read().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))
