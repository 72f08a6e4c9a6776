"""Requests out, replies in: one pooled session that knows the API's manners and nothing of its nouns.

The flow of one request: `request.request_for` fills an `Operation` in → `Session.send` lets `rate_limit` and `retry`
decide when, and whether again → `wire` puts it on a connection, once → a `Reply`, or one of the errors of `replies` and
`failures`. `pages` makes many requests of one. `change_log` keeps what was changed. `credentials` finds the token. This is
the only package that imports ``requests``.
"""
