"""A comparison as a page, JSON, CSV, Markdown, HTML and figures."""
