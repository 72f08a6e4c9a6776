"""Measure what this package promises about speed: one command, one table, exit status 1 where a bar is missed.

::

    python tests/benchmarks/run.py [--rounds 5] [--only frames] [--quick]

All sides run on this machine, in one run, against loopback servers in processes of their own, and are compared as
ratios of medians; the API's servers wait 60 ms before every answer and send gzip. `--quick` runs everything small and
once, and judges nothing: it shows that the benchmarks work.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import cost
import engine
import extension_load
import fleet
import frames_race
import metrics
import notebook_runs
import panels
import rightsizing
import sandbox_speed
import waiting
from report import heading

ROOT = Path(__file__).parents[2]
BENCHMARKS = {
    module.NAME: module
    for module in (
        frames_race,
        extension_load,
        waiting,
        engine,
        panels,
        fleet,
        cost,
        metrics,
        rightsizing,
        sandbox_speed,
        notebook_runs,
    )
}


def main() -> int:
    """Run what was asked for; gives the exit status."""
    parser = argparse.ArgumentParser(description="Measure what poseidon_nb promises about speed.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs; medians are compared")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="run only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small, once, and without judgement")
    given = parser.parse_args()
    # The processes started from here find the package in this checkout, installed or not.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    sys.path.insert(0, str(ROOT))
    print(heading(), flush=True)
    missed = 0
    for name in given.only or BENCHMARKS:
        try:
            for row in BENCHMARKS[name].measure(rounds=1 if given.quick else given.rounds, quick=given.quick):
                print(row.line(judged=not given.quick), flush=True)
                missed += row.verdict == "FAIL" and not given.quick
        except (RuntimeError, OSError, ImportError) as error:
            print(f"{name} could not be measured: {error}", flush=True)
            missed += 1
    if missed:
        print(f"{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
