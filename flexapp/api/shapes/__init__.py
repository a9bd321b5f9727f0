"""The JSON of the API: what goes in, what comes out, and how it is made of the domain's things."""
