"""What the page is made of: components that scripts fill, and those scripts as they are served."""
