"""The database: declarative base, columns, sessions and keyset paging."""
