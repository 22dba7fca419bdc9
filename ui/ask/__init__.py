"""Ask: what is known about whatever a person types, each line a link to a pane and to its SQL."""
