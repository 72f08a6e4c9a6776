"""Droplets that are priced and judged otherwise than most: nodes of Kubernetes, and those with GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poseidon_nb.analysis.columns import lists, numbers, texts
from poseidon_nb.analysis.size_classes import class_of

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.analysis.columns import Flags


def nodes(droplets: pd.DataFrame) -> Flags:
    """Say which droplets are nodes of Kubernetes, which has tagged them so (``kubernetes_list_clusters``, ``tags``)."""
    tags = [[str(one).casefold() for one in mine] for mine in lists(droplets, "tags")]
    return np.array([any(one == "k8s" or one.startswith("k8s:") for one in mine) for mine in tags], dtype=bool)


def with_gpus(droplets: pd.DataFrame) -> Flags:
    """Say which droplets have GPUs: by the slugs of their sizes, and where it is known by ``gpu_count``."""
    slugs = texts(droplets, "size")
    families = {slug: class_of(slug)[0] for slug in {*slugs}}
    named = np.array([families[slug] == "gpu" for slug in slugs], dtype=bool)
    return named | (np.nan_to_num(numbers(droplets, "gpu_count")) > 0)
