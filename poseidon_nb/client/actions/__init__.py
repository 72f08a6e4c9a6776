"""Actions: started once, waited for, and told of meanwhile.

`starting` starts an action once and finds it again when its answer was `lost`; a wait has its own limits (`waiting`) and takes
part in the one `poller`, until the thing agrees with what the action said (`settle`). A `following` is what a wait tells,
without the wait.
"""
