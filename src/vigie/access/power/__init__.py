"""Power: what a principal may do in the end, who is administrator, and who can become one. Pure, standard library only.

``effective`` holds a principal's policies in layers, ``deciding`` answers ``can``, ``comparing`` tells what a change
gave or took, ``standing`` who is administrator, ``paths`` who can become one. ``accounts`` reads what is recorded.
"""

from vigie.access.power.comparing import Shifts, shifts
from vigie.access.power.deciding import Decision, Extent, can
from vigie.access.power.effective import Effective, Identity, Layer, LayerKind

__all__ = ["Decision", "Effective", "Extent", "Identity", "Layer", "LayerKind", "Shifts", "can", "shifts"]
