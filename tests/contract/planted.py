"""A server whose responses hold a planted secret in every secret field."""

from __future__ import annotations

import itertools
import json
from typing import Any

from poseidon_nb.masking import MASK, mask
from tests.contract.strict_server import StrictServer

PREFIX = "PLANTED"
KUBECONFIG = f"apiVersion: v1\nclusters:\n- name: c\nusers:\n- name: admin\n  user:\n    token: {PREFIX}-kube\n"


class PlantedServer(StrictServer):
    """Answers every operation, and remembers the secrets that it has sent."""

    token = f"dop_v1_{PREFIX.lower()}0123456789abcdef0123456789abcdef"

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.secrets: set[str] = set()
        self._numbers = itertools.count(1)
        #: Every request is refused with this body, unless it is None.
        self.refusal: Any = None

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer to a request."""
        if self.refusal is not None:
            return 422, "application/json", json.dumps(self.refusal).encode()
        return super().reply(method, target, headers, body)

    def text(self, operation_id: str) -> str:
        """Return the text of an operation that answers no JSON."""
        return KUBECONFIG if operation_id == "kubernetes_get_kubeconfig" else super().text(operation_id)

    def has_secrets(self, operation_id: str) -> bool:
        """Return whether the response of an operation has secret fields."""
        sample = self.samples.response(operation_id)
        return mask(sample) != sample

    def _answer(self, operation_id: str) -> Any:
        sample = self.samples.response(operation_id)
        return self._plant(sample, mask(sample))

    def _plant(self, value: Any, masked: Any) -> Any:
        if isinstance(masked, str) and MASK in masked:
            secret = f"{PREFIX}-{next(self._numbers)}-secret"
            self.secrets.add(secret)
            return f"https://user:{secret}@example.com/" if "://" in value else secret
        if isinstance(value, dict):
            return {name: self._plant(item, masked[name]) for name, item in value.items()}
        if isinstance(value, list):
            return [self._plant(item, other) for item, other in zip(value, masked, strict=True)]
        return value
