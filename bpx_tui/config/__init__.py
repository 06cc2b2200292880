"""Settings, credentials, places on disk, keymap and theme specs."""
