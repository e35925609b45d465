"""A real browser at the pages of the app: Debian's Chromium, and a server on loopback that is every host there is."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any

import pytest
from chalice.test import Client
from playwright.sync_api import Browser, sync_playwright

from infra.local import chromium

OURS = "https://itinera.example"
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
Site = Mapping[str, tuple[str, str]]
"""Pages of somebody else's website: by address, the policy and the HTML."""


@contextmanager
def opened(app: Any, site: Site) -> Iterator[Browser]:
    """Yield a browser for which every host is here: ours is the app, all others have the pages of `site`."""
    path = chromium.found()
    if path is None:
        pytest.fail(f"Chromium is not installed. Install it with\n\n    {chromium.COMMAND}\n", pytrace=False)
    with _served(app, site) as port, sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP * 127.0.0.1:{port}"
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, rules], timeout=120_000)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _served(app: Any, site: Site) -> Iterator[int]:
    with Client(app) as client, TemporaryDirectory() as home:
        server = Hosts(client, site)
        server.socket = _context(Path(home)).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class Hosts(ThreadingHTTPServer):
    """The app, and the pages of others."""

    daemon_threads = True

    def __init__(self, client: Client, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.client, self.site, self.alone = client, site, Lock()

    def handle_error(self, *_: Any) -> None:
        """Say nothing: browsers break off connections as they like."""


class Handler(BaseHTTPRequestHandler):
    """One connection of the browser's."""

    protocol_version = "HTTP/1.1"
    server: Hosts

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        if self.headers.get("Host") == OURS.partition("//")[2]:
            with self.server.alone:  # the app is a Lambda here: one request at a time
                answer = self.server.client.http.request(self.command, self.path, headers=dict(self.headers), body=body)
            self._send(answer.status_code, answer.headers, answer.body)
        else:
            self._send_elsewhere()

    def _send_elsewhere(self) -> None:
        address = f"https://{self.headers.get('Host')}{self.path.partition('?')[0]}"
        policy, text = self.server.site.get(address, ("", ""))
        headers = {"Content-Type": "text/html; charset=utf-8"}
        headers |= {"Content-Security-Policy": policy} if policy else {}
        self._send(200 if text else 404, headers, text.encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _context(home: Path) -> ssl.SSLContext:
    """Return what speaks TLS with a certificate that nobody trusts; the browser is told not to mind."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    certificate = signed.sign(key, hashes.SHA256())
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *plain)
    (home / "pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "pem")
    return context
