"""What a tab of the app is made of. Adding one takes one file here and one in static/:

- `ui/NAME/tab.py` with `TAB = Tab(...)`, put into `ui.app.TABS`: that is the one line elsewhere.
- `static/NAME/NAME.js`, an ES module named as the tab's `script`. It exports `mount({ element })`,
  which fills the skeleton, and imports what it uses: `ask("question", {...})` of page/server.js for
  the tab's `questions`, and `runJob("job", {...}, ...)` of page/job.js for its `jobs`.

What a tab keeps of its own in the address it names in `texts`: then `store.state.key` is a text,
`go({key})` changes it, and `on("key", f)` hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ui.arguments import Checked
from ui.context import Context
from ui.rows import Answer
from ui.runs.job import Work

Question = Callable[[Context, Checked], Answer]
"""Quick, and answered beside the queue: the arguments are what a browser sent, so use `Checked`."""


Starter = Callable[[Context, Checked], Work | Answer]
"""The work of a job that a browser asked for (see `ui.runs.job`), or its result where that is
known. Quick; raises KnError where the job can't be started.
"""


@dataclass(frozen=True)
class Tab:
    """One tab: its place in the address, its words, its page and what the page may ask."""

    id: str
    title: str
    skeleton: str
    script: str
    texts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    questions: Mapping[str, Question] = field(default_factory=dict)
    jobs: Mapping[str, Starter] = field(default_factory=dict)
