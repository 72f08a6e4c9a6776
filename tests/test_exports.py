"""The public names of the package: all of them exist, and no others are promised."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import poseidon_nb
from poseidon_nb import errors, plots

SOURCE = ast.parse(Path(poseidon_nb.__file__).read_text(encoding="utf-8"))


def names_for_type_checkers() -> dict[str, str]:
    """Return the names in the ``if TYPE_CHECKING`` block, each with its module."""
    block = next(node for node in SOURCE.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {
        alias.name: node.module for node in imports for alias in node.names if node.module.startswith("poseidon_nb")
    }


@pytest.mark.parametrize("name", poseidon_nb.__all__)
def test_every_public_name_loads_and_is_listed_by_dir(name):
    assert getattr(poseidon_nb, name) is not None
    assert name in dir(poseidon_nb)


def test_all_has_no_duplicates():
    assert len(set(poseidon_nb.__all__)) == len(poseidon_nb.__all__)


def test_type_checkers_see_the_same_names_from_the_same_modules():
    seen = names_for_type_checkers()
    here = {"__version__", "load_ipython_extension", "unload_ipython_extension"}
    assert set(seen) == set(poseidon_nb.__all__) - here
    for name, module in seen.items():
        home = (
            "poseidon_nb"
            if name in poseidon_nb._SUBPACKAGES
            else f"poseidon_nb.{poseidon_nb._MODULES.get(name, 'errors')}"
        )
        assert module == home, name


def test_plots_gives_every_picture_that_a_module_of_it_draws():
    names = ("allocation", "cost", "metrics", "rightsizing", "sizes", "timeline")
    modules = [importlib.import_module(f"poseidon_nb.plots.{name}") for name in names]
    drawn = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert {"Picture", *drawn} == {*plots.__all__}


def test_every_error_is_public():
    tree = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert tree <= set(poseidon_nb.__all__)


def test_an_unknown_name_is_an_attribute_error_and_modules_can_be_imported():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        poseidon_nb.nothing  # noqa: B018  # the access is the test
    from poseidon_nb import text

    assert text.join_words(["a", "b"]) == "a and b"
