"""Colour themes as data: `<name>.toml`, read by `pydock.tui.theme`."""
