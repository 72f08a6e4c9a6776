"""Following an account for its panels: however many are open, it is asked once.

`watch` follows it for all of them, told through a `subscription` each. What it knows and reads is `account_reading`, when it
reads what is `schedule`, and what runs is among its `followings`.
"""
