"""Findings and changes → people.

``routes`` and ``digest`` decide (pure), ``message`` says (structured; ``render`` makes text, HTML and Slack blocks of
it), ``channels`` carry, and ``worker.Notifier`` acts: it takes outbox rows, routes them, composes what is due, and
delivers it.
"""
