"""Where events come from: queues (``queue``), the files of trails (``trail``, ``digests``), LookupEvents (``lookup``).

Each step of a source reads what is there, hands it to the intake (watch/intake.py), which records it in one
transaction, and only then takes it off the queue, or moves its position on: who dies in between reads it again, and
events are stored once.
"""
