"""Fresh kernels that are there at once: each is forked off from a process that has done all their imports.

``python kernel_nursery.py serve SOCKET`` is that process. ``python kernel_nursery.py start SOCKET -f CONNECTION`` is what
a server of notebooks starts in place of a kernel: it has one forked off, and the two end together.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading

#: Whatever the cells of the tests make a kernel import. Of the package, these modules import most of the others.
IMPORTS = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "IPython.core.completer", "jedi"),
    *("ipywidgets", "itables.widget", "msgspec", "pandas", "plotly.graph_objects", "requests", "yaml"),
    *(
        "poseidon_nb.magics.magic",
        "poseidon_nb.magics.do",
        "poseidon_nb.magics.completion",
        "poseidon_nb.magics.panels",
    ),
    *("poseidon_nb.magics.fleet_panel", "poseidon_nb.magics.size_explorer", "poseidon_nb.client.client"),
    *("poseidon_nb.commands.droplets.run", "poseidon_nb.commands.panel.run", "poseidon_nb.commands.sandbox.run"),
    *("poseidon_nb.commands.explore.run", "poseidon_nb.plans.journal", "poseidon_nb.widgets.plan_panel"),
    *("poseidon_nb.sandbox.server", "poseidon_nb.frames.html_table"),
)


def serve(address: str) -> None:
    """Do the imports, and fork off a kernel for each connection until the process is ended."""
    for name in IMPORTS:
        __import__(name)
    # Who is not waited for leaves no trace.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _be_kernel(connection)
            connection.close()


def _be_kernel(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    with connection.makefile() as lines:
        asked = json.loads(lines.readline())
    # A kernel ends when this is not its parent any more.
    os.environ.clear()
    os.environ.update({**asked["environment"], "JPY_PARENT_PID": str(os.getppid())})
    os.chdir(asked["folder"])
    connection.sendall(f"{os.getpid()}\n".encode())
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp

    application = IPKernelApp.instance()
    application.initialize(asked["arguments"])
    # Its import did not see the kernel: without this, a page that is loaded again asks each widget for its state.
    ipywidgets.register_comm_target()
    application.start()
    os._exit(0)


def _end_with(connection: socket.socket) -> None:
    connection.recv(1)
    os._exit(0)


def start(address: str, *arguments: str) -> None:
    """Have a kernel forked off, pass on what interrupts it, and end when it ends."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        asked = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109  # light
        connection.sendall(f"{json.dumps(asked)}\n".encode())
        with connection.makefile() as lines:
            process = int(lines.readline())
            signal.signal(signal.SIGINT, lambda *_: os.kill(process, signal.SIGINT))
            lines.read()


if __name__ == "__main__":
    {"serve": serve, "start": start}[sys.argv[1]](*sys.argv[2:])
