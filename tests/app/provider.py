"""A provider of logins by OpenID Connect, for tests: everybody is who it was told."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "kindred"
COOKIE_SECRET = "a secret of a test, which is long enough to be taken"


class Provider(ThreadingHTTPServer):
    """Attributes:
    claims: of whoever logs in next.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.claims: Mapping[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.nonces: dict[str, str] = {}
        self.address = f"http://127.0.0.1:{self.server_port}"

    def secrets(self, folder: Path, dashboard: str) -> Path:
        """A ``secrets.toml`` by which a dashboard at that address asks this provider."""
        path = folder / "secrets.toml"
        path.write_text(
            f'[auth]\nredirect_uri = "{dashboard}/oauth2callback"\ncookie_secret = "{COOKIE_SECRET}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "known to both"\n'
            f'server_metadata_url = "{self.address}/.well-known/openid-configuration"\n'
        )
        return path


@contextmanager
def provider() -> Iterator[Provider]:
    """One that answers."""
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/authorize":
            code = f"code-{len(self.server.nonces)}"
            self.server.nonces[code] = asked["nonce"][0]
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri'][0]}?{urlencode({'code': code, 'state': asked['state'][0]})}"
            )
            self.end_headers()
        elif path == "/keys":
            self._say({"keys": [self.server.key.as_dict(private=False)]})
        else:
            at = self.server.address
            self._say(
                {
                    "issuer": at,
                    "authorization_endpoint": f"{at}/authorize",
                    "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/keys",
                    "response_types_supported": ["code"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        now = int(time.time())
        told = {"iss": self.server.address, "aud": CLIENT, "iat": now, "exp": now + 600}
        claims = {**told, "nonce": self.server.nonces[asked["code"][0]], **self.server.claims}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.server.key)
        self._say({"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def _say(self, content: Mapping[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""
