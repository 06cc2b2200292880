"""The embedded simulated exchange: an independent reading of Backpack's specification."""
