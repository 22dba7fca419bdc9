"""Reading a page of Wikipedia: from its HTML to the plain text of its description."""
