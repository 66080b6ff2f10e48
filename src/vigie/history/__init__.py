"""The authoritative record. The only package that knows SQL.

``open_history(url)`` gives a :class:`History`, whose parts are:

================  =======================================================================================
``recorder``      writes what the watcher saw: revisions, coverage (record.py)
``archive``       reads: resources, revisions, diffs, how it was at T, coverage (archive.py)
``events``        what CloudTrail told, who did it, how far the logs are complete (events.py)
``attributions``  which events explain which revision (attributions.py)
``findings``      findings and their states through time, justifications (findings.py)
``work``          the queue of due work, claimed with a lease and a fencing token (work.py)
``outbox``        notifications to be routed and delivered (outbox.py)
``accounts``      known accounts and networks (accounts.py)
``users``         local users, sessions, API tokens of the web UI (users.py)
================  =======================================================================================
"""
