"""Processes of their own for work that may run too long, take too much memory or be cancelled.

`Child` is the asking side, `serve` the answering one. Both only send bytes, framed by
`multiprocessing`'s Connection: a question is JSON, an answer JSON with a body of bytes. Nothing is
pickled, so what a child says can't run anything in the process that asks.
"""

from kn_assets.processes.answering import serve
from kn_assets.processes.child import Child
from kn_assets.processes.messages import UNFORESEEN, Stopped, Tell

__all__ = ["UNFORESEEN", "Child", "Stopped", "Tell", "serve"]
