"""The HTTP application: one gate, then pages, REST, OpenAI-compatible API and MCP, on one port."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from everask import __version__
from everask.errors import EveraskError
from everask.pipeline.searchers import SWITCH_SECONDS, Searchers
from everask.pipeline.watching import Watcher
from everask.serve import assets, errors
from everask.serve.acts_api import acts_router
from everask.serve.api import api_router
from everask.serve.auth import Gate, check_settings
from everask.serve.connections import watch_connections
from everask.serve.description import Description
from everask.serve.doors import open_doors
from everask.serve.embed import embed_router
from everask.serve.glosses import glosses_router
from everask.serve.health import ReadyReply, get_health, get_ready
from everask.serve.learning import learning_router
from everask.serve.leaving import StopWhenGone
from everask.serve.limits import BodyLimit
from everask.serve.login import login_router
from everask.serve.logs import set_up_logs
from everask.serve.mcp import McpDoor
from everask.serve.metrics import Metrics, get_metrics
from everask.serve.observing import Observed
from everask.serve.oidc_login import oidc_router
from everask.serve.openai import openai_router
from everask.serve.pages import pages_router
from everask.serve.people import people_router
from everask.serve.quality import quality_router
from everask.serve.rendering import prepare_templates
from everask.serve.rights import rights_router
from everask.serve.settings_api import settings_router
from everask.serve.shedding import Shedding
from everask.serve.topics import topics_router
from everask.serve.why import why_router
from everask.serve.wording import NAMES
from everask.settings import ServeSettings

if TYPE_CHECKING:
    from everask.pipeline import Engine

SECONDS_TO_FINISH = 3
SECONDS_KEPT_ALIVE = 30
DESCRIPTION = (
    "Answers from your own documents, every sentence tied to the words that support it. "
    "Offsets count characters of a document's extracted text."
)

BEFORE_PAGES = (api_router, acts_router, why_router, quality_router, openai_router)
AFTER_PAGES = (
    *(login_router, oidc_router, embed_router, rights_router, people_router),
    *(topics_router, settings_router, learning_router, glosses_router),
)


def create_app(engine: Engine, settings: ServeSettings, searchers: Searchers | None = None) -> FastAPI:
    """The application; without `searchers` its own threads search. Raises SettingsError where others could
    reach it without token or users."""
    doors = open_doors(engine, settings, searchers)
    check_settings(settings, has_users=doors.guard.with_provider or doors.guard.accounts.exist())
    mcp = McpDoor(doors)
    metrics = Metrics()
    metrics.watch(doors)
    watch_connections()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.watcher = watcher = Watcher(engine)
        async with mcp.run():
            threading.Thread(target=_prepare_pages, name="everask-pages", daemon=True).start()
            yield
        doors.asks.close()
        doors.embedded.close()
        await anyio.to_thread.run_sync(watcher.close)
        with anyio.move_on_after(SECONDS_TO_FINISH):
            await anyio.to_thread.run_sync(doors.searchers.close, abandon_on_cancel=True)

    app = FastAPI(
        title="Everask",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.doors = doors
    app.state.metrics = metrics
    app.add_middleware(StopWhenGone)
    app.add_middleware(BodyLimit, max_upload_bytes=settings.max_upload_bytes)
    app.add_middleware(Gate, guard=doors.guard)
    app.add_middleware(Shedding, doors=doors)
    app.add_middleware(Observed, metrics=metrics)
    app.add_exception_handler(EveraskError, errors.on_everask_error)
    app.add_exception_handler(HTTPException, errors.on_http_error)
    app.add_exception_handler(RequestValidationError, errors.on_invalid_request)
    app.add_exception_handler(Exception, errors.on_crash)
    app.add_api_route("/healthz", get_health, methods=["GET"])
    app.add_api_route("/readyz", get_ready, methods=["GET"], responses={503: {"model": ReadyReply}})
    app.add_api_route("/metrics", get_metrics, methods=["GET"], include_in_schema=False)
    pages = pages_router()
    app.state.screens = frozenset(route.path for route in pages.routes if isinstance(route, Route))
    for router in (*(make() for make in BEFORE_PAGES), pages, *(make() for make in AFTER_PAGES)):
        app.include_router(router)
    app.router.routes.append(Description(app).route())
    app.router.routes.append(Route("/mcp", mcp, methods=["GET", "POST", "DELETE"], include_in_schema=False))
    app.mount(assets.PREFIX, assets.Assets())
    return app


def _prepare_pages() -> None:
    for language in NAMES:
        prepare_templates(language)


class _Server(uvicorn.Server):
    """Says where it listens, as soon as it does."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[str], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._listens(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def run_server(engine: Engine, settings: ServeSettings, listens: Callable[[str], None]) -> None:
    """Serve until interrupted; `listens` hears the address when it can be opened.

    Raises SettingsError like `create_app`.
    """
    set_up_logs(settings.log)
    sys.setswitchinterval(SWITCH_SECONDS)
    searchers = Searchers(engine, settings.search_processes)
    app = create_app(engine, settings, searchers)
    searchers.start()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        timeout_keep_alive=SECONDS_KEPT_ALIVE,
    )
    _Server(config, listens).run()
