"""From whatever a source of CloudTrail records delivers to events: who did what to which resources. Pure.

``read`` takes the content of a file, a queue's message or an EventBridge event, and gives an ``Event`` for each record,
in order. What is no record becomes ``Malformed``, and never stops the rest; a notification that says where records are
becomes ``RecordsFile``. Secrets are redacted before anything else looks at a record.

``Interpreter`` says what an event changed; without a catalogue it names resources all the same, and knows no scopes.
"""

from vigie.watch.events.interpret import Interpreter, scope_of
from vigie.watch.events.reading import read, read_record

__all__ = ["Interpreter", "read", "read_record", "scope_of"]
