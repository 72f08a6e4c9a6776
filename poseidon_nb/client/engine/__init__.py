"""The engine: steps in, outcomes out. Every change to an account is carried out here, exactly once.

`steps` is the data, `outcomes` what became of it. An `execution` runs chains of steps side by side: a few workers send
(`sending`), lost answers are looked into (`recovery`), and what was started is `awaiting` its end, which one poller asks
for. The `engine` of a client decides who drives an execution: the caller, or a thread in the background once the caller has
left.
"""
