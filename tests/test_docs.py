"""The documentation is true: examples run, numbers are recomputed, links lead somewhere, and sentences are short.

To store new outputs: ``POSEIDON_UPDATE=1 python -m pytest tests/test_docs.py``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
NOTEBOOKS = ROOT / "notebooks"
GUIDES = sorted(NOTEBOOKS.glob("*.ipynb"))
MAX_README_LINES = 200
#: On average, in words.
MAX_SENTENCE_WORDS = 18
#: A code block, and the output below it, if it has one.
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<output>.*?)```\n)?", re.DOTALL)


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
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_changing_parts(text: str) -> str:
    """Return text without what differs from run to run: ports, ids of requests, and seconds."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"completed in \d+ s", "completed in N s", text)
    return trimmed(text)


def trimmed(text: str) -> str:
    """Return text without spaces at the ends of lines and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


SESSION = """
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pandas as pd
from IPython.core.interactiveshell import InteractiveShell

pd.set_option("display.width", 100)
shell = InteractiveShell.instance(colors="NoColor")
outputs = []
for cell in CELLS:
    with redirect_stdout(StringIO()) as output, redirect_stderr(output):
        result = shell.run_cell(cell, store_history=True)
    if not result.success:
        sys.exit(f"{cell}\\n{output.getvalue()}")
    outputs.append(re.sub(r"^Out\\[\\d+\\]: \\n?", "", output.getvalue(), flags=re.MULTILINE))
print(json.dumps(outputs))
"""


def test_the_examples_of_the_readme_print_what_it_shows():
    text = README.read_text()
    examples = [*EXAMPLE.finditer(text)]
    assert len(examples) > 6
    assert sum(example["output"] is not None for example in examples) >= 5
    cells = [example["code"] for example in examples]
    outputs = json.loads(run(f"CELLS = {cells!r}\n{SESSION}").splitlines()[-1])
    if os.environ.get("POSEIDON_UPDATE"):
        for example, output in zip(reversed(examples), reversed(outputs), strict=True):
            if example["output"] is not None:
                text = f"{text[: example.start('output')]}{trimmed(output)}\n{text[example.end('output') :]}"
        README.write_text(text)
        return
    for example, output in zip(examples, outputs, strict=True):
        if example["output"] is not None:
            assert without_changing_parts(example["output"]) == without_changing_parts(output)


def test_every_question_of_the_readme_is_answered_by_its_commands():
    import poseidon_nb as po

    table = README.read_text().split("| question | command |")[1].split("\n\n")[0]
    commands = re.findall(r"`%do ([^`]+)`", table)
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


def test_the_numbers_of_operations_in_the_readme_are_true():
    import poseidon_nb as po

    coverage = po.Sandbox().coverage()
    text = README.read_text()
    total = re.compile(r"\d+(?= operations)")
    assert len(total.findall(text)) > 1
    assert "The sandbox simulates all " in text
    assert coverage["simulated"] == coverage["total"]
    real = total.sub(str(coverage["total"]), text)
    if os.environ.get("POSEIDON_UPDATE"):
        README.write_text(real)
        return
    assert text == real


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *GUIDES], ids=lambda path: path.stem)
def test_the_numbers_of_operations_elsewhere_are_true(page):
    import poseidon_nb as po

    total = str(po.Sandbox().coverage()["total"])
    assert {*re.findall(r"\b(\d{3})(?= operations)", prose_of(page))} <= {total}


def test_the_guide_to_the_sandbox_shows_what_is_simulated():
    import poseidon_nb as po

    cells = nbformat.read(NOTEBOOKS / "12_sandbox.ipynb", as_version=4).cells
    # `tests/test_notebooks.py` runs these cells and compares each figure.
    (table,) = [cell for cell in cells if cell.cell_type == "code" and 'groupby("tag")["simulated"]' in cell.source]
    assert "exact" in table.metadata["tags"]
    shown = table.outputs[0]["data"]["text/plain"]
    for row in po.Sandbox().coverage()["operations"]:
        assert re.search(rf"^{re.escape(str(row['tag']))} +\d+ +\d+$", shown, re.MULTILINE), row["tag"]


def test_the_guide_to_the_language_shows_the_complete_help():
    cells = nbformat.read(NOTEBOOKS / "10_language.ipynb", as_version=4).cells
    # `tests/test_notebooks.py` runs this cell and compares each character.
    (cell,) = [cell for cell in cells if cell.source == "%do"]
    assert "exact" in cell.metadata["tags"]
    shown = "".join(output.get("text") or output["data"]["text/plain"] for output in cell.outputs)
    assert "%do GROUP VERB [ARGUMENTS] [--options]" in shown


def test_the_comparison_in_the_readme_has_no_empty_cell():
    table = README.read_text().split("## Compared with other tools\n\n")[1].split("\n\n")[0].splitlines()
    width = table[0].count("|")
    for line in table[1:]:
        assert line.count("|") == width, line
        assert not re.search(r"\|\s*\|", line), line


def test_the_readme_is_short():
    assert len(README.read_text().splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize(
    "page", [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *GUIDES], ids=lambda path: path.stem
)
def test_sentences_are_short(page):
    counts = [len(sentence.split()) for sentence in sentences_of(prose_of(page))]
    assert len(counts) > 10
    assert sum(counts) / len(counts) < MAX_SENTENCE_WORDS


def prose_of(page: Path) -> str:
    """Return a page of Markdown, or the Markdown cells of a notebook."""
    if page.suffix != ".ipynb":
        return page.read_text()
    cells = nbformat.read(page, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def sentences_of(markdown: str) -> list[str]:
    """Return the sentences of Markdown, without headings, tables, code and pictures; an item of a list is at least one."""
    text = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>|^#.*$|^\|.*$", "", text, flags=re.MULTILINE)
    # A list that continues a sentence, and code in it, count as they are read.
    text = re.sub(r"`[^`]*`", "CODE", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    parts = re.split(r"\n\s*\n|\n\s*[-*\d]+\.? |(?<=[.!?])\s+", text)
    return [part for part in parts if re.search(r"\w", part)]


@pytest.mark.parametrize("page", [README, ROOT / "CONTRIBUTING.md", *GUIDES], ids=lambda path: path.stem)
def test_links_and_pictures_lead_to_files_of_the_repository(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", prose_of(page))
    for target in (one or other for one, other in targets):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_pictures_of_the_readme_have_a_description():
    pictures = re.findall(r"<img [^>]*>", README.read_text())
    assert "notebooks/pictures/panel.gif" in pictures[0]
    for picture in pictures:
        description = re.search(r'alt="([^"]*)"', picture)
        assert description, picture
        assert len(description[1]) > 30, picture


@pytest.mark.parametrize("command", re.findall(r"```bash\n(.*?)\n```", README.read_text(), re.DOTALL))
def test_a_command_of_the_readme_names_files_that_exist(command):
    for name in re.findall(r"(?:notebooks|tests)/[\w/.]+", command):
        assert (ROOT / name).exists(), name


def test_the_checks_find_their_commands_in_the_readme():
    found = re.findall(r"^\w+=\"\$\(from_readme '([^']+)'\)\"$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert len(found) == 2
    for command in found:
        assert re.search(rf"^{re.escape(command)}", README.read_text(), re.MULTILINE), command


def test_the_glossary_is_in_alphabetical_order():
    glossary = (ROOT / "CONTRIBUTING.md").read_text().split("## Glossary")[1].split("\n## ")[0]
    terms = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", glossary, re.MULTILINE)[1:]
    assert len(terms) > 40
    assert terms == sorted(terms)


def test_the_changelog_describes_this_version():
    import poseidon_nb as po

    assert f"## [{po.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
