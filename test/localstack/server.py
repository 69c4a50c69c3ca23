"""Runs LocalStack in this process, at 127.0.0.1 alone, until standard input ends: it never outlives who started it."""

import functools
import os
import runpy
import sys
import threading

from twisted.internet import endpoints


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


# LocalStack takes the port of GATEWAY_LISTEN and listens on all addresses, whatever host it names.
endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

threading.Thread(target=end_with_parent, daemon=True).start()
runpy.run_module("localstack.runtime.main", run_name="__main__")
