"""Monitoring an account for its panels: one set of requests, however many panels are open.

`monitor` polls the account, `polling` decides what is read and when, and `subscription` reports it to each panel.
"""
