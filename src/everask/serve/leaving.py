"""When a client hangs up, what it asked for is cancelled at once, whatever door it came through."""

from __future__ import annotations

import asyncio
import contextlib

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StopWhenGone:
    """An ASGI layer that watches for the client's leaving while the application works."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; cancel it when the client has gone."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sender, receiver = anyio.create_memory_object_stream[Message](0)
        with receiver, anyio.CancelScope() as working:
            watcher = asyncio.ensure_future(_watch(receive, sender, working))
            try:
                await self.app(scope, _reader(receiver, watcher), send)
            finally:
                watcher.cancel()


async def _watch(receive: Receive, sender: MemoryObjectSendStream[Message], scope: anyio.CancelScope) -> None:
    with sender:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                scope.cancel()
                return
            await sender.send(message)


def _reader(receiver: MemoryObjectReceiveStream[Message], watcher: asyncio.Future[None]) -> Receive:
    async def receive() -> Message:
        with contextlib.suppress(anyio.EndOfStream):
            return await receiver.receive()
        # What stopped the watcher, such as a body that is too large, is the application's to answer.
        if watcher.done():
            watcher.result()
        return {"type": "http.disconnect"}

    return receive
