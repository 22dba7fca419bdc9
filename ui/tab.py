"""What a tab of the app is made of. Adding one takes one file here and one in static/:

- `ui/NAME/tab.py` with `TAB = Tab(...)`, put into `ui.app.TABS`: that is the one line elsewhere.
- `static/NAME/NAME.js`, an ES module named as the tab's `script`. It imports what it uses and calls
  `addTab("NAME", ({ element, trigger, ... }) => ...)` of page/tabs.js to fill the skeleton,
  `ask("question", {...})` of page/server.js for the tab's `questions`, and `trigger("event",
  {...})` for its `events`, whose answer comes as `props.value`.

A tab that keeps something of its own in the address names it in `addTab(name, mount, ["key"])`:
then `store.state.key` is a text, `go({key})` changes it, and `on("key", f)` hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ui.arguments import Checked
from ui.context import Context
from ui.rows import Answer

Question = Callable[[Context, Checked], Answer]
"""Quick, and answered beside the queue: the arguments are what a browser sent, so use `Checked`."""


@dataclass(frozen=True)
class Event:
    """Longer work, which goes through the queue.

    `answer(context, asked, user)` gives a JSON text (see `ui.pack.to_json`), or several one after
    the other. `at_once` is how many of these run together.
    """

    answer: Callable[[Context, object, str], str | Iterator[str]]
    at_once: int


@dataclass(frozen=True)
class Tab:
    """One tab: its place in the address, its words, its page and what the page may ask."""

    id: str
    title: str
    skeleton: str
    script: str
    styles: tuple[str, ...] = ()
    questions: Mapping[str, Question] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
