"""Models run live: a text, a fact or a prompt of an atlas, in a process of its own."""
