"""All sentences that users can meet, collected from the code and stored in one file, to be read as a whole."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "poseidon_nb"
STORED = Path(__file__).with_name("sentences.txt")
#: Fewer words are a name or a label.
MIN_WORDS = 3
#: More words are two sentences.
MAX_WORDS = 24
#: What is written in another language: HTML, CSS, JavaScript, regular expressions, types.
CODE = re.compile(r"</?\w+|[{}]\s*$|=>|;\s*$|\(\?|\\[dswb]|\[\w+\]|^[\w.]+\[|function\b|const |return ")
#: British spellings, archaic words, and terms that the glossary replaces.
AVOID = re.compile(
    r"\b(\w*[cC]olour|behaviour\w*|favour\w*|labell\w+|cancell(?:ed|ing)|licence|organis\w+|analys(?:e|es|ed|ing)|grey|catalogues|"
    r"whilst|anew|upon|shall|e-mail|host names?|nobody|thereof|as yet|put back|can be had|is to be \w+|"
    r"processors?|samples?|figures?|windows?)\b"
)
#: Correct uses of such words.
ALLOWED = ("backup window", "maintenance window", "time window", "valid host name")


def sentences() -> Iterator[tuple[str, str]]:
    """Return the file and the text of each string that reads as a sentence; docstrings are not among them."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text())
        outside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        outside |= {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
        } - {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
        for node in ast.walk(tree):
            if id(node) not in outside and (text := _text(node)):
                yield file.relative_to(PACKAGE).as_posix(), text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else f"{{{_name(part)}}}" for part in node.values)
        text = "".join(map(str, parts))
    else:
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    words = re.findall(r"[^\W\d_][\w'-]*", re.sub(r"\{[^}]*\}", "x", text))
    return " ".join(text.split()) if len(words) >= MIN_WORDS and " " in text.strip() and not CODE.search(text) else ""


def _name(part: ast.AST) -> str:
    """Return the last name in a placeholder: it says what stands there, and nothing of how it is found."""
    names = [
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(part)
        if isinstance(one, ast.Attribute | ast.Name)
    ]
    return names[0] if len(names) == 1 else "..."


def test_the_stored_sentences_are_those_of_the_code() -> None:
    """Run with POSEIDON_UPDATE=1 to store them again, and read the difference."""
    lines = dict.fromkeys(f"{file}: {text}" for file, text in sentences())
    text = "\n".join(lines) + "\n"
    if os.environ.get("POSEIDON_UPDATE"):
        STORED.write_text(text)
    assert text == STORED.read_text()


def test_no_sentence_has_a_word_that_the_glossary_replaces() -> None:
    found = []
    for file, text in sentences():
        without = text
        for allowed in ALLOWED:
            without = without.replace(allowed, "")
        if match := AVOID.search(without):
            found.append(f"{file}: {match[0]}: {text}")
    assert found == []


def test_sentences_are_short() -> None:
    found = [
        one for _, text in sentences() for one in re.split(r"(?<=[.?!;])\s+", text) if len(one.split()) > MAX_WORDS
    ]
    assert found == []
