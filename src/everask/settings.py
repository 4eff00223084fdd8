"""Settings: one TOML file in the data folder, environment variables over it, and defaults that work.

`[section] field` in the file is `EVERASK_SECTION_FIELD` in the environment. Unknown names are errors,
with the nearest name, because a setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from everask.answer import AnswerSettings
from everask.answer.choosing import ChooseSettings
from everask.answer.saving import ProcessSettings
from everask.dialogue import DialogueSettings
from everask.documents.draft import Limits
from everask.errors import SettingsError
from everask.ingest import SplitSettings
from everask.rank import RankSettings
from everask.read import ReadSettings
from everask.retrieve import RetrieveSettings

FILE_NAME = "everask.toml"

# What a number may be, the least and the most; those that are not here: from 0 on.
BOUNDS: dict[str, tuple[float, float]] = {
    "limits.file_bytes": (1, 1e12),
    "limits.unpacked_bytes": (1, 1e12),
    "limits.text_chars": (1, 1e9),
    "limits.seconds": (1, 86_400),
    "limits.memory_bytes": (1e8, 1e13),
    "limits.members": (1, 1e7),
    "limits.depth": (0, 100),
    "limits.pages": (1, 1e6),
    "search.num_candidates": (1, 10_000),
    "search.num_twins": (0, 10_000),
    "rank.num_hits": (1, 1_000),
    "rank.seconds": (0, 600),
    "evidence.num_hits": (1, 1_000),
    "evidence.num_sentences": (1, 10_000),
    "evidence.num_evidence": (1, 1_000),
    "answer.max_sentences": (1, 100),
    "answer.max_quotes": (1, 100),
    "answer.prompt_tokens": (20, 1e6),
    "answer.answer_tokens": (8, 1e6),
    "answer.ask_above": (0, 1),
    "answer.answer_above": (0, 1),
    "answer.sure_above": (0, 1),
    "answer.support_above": (0, 1),
    "choose.drafts": (0, 16),
    "choose.temperature": (0, 2),
    "choose.margin": (0, 1),
    "process.again_below": (0, 1),
    "models.num_threads": (1, 1_024),
    "serve.max_upload_bytes": (1, 1e12),
    "serve.max_waiting": (1, 1e6),
    "serve.search_processes": (0, 16),
    "embed.asks_per_minute": (1, 1e6),
}
_MOST = float(1 << 53)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which models are used, and where they are.

    `encoder` is a pack's name or a folder. `generator` is "auto" (the best pack that is there), "none",
    a pack's name, or the path of a GGUF file. `adapter` is what that model was taught beside: "auto" (what
    ships with Everask for it), "off", or the path of a GGUF adapter. `remote_url` names an
    OpenAI-compatible server instead, with `remote_model`, and the name of the variable that holds its key.
    `pull` lets Everask fetch a missing encoder by itself.
    """

    encoder: str = "e5-small"
    generator: str = "auto"
    adapter: str = "auto"
    remote_url: str = ""
    remote_model: str = ""
    remote_key_variable: str = "OPENAI_API_KEY"
    folder: str = ""
    num_threads: int = 2
    pull: bool = True


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where the server listens, and what it lets in. Any address but loopback demands a token or users.

    `log` is "text" (warnings and errors) or "json": also a line for each request, without what was asked.
    `members_may_add` lets members upload into their own groups. The newest `keep_asks` answers of each person
    are kept, each for a year at most. Searches have `search_processes` of their own (240 MB each), so that
    they do not wait for what is added and answered meanwhile; 0: they are made by the server's own.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str = ""
    max_upload_bytes: int = 200_000_000
    max_waiting: int = 16
    allow_hosts: tuple[str, ...] = ()
    log: typing.Literal["text", "json"] = "text"
    members_may_add: bool = False
    keep_asks: int = 500
    search_processes: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"serve.port is {self.port}.", "Give one from 1 to 65535; 0 is any free one.")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Logging in at an OpenID Connect provider; off while `issuer` is empty, its address.

    `client_id` is what the provider calls this server, and `secret_variable` the variable of the environment
    that holds its secret; without one it is a public client. What the provider says of itself may name
    `hosts` beside its own, and no others. Groups follow the claim `groups_claim` at each log-in, and who is
    in `admin_group` is an admin; where one of them is empty, that is said here by hand. `members_join`: whom
    the provider knows becomes a member at the first log-in. `address` is how browsers reach this server,
    where that is not what they send.
    """

    issuer: str = ""
    client_id: str = ""
    secret_variable: str = "EVERASK_OIDC_SECRET"
    hosts: tuple[str, ...] = ()
    groups_claim: str = "groups"
    admin_group: str = ""
    members_join: bool = True
    address: str = ""

    def __post_init__(self) -> None:
        for name in ("issuer", "address"):
            if (said := getattr(self, name)) and not _is_safe_address(said):
                raise SettingsError(
                    f"oidc.{name} is {said!r}.", "Give an https:// address, or http:// on this machine."
                )
        if self.issuer and not self.client_id:
            raise SettingsError("oidc.issuer is set and oidc.client_id is not.", "The provider gives one.")


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    """Other sites that may show the ask box `<ea-ask>`; off while `sites` is empty.

    `sites` are origins, such as https://help.example.org. Who asks there is nobody in particular, and is
    answered from what everybody may read and from the documents of `groups`. At most `asks_per_minute`
    questions are taken from one address.
    """

    sites: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    asks_per_minute: int = 10

    def __post_init__(self) -> None:
        for site in self.sites:
            parts = urllib.parse.urlsplit(site)
            if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != site:
                raise SettingsError(
                    f"embed.sites names {site!r}.", "Give a site's origin, such as https://help.example.org."
                )


def _is_safe_address(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    fine = not (parts.query or parts.fragment or parts.username or parts.password)
    return fine and bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, and the data folder it was read from."""

    data: Path
    limits: Limits = field(default_factory=Limits)
    passages: SplitSettings = field(default_factory=SplitSettings)
    search: RetrieveSettings = field(default_factory=RetrieveSettings)
    rank: RankSettings = field(default_factory=RankSettings)
    evidence: ReadSettings = field(default_factory=ReadSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    choose: ChooseSettings = field(default_factory=ChooseSettings)
    process: ProcessSettings = field(default_factory=ProcessSettings)
    dialogue: DialogueSettings = field(default_factory=DialogueSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    embed: EmbedSettings = field(default_factory=EmbedSettings)


def default_data_folder() -> Path:
    """EVERASK_DATA, else the platform's folder for a user's data."""
    return Path(os.environ.get("EVERASK_DATA") or platformdirs.user_data_dir("everask")).expanduser()


def section_types() -> dict[str, type]:
    """Each section's name and its dataclass."""
    hints = typing.get_type_hints(Settings)
    return {name: kind for name, kind in hints.items() if kind is not Path}


def load_settings(data: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `data/everask.toml`, if it is there, and the environment over it.

    Raises SettingsError for a file that is not TOML, an unknown name, or a value of the wrong kind.
    """
    return make_settings(data, _read_table(data / FILE_NAME), environ)


def make_settings(data: Path, table: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """The same from what the file's text says."""
    environ = os.environ if environ is None else environ
    file = data / FILE_NAME
    sections = section_types()
    for name in table:
        if name not in sections:
            raise SettingsError(f"{file}: unknown section [{name}].", _nearest(name, sections))
    made = {
        name: _make_section(kind, table.get(name, {}), environ, f"{file} [{name}]", name)
        for name, kind in sections.items()
    }
    return dataclasses.replace(Settings(data), **made)


def hints_of_settings() -> dict[str, Any]:
    """Every setting's name and the kind of its values."""
    found: dict[str, Any] = {}

    def walk(kind: type, section: str) -> None:
        for name, hint in typing.get_type_hints(kind).items():
            if dataclasses.is_dataclass(hint) and isinstance(hint, type):
                walk(hint, f"{section}.{name}")
            else:
                found[f"{section}.{name}"] = hint

    for section, kind in section_types().items():
        walk(kind, section)
    return found


def hint_of(name: str) -> Any:
    """The kind of a setting's values. Raises SettingsError for a name that is none's."""
    hints = hints_of_settings()
    if name not in hints:
        raise SettingsError(f"There is no setting {name!r}.", _nearest(name, hints))
    return hints[name]


def parse_value(name: str, text: str) -> Any:
    """A setting's value from text, as an environment variable would have it. Raises SettingsError."""
    if not text.isprintable():
        raise SettingsError(f"{name} cannot hold what is not seen, such as line ends.")
    return _bounded(_parse(text, hint_of(name), name), name, name)


def variable_of(name: str) -> str:
    """The variable of the environment that goes before a setting of the file."""
    return f"EVERASK_{name}".replace(".", "_").upper()


def explain_settings(
    settings: Settings, environ: Mapping[str, str] | None = None, table: Mapping[str, Any] | None = None
) -> list[tuple[str, Any, str]]:
    """Every setting as (name, value, where it came from: "default", "file" or "environment"); `table` is what
    the file says, where it should not be read again."""
    environ = os.environ if environ is None else environ
    table = _read_table(settings.data / FILE_NAME) if table is None else table
    rows: list[tuple[str, Any, str]] = []
    for section in section_types():
        rows += _explain_section(getattr(settings, section), table.get(section, {}), environ, section)
    return rows


def _explain_section(
    made: Any, table: Mapping[str, Any], environ: Mapping[str, str], section: str
) -> list[tuple[str, Any, str]]:
    rows: list[tuple[str, Any, str]] = []
    for item in dataclasses.fields(made):
        value, name = getattr(made, item.name), f"{section}.{item.name}"
        if dataclasses.is_dataclass(value):
            rows += _explain_section(value, table.get(item.name, {}), environ, name)
            continue
        origin = "file" if item.name in table else "default"
        if variable_of(f"{section}.{item.name}") in environ:
            origin = "environment"
        rows.append((name, "(set)" if item.name == "token" and value else value, origin))
    return rows


def _read_table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file}: {error}.", "Mend the file, or move it away.") from error


def _make_section(kind: type, table: Any, environ: Mapping[str, str], where: str, section: str) -> Any:
    if not isinstance(table, dict):
        raise SettingsError(f"{where} must be a section, not a value.")
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for name in table:
        if name not in hints:
            raise SettingsError(f"{where}: unknown setting '{name}'.", _nearest(name, hints))
    for name, hint in hints.items():
        variable = variable_of(f"{section}.{name}")
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            inner = table.get(name, {})
            values[name] = _make_section(hint, inner, environ, f"{where}.{name}", f"{section}.{name}")
        elif name in table:
            place = f"{where} {name}"
            values[name] = _bounded(_convert(table[name], hint, place), f"{section}.{name}", place)
        if variable in environ:
            values[name] = _bounded(_parse(environ[variable], hint, variable), f"{section}.{name}", variable)
    return kind(**values)


def _bounded(value: Any, name: str, where: str) -> Any:
    """A value, which as a number is one that makes sense. Raises SettingsError."""
    if type(value) not in (int, float):
        return value
    least, most = BOUNDS.get(name, (0, _MOST))
    if not least <= value <= most:  # nor is what is no number at all
        raise SettingsError(f"{where} must be from {least:,.12g} to {most:,.12g}, not {value!r}.")
    return value


def _convert(value: Any, hint: Any, where: str) -> Any:
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        item = typing.get_args(hint)[0]
        return tuple(_convert(one, item, where) for one in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if typing.get_origin(hint) is typing.Literal:
        if value in typing.get_args(hint):
            return value
        raise SettingsError(
            f"{where} must be one of {', '.join(map(str, typing.get_args(hint)))}, not {value!r}."
        )
    allowed = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if type(value) in allowed:
        return value
    raise SettingsError(f"{where} must be {_kind_name(hint)}, not {value!r}.")


def _parse(text: str, hint: Any, where: str) -> Any:
    """A value from the environment, which is always text."""
    if typing.get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    try:
        if bool in kinds:
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        if int in kinds:
            return int(text)
        if float in kinds:
            return float(text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{where} must be {_kind_name(hint)}, not {text!r}.") from error
    return _convert(text, hint, where)


def _kind_name(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint))


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known)}."
