"""The lab's picows server on uvloop: one process, one event loop, callbacks instead of coroutines."""

import asyncio
import json
import os
import signal
import ssl
import time
from pathlib import Path

import uvloop
from picows import WSCloseCode, WSListener, WSMsgType, ws_create_server

MESSAGE_LIMIT = 1024 * 1024
# Bytes that may wait for one client.
WAITING_LIMIT = 4 * 1024 * 1024
# Seconds that clients get to answer the close when the server stops.
CLOSE_TIMEOUT = 5

members = set()
publishers = set()


class Client(WSListener):
    """Puts messages together: picows hands over frames."""

    __slots__ = ("transport", "fragments", "kind")

    def __init__(self):
        self.fragments = None

    def on_ws_connected(self, transport):
        self.transport = transport
        self.clients.add(self)

    def on_ws_disconnected(self, transport):
        self.clients.discard(self)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY) and frame.fin:
            self.receive(frame.msg_type, frame.get_payload_as_memoryview())
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self.receive_fragment(frame)
        if self.waiting() > WAITING_LIMIT:
            transport.disconnect(graceful=False)

    def receive_fragment(self, frame):
        if frame.msg_type != WSMsgType.CONTINUATION:
            self.kind, self.fragments = frame.msg_type, bytearray()
        self.fragments += frame.get_payload_as_memoryview()
        if len(self.fragments) > MESSAGE_LIMIT:
            self.transport.disconnect(graceful=False)
        elif frame.fin:
            message, self.fragments = bytes(self.fragments), None
            self.receive(self.kind, message)

    def waiting(self):
        return self.transport.underlying_transport.get_write_buffer_size()

    def pause_writing(self):
        """A client that does not read its answers is not read from."""
        self.transport.underlying_transport.pause_reading()

    def resume_writing(self):
        self.transport.underlying_transport.resume_reading()


class Member(Client):
    clients = members

    def receive(self, kind, message):
        self.transport.send(kind, message)


class Publisher(Client):
    clients = publishers

    def receive(self, kind, message):
        self.transport.send(WSMsgType.TEXT, publish(kind, bytes(message)).encode())


def publish(kind, message):
    """Sends to every member, and returns the publisher's answer. A member for which too much waits is cut off."""
    began = time.perf_counter()
    addressed = len(members)
    for member in list(members):
        if member.waiting() + len(message) > WAITING_LIMIT:
            members.discard(member)
            member.transport.disconnect(graceful=False)
        else:
            member.transport.send(kind, message)
    return f"sent {addressed} {addressed - len(members)} {round((time.perf_counter() - began) * 1e6)}"


def choose(request):
    """picows answers None with 404."""
    match request.path.partition(b"?")[0]:
        case b"/":
            return Member()
        case b"/publish":
            return Publisher()


def secured():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["C1M_TLS_CERT"], os.environ["C1M_TLS_KEY"])
    return context


async def main():
    port = int(os.environ["C1M_PORT"])
    server = await ws_create_server(
        choose,
        os.environ["C1M_ADDRESS"],
        port,
        backlog=int(os.environ["C1M_BACKLOG"]),
        ssl=secured() if "C1M_TLS_CERT" in os.environ else None,
        max_frame_size=MESSAGE_LIMIT,
        read_buffer_init_size=2048,
    )
    description = json.loads(Path(__file__).with_name("server.json").read_text())
    listening = {"event": "listening", "port": port, "server": "picows", "version": description["framework"]["version"]}
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    print(json.dumps(listening), flush=True)
    await terminated.wait()
    # The loop's own handler is gone when the loop is, and a second SIGTERM would end what Python has left to do.
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.close()
    clients = [client.transport for client in (*members, *publishers)]
    for transport in clients:
        transport.send_close(WSCloseCode.GOING_AWAY)
    if clients:
        gone = [asyncio.create_task(transport.wait_disconnected()) for transport in clients]
        await asyncio.wait(gone, timeout=CLOSE_TIMEOUT)
    print(json.dumps({"event": "stopped", "port": port}), flush=True)


uvloop.run(main())
