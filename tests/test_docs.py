"""What the README shows is what happens.

To store new outputs: ``POSEIDON_UPDATE=1 python -m pytest tests/test_docs.py``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def block(name: str) -> str:
    """Give the fenced block between two marks."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```\n<!-- /{name} -->", README.read_text(), re.DOTALL)
    assert found, f"the README has no block {name!r}"
    return found[1]


def run(code: str) -> str:
    """Run code in a fresh interpreter, as a reader would."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def same_but_for_numbers(text: str) -> str:
    """Leave out what differs from run to run: ports, ids of requests, seconds, and the width that they give to columns."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"completed in \d+ s", "completed in N s", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


SESSION = """
import sys
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
pd.set_option("display.width", 100)
sys.stderr = sys.stdout
shell = InteractiveShell.instance(colors="NoColor")
for number, line in enumerate(LINES, 1):
    print(f"In [{number}]: {line}", flush=True)
    shell.run_cell(line, store_history=True)
    print()
"""


def test_the_session_on_the_first_screen_is_real():
    shown = re.search(r"```text\n(In \[1\].*?)```", README.read_text(), re.DOTALL)
    assert shown, "the README has no session"
    lines = re.findall(r"^In \[\d+\]: (.*)$", shown[1], re.MULTILINE)
    real = run(f"LINES = {lines!r}\n{SESSION}")
    if os.environ.get("POSEIDON_UPDATE"):
        README.write_text(README.read_text().replace(shown[1], f"{real.strip()}\n"))
        return
    assert same_but_for_numbers(shown[1]) == same_but_for_numbers(real)


def test_the_help_in_the_readme_is_the_help():
    from poseidon_nb.commands.help import help_text

    shown = block("help")
    real = help_text().split("\nOther words for the same")[0].strip()
    if os.environ.get("POSEIDON_UPDATE"):
        text = README.read_text()
        README.write_text(text.replace(f"```text\n{shown}```\n<!-- /help", f"```text\n{real}\n```\n<!-- /help"))
        return
    assert shown.strip() == real


@pytest.mark.parametrize("name", ["example", "analysis"])
def test_a_python_example_prints_what_the_readme_says(name):
    shown = re.search(rf"(<!-- /{name} -->\n\n```text\n)(.*?)```", README.read_text(), re.DOTALL)
    assert shown, "the README shows no output"
    real = run(block(name)).strip("\n")
    if os.environ.get("POSEIDON_UPDATE"):
        README.write_text(README.read_text().replace(shown[0], f"{shown[1]}{real}\n```"))
        return
    assert real == shown[2].strip("\n")


def test_every_command_that_the_readme_answers_a_question_with_answers_it():
    import poseidon_nb as po

    section = README.read_text().split("## From data to a decision")[1].split("\n## ")[0]
    commands = re.findall(r"`%do ([^`]+)`", section)
    assert len(commands) > 10
    po.do("sandbox start")
    try:
        for command in commands:
            answer = po.do(command)
            assert answer is not None, command
            if hasattr(answer, "close"):
                answer.close()
    finally:
        po.do("sandbox stop")


def test_the_pydo_example_works():
    assert run(block("pydo")).strip() == "12"


def coverage_table(operations: list[dict[str, object]]) -> str:
    """Give what is simulated as a table by tag, and what is not as a sentence."""
    tags: dict[str, list[bool]] = {}
    for row in operations:
        tags.setdefault(str(row["tag"]), []).append(bool(row["simulated"]))
    known = sorted(tag for tag, simulated in tags.items() if any(simulated))
    lines = ["| part of the API | operations | simulated |", "|---|---:|---:|"]
    lines += [f"| {tag} | {len(tags[tag])} | {sum(tags[tag])} |" for tag in known]
    rest = ", ".join(f"{tag} ({len(tags[tag])})" for tag in sorted(tags.keys() - known))
    return "\n".join([*lines, "", f"Not simulated: {rest}.", ""])


def test_what_the_readme_says_is_simulated_is_what_the_sandbox_says():
    import poseidon_nb as po

    told = po.Sandbox().coverage()
    number = re.compile(r"(?<=<!-- simulated -->)\d+(?=<!-- /simulated -->)")
    table = re.compile(r"(?<=<!-- coverage -->\n).*?(?=<!-- /coverage -->)", re.DOTALL)
    text = README.read_text()
    assert number.search(text), "the README does not say how much is simulated"
    assert table.search(text), "the README does not say what is simulated"
    real = number.sub(str(told["simulated"]), text)
    real = table.sub(lambda _: coverage_table(told["operations"]), real)
    if os.environ.get("POSEIDON_UPDATE"):
        README.write_text(real)
        return
    assert text == real


def test_every_mention_of_how_many_operations_there_are_is_true():
    import poseidon_nb as po

    total = po.Sandbox().coverage()["total"]
    mentions = re.findall(r"\b(\d{3})(?= of them\b| operations|`? of the API|, by `%do`)", README.read_text())
    assert mentions
    assert {*mentions} == {str(total)}


@pytest.mark.parametrize("command", re.findall(r"```bash\n(.*?)\n```", README.read_text(), re.DOTALL))
def test_a_command_of_the_readme_names_files_that_are_there(command):
    for name in re.findall(r"(?:notebooks|tests)/[\w/.]+", command):
        assert (ROOT / name).exists(), name


def test_the_changelog_tells_of_this_version():
    import poseidon_nb as po

    assert f"## {po.__version__}" in (ROOT / "CHANGELOG.md").read_text()
