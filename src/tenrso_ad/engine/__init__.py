"""How things are differentiated. Nothing here knows a particular operation."""
