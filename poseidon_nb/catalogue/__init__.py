"""Every operation of the DigitalOcean API as data, found by operationId or by a request's method and path.

`build` generates `operations.json` from the published specification; nothing else reads the specification at run time.
The file is loaded at the first lookup. `collections` finds the operation that lists what the parameter of a path names. The
other modules are maintained by hand: `effects` (what each operation does to the account), `prices` (published prices that the
API does not return), `metrics` (what readings mean), `wait_limits` (default timeouts) and `rightsizing` (its default limits).
"""

from poseidon_nb.catalogue.operations import Operation, Parameter, operation, operation_ids, possible_keys
from poseidon_nb.catalogue.routes import match

__all__ = ["Operation", "Parameter", "match", "operation", "operation_ids", "possible_keys"]
