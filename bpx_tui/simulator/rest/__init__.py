"""The REST side of the simulated exchange: authentication, parsing, answers, one route file per subject."""
