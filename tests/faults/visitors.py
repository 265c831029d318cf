"""Visitors of the dashboard without a browser: they speak its protocol, which costs a fraction of a page's work.

As in the browser, a part of a page that follows a run is asked for again at the interval the server names, whatever
became of the last answer; elements are kept by their hash, so that the server need not send them twice; and so are the
numbers of a chart, which are fetched by their addresses.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

KEPT_RUNS = 2  # as the browser, which forgets an element that was in none of so many last answers


@dataclass(eq=False)
class Visitor:
    """One open page on a run's affinities.

    Attributes:
        seen: when a series with a new end was there with all its numbers, in seconds since 1970, and the step of that.
        answers: how often the page, or a part of it, was drawn.
        received: bytes.
        errors: what the page said in error boxes.
        paused: ask for nothing.
    """

    address: str
    page: str
    query: str
    seen: list[tuple[float, int]] = field(default_factory=list)
    answers: int = 0
    received: int = 0
    errors: list[str] = field(default_factory=list)
    paused: bool = False
    _hash: str = ""  # of the page
    _kept: dict[str, int] = field(default_factory=dict)  # hash of an element → the answer that last had it
    _timers: dict[str, tuple[float, asyncio.Task]] = field(default_factory=dict)
    _pieces: set[str] = field(default_factory=set)  # addresses of numbers that are here
    _fetching: set[asyncio.Task] = field(default_factory=set)

    async def stay(self, drawn: asyncio.Event) -> None:
        """Open the page, set ``drawn`` once it is there, and follow it until cancelled."""
        address = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        async with connect(address, subprotocols=["streamlit"], max_size=None) as connection:
            try:
                await self._ask(connection)
                async for content in connection:
                    await self._take(connection, content)
                    if self.answers:
                        drawn.set()
            finally:
                for _, timer in self._timers.values():
                    timer.cancel()

    async def _ask(self, connection: ClientConnection, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self._hash, fragment
        state.page_name = "" if self._hash else self.page
        state.is_auto_rerun = bool(fragment)
        state.cached_message_hashes.extend(self._kept)
        state.context_info.url = f"{self.address}/{self.page}?{self.query}"
        await connection.send(message.SerializeToString())

    async def _again(self, connection: ClientConnection, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            if not self.paused:
                await self._ask(connection, fragment)

    async def _take(self, connection: ClientConnection, content: bytes) -> None:
        self.received += len(content)
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._hash = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self._stop(list(self._timers))
        elif kind == "auto_rerun":
            self._repeat(connection, message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self.answers += 1
            self._kept = {each: last for each, last in self._kept.items() if self.answers - last <= KEPT_RUNS}
        elif kind == "ref_hash":
            self._kept[message.ref_hash] = self.answers
        elif kind == "delta":
            if message.metadata.cacheable:
                self._kept[message.hash] = self.answers
            self._look(message)

    def _repeat(self, connection: ClientConnection, fragment: str, seconds: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == seconds:
            return
        self._stop([fragment])
        self._timers[fragment] = seconds, asyncio.create_task(self._again(connection, fragment, seconds))

    def _stop(self, fragments: Sequence[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment)[1].cancel()

    def _look(self, message: ForwardMsg) -> None:
        """Note where the series of a chart ends, and what an error box says."""
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "alert" and element.alert.format == element.alert.ERROR:
            self.errors.append(element.alert.body)
        elif kind == "bidi_component":
            series = json.loads(element.bidi_component.json).get("series")
            if series is not None:
                task = asyncio.create_task(self._fetch(series))
                self._fetching.add(task)
                task.add_done_callback(self._fetching.discard)

    async def _fetch(self, series: dict) -> None:
        pieces = {address for member in series["members"] for address in member["pieces"]}
        await asyncio.gather(*(asyncio.to_thread(self._get, address) for address in pieces - self._pieces))
        self._pieces = pieces
        end = series["edges"][-1]
        if not self.seen or end > self.seen[-1][1]:
            self.seen.append((time.time(), end))

    def _get(self, path: str) -> None:
        with urllib.request.urlopen(self.address + path, timeout=30) as reply:
            self.received += len(reply.read())
