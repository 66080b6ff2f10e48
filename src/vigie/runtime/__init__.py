"""How work is run: here, in the threads of one process. Units of work know nothing of it.

A unit of work claims what is due in the store with a lease, so that any number of processes may run the same loops,
and so that the work of a killed one is taken up by the next.
"""
