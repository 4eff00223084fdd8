"""A small provider of OpenID Connect over real HTTP, which logs in whom a test says, and lies as it says.

It demands what real ones demand: a registered way back, PKCE with S256, the client's secret, each code once.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import hmac
import json
import secrets
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "everask-here", "the clients own secret"


@functools.cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Provider:
    """Who is logged in, and what is wrong with what the provider says."""

    person: dict[str, Any] = field(default_factory=lambda: {"sub": "7", "preferred_username": "anna"})
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over the claims of each ID token; None leaves one out."""
    metadata: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    signs: str = "RS256"
    refuses: str = ""
    answers_with: dict[str, str] = field(default_factory=dict)
    down: bool = False
    address: str = ""
    key: RSAKey = field(default_factory=_key)
    signs_with: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def tell_the_truth(self) -> None:
        """Forget what a test has said, and who logged in."""
        fresh = Provider(address=self.address)
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def described(self, request: Request) -> Response:
        if self.down:
            return Response("out of order", 503)
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "userinfo_endpoint": f"{self.address}/me",
                "end_session_endpoint": f"{self.address}/leave",
                "scopes_supported": ["openid", "profile", "email", "groups"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                **self.metadata,
            }
        )

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        assert "openid" in asked["scope"].split() and "groups" in asked["scope"].split()
        assert asked["redirect_uri"].endswith("/login/oidc/back")
        sent = {"state": asked["state"], "iss": self.address}
        if self.refuses:
            sent["error"] = self.refuses
        else:
            sent["code"] = secrets.token_urlsafe(16)
            self.codes[sent["code"]] = asked
        answer = urllib.parse.urlencode({**sent, **self.answers_with})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def token(self, request: Request) -> Response:
        if self.down:
            return Response("out of order", 503)
        sent = {key: str(value) for key, value in (await request.form()).items()}
        named = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = self.codes.pop(sent["code"], None)
        fits = asked and asked["code_challenge"] == create_s256_code_challenge(sent["code_verifier"])
        if not asked or not fits or asked["redirect_uri"] != sent["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if urllib.parse.unquote_plus(named) != f"{CLIENT}:{SECRET}":
            return JSONResponse({"error": "invalid_client"}, 401)
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {**claims, **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse(
            {"access_token": "for-me", "token_type": "Bearer", "id_token": self.signed(claims)},
            headers={"cache-control": "no-store"},
        )

    def signed(self, claims: dict[str, Any]) -> str:
        if self.signs in ("none", "HS256"):  # the latter with the public key, as if it were a secret
            header = {"alg": self.signs, "kid": self.key.kid}
            text = ".".join(_encoded(json.dumps(one).encode()) for one in (header, claims))
            seal = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256")
            return f"{text}.{_encoded(seal) if self.signs == 'HS256' else ''}"
        key = self.signs_with or self.key
        return jwt.encode({"alg": self.signs, "kid": str(key.kid)}, claims, key)

    def keys(self, request: Request) -> Response:
        self.heard.append("keys")
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    def me(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer for-me"
        return JSONResponse({"sub": self.person["sub"], **self.info})

    def leave(self, request: Request) -> Response:
        assert request.query_params["client_id"] == CLIENT
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 302)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextlib.contextmanager
def providing(host: str = "127.0.0.1") -> Iterator[Provider]:
    """A provider on a free port."""
    made = Provider()
    routes = [
        Route("/.well-known/openid-configuration", made.described),
        Route("/authorize", made.authorize),
        Route("/token", made.token, methods=["POST"]),
        Route("/keys", made.keys),
        Route("/me", made.me),
        Route("/leave", made.leave),
    ]
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    made.address = f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = True
    thread.join(timeout=10)
