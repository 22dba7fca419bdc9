"""The one exception whose text is meant for the person at the keyboard."""


class KnError(Exception):
    """A failure the user can mend: its text is one line that says what happened and what to do.

    The `kn` command prints it without a traceback and exits with 1.
    """
