"""Everything a user can do, declared once."""
