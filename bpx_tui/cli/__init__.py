"""The command line: flags to settings, one file per sub-command, the launcher, and who owns the exit status.

Nothing here imports Textual, aiohttp, orjson or PyNaCl at the top of a file: help, version and a wrong flag must answer
at once, and the screen must be painted before the network libraries are read.
"""
