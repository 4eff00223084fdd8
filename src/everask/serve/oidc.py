"""A provider of OpenID Connect: what it says of itself, whom it sends back, and what its word is worth.

The code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207). Everything that this
fetches is on the issuer's own host or one that the settings name; redirects are not followed. Knows nothing
of accounts, cookies or pages.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from everask.index.subjects import Arrival
from everask.serve.errors import NotAllowedError, ProviderError
from everask.settings import OidcSettings

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Of signatures with a public key; never none, and never the client's secret as a key."""
LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 10.0
FRESH_SECONDS = 3_600.0
KEYS_SECONDS = 30.0
"""Keys are not asked for again sooner, whatever key a token names."""
MAX_BYTES = 1_000_000
MAX_SUBJECT = 255
DESCRIPTION = "/.well-known/openid-configuration"
TRY_AGAIN = "Try again; if it stays so, tell one of this server's admins."


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was begun: what must fit when the browser comes back."""

    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class _Known:
    """What the provider said of itself, and when."""

    metadata: dict[str, Any] = field(default_factory=dict)
    keys: KeySet | None = None
    described_at: float = 0.0
    keys_at: float = 0.0


class Provider:
    """One provider. Of one event loop."""

    def __init__(self, settings: OidcSettings, secret: str, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.name = urllib.parse.urlsplit(settings.issuer).hostname or ""
        self._secret = secret
        self._clock = clock
        self._known = _Known()

    async def begin(self, back: str) -> tuple[str, Begun]:
        """Where a browser is sent to log in, and what must fit when it comes `back`."""
        metadata = await self._describe()
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
        scopes = ["openid", "profile", "email"]
        if self.settings.groups_claim and "groups" in _texts(metadata.get("scopes_supported")):
            scopes.append("groups")
        async with self._client(metadata, back) as client:
            address, _ = client.create_authorization_url(
                self._endpoint(metadata, "authorization_endpoint"),
                state=begun.state,
                code_verifier=begun.verifier,
                nonce=begun.nonce,
                scope=" ".join(scopes),
            )
        return str(address), begun

    async def finish(self, begun: Begun, sent: Mapping[str, str], back: str) -> Arrival:
        """Who came back, by the provider's word.

        Raises NotAllowedError where that does not hold, ProviderError where it cannot be had.
        """
        if not secrets.compare_digest(begun.state.encode(), sent.get("state", "").encode()):
            raise NotAllowedError("This is not the log-in that was begun here.", "Log in again.")
        metadata = await self._describe()
        if "error" in sent:
            raise NotAllowedError(f"{self.name} did not let you in{_reason(sent['error'])}.", TRY_AGAIN)
        if sent.get("iss", metadata["issuer"]) != metadata["issuer"]:
            raise NotAllowedError("Another provider answered than was asked.", TRY_AGAIN)
        tokens = await self._exchange(metadata, sent.get("code", ""), begun.verifier, back)
        claims = await self._read(metadata, tokens, begun.nonce)
        return self._arrival(claims, await self._more(metadata, tokens, claims))

    async def leave_url(self, back: str) -> str | None:
        """Where a browser is sent to log out at the provider, too; None where it has no such place."""
        metadata = await self._describe()
        if "end_session_endpoint" not in metadata:
            return None
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        endpoint = self._endpoint(metadata, "end_session_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urllib.parse.urlencode(query)}"

    # What the provider says of itself

    async def _describe(self) -> dict[str, Any]:
        known, now = self._known, self._clock()
        if known.metadata and now - known.described_at < FRESH_SECONDS:
            return known.metadata
        found = await self._fetch(self.settings.issuer.rstrip("/") + DESCRIPTION)
        if str(found.get("issuer", "")).rstrip("/") != self.settings.issuer.rstrip("/"):
            raise ProviderError(f"{self.name} describes another issuer than oidc.issuer.", TRY_AGAIN)
        known.metadata, known.described_at = found, now
        return found

    async def _keys(self, metadata: dict[str, Any], *, again: bool) -> KeySet:
        known, now = self._known, self._clock()
        age = now - known.keys_at
        if known.keys is None or age > FRESH_SECONDS or (again and age > KEYS_SECONDS):
            try:
                found: Any = await self._fetch(self._endpoint(metadata, "jwks_uri"))
                known.keys = KeySet.import_key_set(found)
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ProviderError(f"{self.name} has no keys that can be used.", TRY_AGAIN) from error
            known.keys_at = now
        return known.keys

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """An address that the provider names, if it is one that the settings allow."""
        address = metadata.get(name)
        issuer = urllib.parse.urlsplit(self.settings.issuer)
        try:
            parts = urllib.parse.urlsplit(address if isinstance(address, str) else "")
            host = parts.hostname or ""
        except ValueError:
            host = ""
        if not host or parts.scheme not in ("https", issuer.scheme) or parts.username is not None:
            raise ProviderError(f"{self.name} names no safe {name}.", TRY_AGAIN)
        if parts.netloc != issuer.netloc and host not in self.settings.hosts:
            raise ProviderError(
                f"{self.name} names {host} as its {name}.", "If that is right, add it to oidc.hosts."
            )
        return parts.geturl()

    # What is asked of it

    async def _fetch(self, address: str, token: str = "") -> dict[str, Any]:
        headers = {"accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            async with (
                httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
                client.stream("GET", address, headers=headers) as reply,
            ):
                body = b""
                async for piece in reply.aiter_bytes():
                    body += piece
                    if len(body) > MAX_BYTES:
                        raise ProviderError(f"{self.name} sent too much.", TRY_AGAIN)
            found = json.loads(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError) as error:
            raise self._silent() from error
        if reply.status_code != httpx2.codes.OK or not isinstance(found, dict):
            raise self._silent()
        return found

    async def _exchange(
        self, metadata: dict[str, Any], code: str, verifier: str, back: str
    ) -> dict[str, Any]:
        """The tokens for a code, which the provider gives once."""
        try:
            async with self._client(metadata, back) as client:
                found = await client.fetch_token(
                    self._endpoint(metadata, "token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
        except OAuthError as error:
            raise NotAllowedError(
                f"{self.name} did not let you in{_reason(error.error)}.", TRY_AGAIN
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise self._silent() from error
        return dict(found)

    def _client(self, metadata: Mapping[str, Any], back: str) -> AsyncOAuth2Client:
        ways = _texts(metadata.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        return AsyncOAuth2Client(
            self.settings.client_id,
            self._secret or None,
            token_endpoint_auth_method=way if self._secret else "none",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def _silent(self) -> ProviderError:
        return ProviderError(f"{self.name} does not answer as it should.", "Try again in a while.")

    # What its word is worth

    async def _read(
        self, metadata: dict[str, Any], tokens: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, now, and for this log-in."""
        issuer = {"essential": True, "value": metadata["issuer"]}
        audience = {"essential": True, "value": self.settings.client_id}
        try:
            token = await self._verify(metadata, str(tokens.get("id_token", "")))
            parameters = {
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": tokens.get("access_token"),
            }
            claims = CodeIDToken(token.claims, token.header, {"iss": issuer, "aud": audience}, parameters)
            claims.validate(now=int(self._clock()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAllowedError(f"What {self.name} says of you does not hold.", TRY_AGAIN) from error
        return dict(claims)

    async def _verify(self, metadata: dict[str, Any], text: str) -> jwt.Token:
        offered = _texts(metadata.get("id_token_signing_alg_values_supported")) or ["RS256"]
        registry = JWSRegistry(
            algorithms=[one for one in ALGORITHMS if one in offered], strict_check_header=False
        )
        try:
            return jwt.decode(text, await self._keys(metadata, again=False), registry=registry)
        except (InvalidKeyIdError, ValueError):
            return jwt.decode(text, await self._keys(metadata, again=True), registry=registry)

    async def _more(
        self, metadata: dict[str, Any], tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Claims that stand elsewhere than in the token, where groups are looked for and it has none."""
        name, token = self.settings.groups_claim, tokens.get("access_token")
        wanted = bool(name) and _claim(claims, name) is None
        if not wanted or "userinfo_endpoint" not in metadata or not isinstance(token, str):
            return claims
        more = await self._fetch(self._endpoint(metadata, "userinfo_endpoint"), token)
        if more.get("sub") != claims["sub"]:
            raise NotAllowedError(f"What {self.name} says of you does not hold.", TRY_AGAIN)
        return {**more, **claims}

    def _arrival(self, claims: Mapping[str, Any], more: Mapping[str, Any]) -> Arrival:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise NotAllowedError(f"What {self.name} says of you does not hold.", TRY_AGAIN)
        wishes = (more.get(name) for name in ("preferred_username", "email", "name"))
        groups = tuple(_texts(_claim(more, self.settings.groups_claim)))
        admin = self.settings.admin_group
        return Arrival(
            subject=f"{claims['iss']} {subject}",
            names=tuple(one for one in wishes if isinstance(one, str)),
            groups=groups if self.settings.groups_claim else None,
            role=("admin" if admin in groups else "member") if admin else None,
        )


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a way of names with dots: realm_access.roles."""
    if name in claims or not name:
        return claims.get(name)
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> list[str]:
    """The texts of a list, or one text alone."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _reason(code: object) -> str:
    """An error's code, if it looks like one: what else stands there is not repeated."""
    text = str(code)
    return f" ({text})" if text.isascii() and text.replace("_", "").isalpha() and len(text) < 60 else ""
