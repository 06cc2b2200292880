"""The one async service layer that feeds every screen through the bus."""
