"""HTTP: requests out, responses in. One pooled session that knows the API's conventions, but none of its resources.

`request.build_request` fills in an `Operation`. `Session.send` decides with `rate_limit` and `retry` when to send it and
whether to retry. `http` sends it once, over the connections of `connections`, and returns a `Response` or raises an error
from `responses` or `http`. `pagination` reads all pages of a list. `change_log` records changes. `credentials` finds the
token. This is the only package that imports ``requests``.
"""
