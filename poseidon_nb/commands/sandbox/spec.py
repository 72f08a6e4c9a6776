"""The commands `%do sandbox`."""

from __future__ import annotations

from poseidon_nb.language.spec import Argument, Group, Option, Verb

SANDBOX = Group(
    name="sandbox",
    help="simulated account inside this kernel; no token, no cost",
    verbs=(
        Verb(
            name="start",
            help="start the sandbox, and use it as the account of %do",
            run="sandbox.run:start",
            options=(
                Option(field="droplets", help="number of droplets in the account", type="integer", default="12"),
                Option(field="seed", help="seed of the random data", type="integer", default="7"),
                Option(
                    field="speed",
                    help="how many times faster actions are than on DigitalOcean",
                    type="number",
                    default="20",
                ),
                Option(
                    field="rate_limit",
                    help="enforce DigitalOcean's rate limit",
                    metavar="off|real",
                    suggests=("off", "real"),
                    closed=True,
                    default="off",
                ),
                Option(field="port", help="TCP port on 127.0.0.1", type="integer", default="any free port"),
                Option(field="state", help="file with a saved account to load", metavar="FILE", source="files"),
                Option(field="share", help="let your other notebooks on this machine join it", type="flag"),
            ),
            example="%do sandbox start --droplets 12 --seed 7",
        ),
        Verb(
            name="connect",
            help="join a sandbox that another notebook or program runs, and use it as the account of %do",
            run="sandbox.run:connect",
            arguments=(
                Argument(
                    name="url",
                    metavar="URL",
                    help="the address that %do sandbox start --share prints. Without --share, put the token into"
                    " POSEIDON_SANDBOX_TOKEN, or type it when asked",
                ),
            ),
            aliases=("join",),
            example="%do sandbox connect http://127.0.0.1:8080",
        ),
        Verb(
            name="status",
            help="show whether the sandbox is running, and where",
            run="sandbox.run:status",
            example="%do sandbox status",
        ),
        Verb(
            name="reset",
            help="restore the initial state of the account",
            run="sandbox.run:reset",
            example="%do sandbox reset",
        ),
        Verb(
            name="stop",
            help="stop the sandbox, or only disconnect from a joined one; %do then has no account until you select one",
            run="sandbox.run:stop",
            example="%do sandbox stop",
        ),
    ),
)
