"""The window. The only folder that may say PySide6, qasync, vispy."""
