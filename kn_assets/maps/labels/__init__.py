"""Labels of clusters: what many of a cluster have in common and few others."""
