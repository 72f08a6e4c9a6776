"""Actions: waited for, and told of meanwhile.

A wait has its own limits (`waiting`) and takes part in the one `poller`. A `following` is what a wait tells, without the wait.
"""
