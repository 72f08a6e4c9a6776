"""The program ``python -m poseidon_nb.sandbox``, which serves a sandbox until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import NoReturn

from poseidon_nb.errors import PoseidonError
from poseidon_nb.sandbox.sandbox import Sandbox
from poseidon_nb.sandbox.settings import RATE_LIMITS, VALIDATIONS
from poseidon_nb.text import is_integer


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the error in one line and exit."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m poseidon_nb.sandbox",
        description="Serve a simulated DigitalOcean account on this machine. Print its URL and token, and run until"
        " interrupted.",
    )
    parser.add_argument("--port", type=int, default=0, metavar="P", help="port on 127.0.0.1 (default: any free port)")
    parser.add_argument("--droplets", type=int, default=12, metavar="N", help="number of droplets (default: 12)")
    parser.add_argument("--seed", type=int, default=7, metavar="S", help="seed of all generated data (default: 7)")
    parser.add_argument(
        "--speed",
        type=float,
        default=20.0,
        metavar="X",
        help="how many times faster actions run than on DigitalOcean (default: 20)",
    )
    parser.add_argument(
        "--lag",
        dest="lag_s",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long a droplet shows its old status after an action has completed, divided by the speed (default: 0)",
    )
    parser.add_argument(
        "--rate-limit", choices=RATE_LIMITS, default="off", help="enforce DigitalOcean's rate limits (default: off)"
    )
    parser.add_argument(
        "--validation",
        choices=VALIDATIONS,
        default="service",
        help="accept what DigitalOcean's service does, or only what its specification describes (default: service)",
    )
    parser.add_argument(
        "--limit",
        dest="limits",
        type=_limit,
        action="append",
        default=[],
        metavar="NAME=N",
        help="limit of the account, such as droplet_limit=25; may be repeated",
    )
    parser.add_argument("--token", metavar="T", help="token that clients must send (default: a random one)")
    parser.add_argument(
        "--limited-token",
        dest="tokens",
        type=_limited_token,
        action="append",
        default=[],
        metavar="T=SCOPES",
        help="further token with these scopes, such as reader=*:read or T=droplet:read,tag:read; may be repeated",
    )
    parser.add_argument(
        "--state", metavar="FILE", help="load the account from FILE if it exists, and save it there after each change"
    )
    _add_tls_arguments(parser)
    return parser


def _add_tls_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tls", action="store_true", help="serve https, with a new certificate (needs poseidon-nb[tls])"
    )
    parser.add_argument("--cert", metavar="FILE", help="serve https with this certificate (PEM)")
    parser.add_argument("--key", metavar="FILE", help="the key of that certificate (PEM)")
    parser.add_argument("--ca-file", metavar="FILE", help="write the certificate that clients have to trust to FILE")


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not is_integer(number):
        raise argparse.ArgumentTypeError(f"expected NAME=NUMBER, such as droplet_limit=25, not {text!r}")
    return name, int(number)


def _limited_token(text: str) -> tuple[str, list[str]]:
    token, _, scopes = text.rpartition("=")
    if not token or not scopes:
        raise argparse.ArgumentTypeError("expected TOKEN=SCOPES, such as reader=*:read")
    return token, scopes.split(",")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM and return the exit status."""
    parser = _parser()
    # Each option is named as the setting of the sandbox.
    settings = vars(parser.parse_args(arguments))
    settings |= {name: dict(settings[name]) for name in ("limits", "tokens")}
    stopped = threading.Event()
    # Installed before the first line is printed: its reader may send the signal at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with Sandbox(**settings) as sandbox:
            sys.stdout.write(f"URL {sandbox.url}\nTOKEN {sandbox.token}\n")
            sys.stdout.flush()
            stopped.wait()
    except PoseidonError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
