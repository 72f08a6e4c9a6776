"""Killed processes leave nothing that `plans resume` does not mend; and the kill run's judge finds what is planted."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.faults.account import Account
from tests.faults.kill_child import FIRST_SIZE, IMAGE, REGION, SIZE
from tests.faults.kill_run import JOBS, Wish, judge, run_kill

RUN = Path(__file__).with_name("kill_run.py")


def test_twenty_killed_processes_are_resumed() -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--kills", "20"], capture_output=True, text=True, check=False, timeout=115
    )
    assert done.stdout.splitlines()[-1].startswith("off 0 twice 0 hidden 0 raw 0 ("), done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_process_that_is_not_killed_leaves_everything_as_asked() -> None:
    for number, job in enumerate(JOBS):
        result = run_kill(number, kill=False)
        assert (result.job, result.findings, result.undone) == (job, [], 0)


def test_a_droplet_that_is_off_one_that_was_resized_twice_and_one_that_nothing_shows_are_found() -> None:
    account = Account(3)

    def droplet(name: str) -> Wish:
        return Wish(name, account.droplet(name, size=FIRST_SIZE, region=REGION, image=IMAGE))

    done, stranded, again = droplet("done"), droplet("stranded"), droplet("again")
    for wish, types in ((done, 1), (again, 2)):
        account.act(wish.id, type="shutdown")
        for size in (SIZE, "s-2vcpu-4gb")[:types][::-1]:
            account.act(wish.id, type="resize", size=size)
        account.act(wish.id, type="power_on")
    account.act(stranded.id, type="shutdown")
    time.sleep(0.1)
    assert judge(account, "resize", [done], {}, begun=True) == []
    kinds = [kind for kind, _ in judge(account, "resize", [stranded, again], {}, begun=True)]
    assert kinds == ["off", "hidden", "twice"]
    # What a list shows is not hidden, and off all the same.
    told = {"after": "k3f resize stranded: shut down"}
    assert [kind for kind, _ in judge(account, "resize", [stranded], told, begun=True)] == ["off"]


def test_a_name_with_two_droplets_and_one_that_was_never_made_are_found() -> None:
    account = Account(3)
    for _ in range(2):
        account.droplet("new-0", size=FIRST_SIZE, region=REGION, image=IMAGE)
    time.sleep(0.1)
    wishes = [Wish("new-0"), Wish("new-1")]
    assert [kind for kind, _ in judge(account, "create", wishes, {}, begun=True)] == ["twice", "hidden"]
    # Where nothing was begun there is nothing to show.
    assert [kind for kind, _ in judge(account, "create", wishes[1:], {}, begun=False)] == []
