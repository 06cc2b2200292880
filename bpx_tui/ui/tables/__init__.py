"""The account's tables as text: columns, rows and the sentence for an empty one. No Textual in here."""
