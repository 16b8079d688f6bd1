"""Runs the emulator of AWS on a free port of this machine, prints the port, and ends when its standard input does.

Whoever starts it holds the other end of that pipe: when that process ends, however it ends, so does the emulator.
"""

import os
import sys

import moto_options
import moto_patches
from moto.server import ThreadedMotoServer

moto_patches.apply()
moto_options.apply()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.buffer.read()
os._exit(0)
