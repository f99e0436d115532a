"""Why it is so: deadlines, calls and silences worked out anew from the journal and the pinned policy."""

from qosresolve.replay.explain.explaining import explain, explain_product
from qosresolve.replay.explain.model import Explanation, UnprovableError

__all__ = ["Explanation", "UnprovableError", "explain", "explain_product"]
