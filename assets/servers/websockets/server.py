"""The lab's websockets server: its asyncio implementation on uvloop, one process, one event loop."""

import asyncio
import json
import os
import signal
import ssl
import time
from contextlib import suppress
from pathlib import Path

import uvloop
from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed

# Bytes that may wait for one member.
WAITING_LIMIT = 4 * 1024 * 1024
# Seconds that clients get to answer the close when the server stops.
CLOSE_TIMEOUT = 5

members = set()


def refuse_unknown(connection, request):
    if path_of(request) not in ("/", "/publish"):
        return connection.respond(404, "Not found\n")


def path_of(request):
    return request.path.partition("?")[0]


async def handle(connection):
    """Begins in the same turn of the loop that sent the 101: nothing is published in between."""
    try:
        if path_of(connection.request) == "/":
            members.add(connection)
            await echo(connection)
        else:
            await answer(connection)
    except ConnectionClosed:
        pass
    finally:
        members.discard(connection)


async def echo(member):
    """send() waits for a client that does not read its echoes, which is then not read from."""
    async for message in member:
        await member.send(message)


async def answer(publisher):
    async for message in publisher:
        await publisher.send(publish(message))


def publish(message):
    """Sends to every member, and returns the publisher's answer. A member for which too much waits is cut off."""
    began = time.perf_counter()
    addressed = len(members)
    slow = [member for member in members if member.transport.get_write_buffer_size() + len(message) > WAITING_LIMIT]
    for member in slow:
        members.discard(member)
        member.transport.abort()
    broadcast(members, message)
    return f"sent {addressed} {len(slow)} {round((time.perf_counter() - began) * 1e6)}"


def certificate():
    if "C1M_TLS_CERT" not in os.environ:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["C1M_TLS_CERT"], os.environ["C1M_TLS_KEY"])
    return context


def report(event, **more):
    print(json.dumps({"event": event, "port": int(os.environ["C1M_PORT"]), **more}), flush=True)


async def main():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    description = json.loads(Path(__file__).with_name("server.json").read_text())
    server = await serve(
        handle,
        os.environ["C1M_ADDRESS"],
        int(os.environ["C1M_PORT"]),
        process_request=refuse_unknown,
        backlog=int(os.environ["C1M_BACKLOG"]),
        ssl=certificate(),
        compression=None,
        ping_interval=None,
        close_timeout=CLOSE_TIMEOUT,
    )
    report("listening", server=description["name"], version=description["framework"]["version"])
    await stopping.wait()
    # The loop's own handler is gone when the loop is, and a second SIGTERM would end what Python has left to do.
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.close()
    with suppress(asyncio.TimeoutError):
        # A request that is not complete would hold it up for 10 s.
        await asyncio.wait_for(server.wait_closed(), CLOSE_TIMEOUT + 1)
    report("stopped")


uvloop.run(main())
