"""The doors: command line, HTTP, web page, OpenAI-compatible API, MCP. Knows people; not models."""
