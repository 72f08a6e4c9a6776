"""Every operation of the DigitalOcean API as data, looked up by its operationId or by a request's method and path.

`build.py` makes `operations.json` from the published specification; nothing else reads the specification at run time.
What an answer means is left to the floors above.

The file is read at the first question, and an `Operation` is made when it is first asked for. Beside the operations stand,
each placed by hand: in `effects`, what each of them does to the account; in `prices`, the published prices of what the
API tells none of; in `wait_limits`, how long work is waited for.
"""

from poseidon_nb.catalogue.lookup import operation, operation_ids
from poseidon_nb.catalogue.operation import Operation, Parameter
from poseidon_nb.catalogue.routes import match

__all__ = ["Operation", "Parameter", "match", "operation", "operation_ids"]
