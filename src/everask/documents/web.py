"""Fetch one web page without becoming a way into the local network (SSRF).

One parser reads the URL; the name is resolved once; every address it has must be public; the
connection goes to the very address that was checked. Redirects are followed by hand, each checked.
"""

from __future__ import annotations

import calendar
import email.utils
import http.client
import ipaddress
import re
import socket
import ssl
import time
import urllib.parse
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from everask.documents.draft import Limits
from everask.errors import BlockedAddressError, LimitError, UnreadableError

Resolver = Callable[[str, int], Sequence[str]]
Allow = Callable[[str], bool]
_MAX_REDIRECTS = 5
_MAX_SECONDS = 60.0
_SILENCE_SECONDS = 15.0
_MAX_PAGE_BYTES = 50_000_000
_CHUNK_BYTES = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_HEADERS = {
    "User-Agent": "Everask (+document reader)",
    "Accept": "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip, identity",
    "Connection": "close",
}
_REFUSED_TYPES = ("audio/", "video/", "font/")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Validators:
    """What a page said of its version, to be asked next time whether it changed."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came: the final URL, the bytes, the declared type, when it was last changed, and by what
    to ask for changes. Without bytes where it did not change since."""

    url: str
    data: bytes
    media_type: str
    modified: float
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True)
class _Target:
    url: str
    is_secure: bool
    host: str
    port: int
    path: str


def fetch_page(
    url: str,
    *,
    limits: Limits,
    resolver: Resolver | None = None,
    allow: Allow | None = None,
    known: Validators | None = None,
) -> FetchedPage:
    """Fetch an http(s) page; one that has not changed since `known` comes without bytes.

    `resolver` gives the addresses of a host, and `allow` lets an address through that is not public;
    both are for tests and for hosts that the user has named in the settings.

    Raises:
        BlockedAddressError: not http(s), credentials in the URL, or an address that is not public.
        LimitError: too large, too slow, too many redirects.
        UnreadableError: it does not answer, or answers with an error.
    """
    deadline = time.monotonic() + min(limits.seconds, _MAX_SECONDS)
    target = _parse(url)
    for _ in range(_MAX_REDIRECTS + 1):
        address = _choose_address(target, resolver or resolve, allow)
        found = _request(target, address, limits, deadline, known)
        if isinstance(found, FetchedPage):
            return found
        target = _parse(urllib.parse.urljoin(target.url, found))
    raise LimitError(
        f"{url} redirects more than {_MAX_REDIRECTS} times", "Open it and add the final address."
    )


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(address: str) -> bool:
    """Whether an address is out on the internet, also when it is wrapped in an IPv6 form."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if wrapped is not None or parsed in _NAT64 or int(parsed) >> 32 == 0:
            return False
        if parsed.is_site_local:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def _parse(url: str) -> _Target:
    """Read a URL strictly: what another parser might read differently is refused."""
    if len(url) > 4_000 or any(ord(character) <= 32 or character == "\\" for character in url):
        raise BlockedAddressError(f"{url[:200]!r} is no web address.", "Give it without blanks.")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BlockedAddressError(f"{url} is no web address.", "Check how it is written.") from error
    if parts.scheme not in ("http", "https"):
        raise BlockedAddressError(f"{url} is not http or https.", "Only web pages can be fetched.")
    if "@" in parts.netloc:
        raise BlockedAddressError(
            f"The address carries a user name or password: {parts.hostname}.", "Leave it out."
        )
    host = _ascii_host(parts.hostname or "", url)
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
    is_secure = parts.scheme == "https"
    return _Target(
        urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, "")),
        is_secure,
        host,
        port if port is not None else (443 if is_secure else 80),
        path + (f"?{query}" if query else ""),
    )


def _ascii_host(host: str, url: str) -> str:
    """The host in the form that is resolved, sent and checked; numbers only as plain addresses."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        ascii_host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError as error:
        raise BlockedAddressError(f"{url} has a host name that cannot exist.", "Check it.") from error
    last = ascii_host.rstrip(".").rpartition(".")[2]
    # "2130706433", "0x7f.1", "127.1": old ways to write an address, which systems read differently.
    if not _HOST.fullmatch(ascii_host) or last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        raise BlockedAddressError(f"{url} has no proper host name.", "Write the host as a name.")
    return ascii_host


def _choose_address(target: _Target, resolver: Resolver, allow: Allow | None) -> str:
    """Resolve once; one private address among several refuses them all."""
    try:
        addresses = list(resolver(target.host, target.port))
    except (OSError, UnicodeError) as error:
        raise UnreadableError(
            f"{target.url}: there is no host {target.host}.", "Check the address and the connection."
        ) from error
    if not addresses:
        raise UnreadableError(f"{target.url}: there is no host {target.host}.", "Check the address.")
    for address in addresses:
        if not is_public(address) and not (allow is not None and allow(address)):
            raise BlockedAddressError(
                f"{target.url} leads to {address}, which is not a public address.",
                "Pages of the local network are not fetched; save the page and add the file.",
            )
    return addresses[0]


def _request(
    target: _Target, address: str, limits: Limits, deadline: float, known: Validators | None
) -> FetchedPage | str:
    """The page, or where it redirects to."""
    connection = _connect(target, address, deadline)
    try:
        headers = {**_HEADERS, **_conditions(known), "Host": _host_header(target)}
        connection.request("GET", target.path, headers=headers)
        response = connection.getresponse()
        if response.status == 304 and known:
            return FetchedPage(target.url, b"", "", 0.0, known)
        location = response.getheader("Location")
        if response.status in _REDIRECTS and location:
            return location
        if response.status != 200:
            raise UnreadableError(
                f"{target.url} answers {response.status} {response.reason}.",
                "Open it in a browser to see why.",
            )
        return _read_page(response, target, limits, deadline)
    except TimeoutError as error:
        raise LimitError(
            f"{target.url} answers too slowly.", "Try again later, or save it as a file."
        ) from error
    except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
        raise UnreadableError(f"{target.url} cannot be fetched ({error}).", "Try again later.") from error
    finally:
        connection.close()


def _conditions(known: Validators | None) -> dict[str, str]:
    if known is None:
        return {}
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in named.items() if value}


def _validators(response: http.client.HTTPResponse) -> Validators:
    """What the page says of its version; what is no plain line is not sent back."""
    named = [response.getheader(name) or "" for name in ("ETag", "Last-Modified")]
    return Validators(
        *(one if one.isascii() and one.isprintable() and len(one) < 500 else "" for one in named)
    )


def _connect(target: _Target, address: str, deadline: float) -> http.client.HTTPConnection:
    """A connection to exactly the checked address; certificate and SNI are those of the host's name."""
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        plain = socket.create_connection((address, target.port), timeout=_patience(deadline))
        context = ssl.create_default_context() if target.is_secure else None
        connection.sock = context.wrap_socket(plain, server_hostname=target.host) if context else plain
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{target.url} does not answer ({error}).", "Try again later.") from error
    return connection


def _read_page(
    response: http.client.HTTPResponse, target: _Target, limits: Limits, deadline: float
) -> FetchedPage:
    media_type = (response.getheader("Content-Type") or "application/octet-stream").partition(";")[0].strip()
    if media_type.lower().startswith(_REFUSED_TYPES):
        raise UnreadableError(
            f"{target.url} is {media_type}, which is not read.", "Add a transcript instead."
        )
    most = min(limits.file_bytes, _MAX_PAGE_BYTES)
    declared = response.getheader("Content-Length") or ""
    if declared.isdigit() and int(declared) > most:
        raise _too_large(target, most)
    unpack = zlib.decompressobj(31) if response.getheader("Content-Encoding") == "gzip" else None
    data = bytearray()
    while chunk := _read_chunk(response, deadline):
        data += unpack.decompress(chunk, most + 1 - len(data)) if unpack else chunk
        if len(data) > most:
            raise _too_large(target, most)
    if not data:
        raise UnreadableError(f"{target.url} is an empty page.", "There is nothing to read.")
    if response.length or (unpack and not unpack.eof):
        raise UnreadableError(f"{target.url} ended before all of it had come.", "Try again later.")
    return FetchedPage(
        target.url, bytes(data), media_type.lower(), _modified(response), _validators(response)
    )


def _read_chunk(response: http.client.HTTPResponse, deadline: float) -> bytes:
    _patience(deadline)
    return response.read1(_CHUNK_BYTES)


def _patience(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("too slow")
    return min(left, _SILENCE_SECONDS)


def _too_large(target: _Target, most: int) -> LimitError:
    return LimitError(f"{target.url} is larger than {most:,} bytes.", "Save it as a file and add that.")


def _host_header(target: _Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.is_secure else 80) else f"{host}:{target.port}"


def _modified(response: http.client.HTTPResponse) -> float:
    parsed = email.utils.parsedate(response.getheader("Last-Modified") or "")
    try:
        return float(calendar.timegm(parsed)) if parsed else time.time()
    except (ValueError, OverflowError):
        return time.time()
