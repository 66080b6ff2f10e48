"""Reachability from the internet: what of it gets a packet in to a resource, by the recorded network, hop by hop.

A static model of one VPC; docs/explanation/reachability.md says what is modelled and what is not. ``reach`` answers for
one resource, ``compare`` says what a change did, ``affected`` which resources a change can concern.
"""

from vigie.access.reach.answer import Hop, Passage, Path, Reach
from vigie.access.reach.asking import REACHED_TYPES, Question, question, reach
from vigie.access.reach.boxes import Boxes, Packet
from vigie.access.reach.changing import affected, judge_change
from vigie.access.reach.comparing import compare
from vigie.access.reach.recorded import NETWORK_TYPES, Network, Recorded

__all__ = [
    "NETWORK_TYPES",
    "REACHED_TYPES",
    "Boxes",
    "Hop",
    "Network",
    "Packet",
    "Passage",
    "Path",
    "Question",
    "Reach",
    "Recorded",
    "affected",
    "compare",
    "judge_change",
    "question",
    "reach",
]
