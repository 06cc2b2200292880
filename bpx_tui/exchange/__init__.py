"""The wire: signing, REST, stream, limits, decoding. The only room that knows JSON keys."""
