"""The engine: steps in, outcomes out. Every change to an account is carried out here, exactly once.

`steps` is the data, `outcomes` what became of it. An `execution` runs chains of steps side by side: a few workers send
(`sending`), lost answers are looked into (`recovery`), one poller asks how actions go, and the `engine` of a client decides
who drives an execution: the caller, or a thread in the background once the caller has left.
"""
