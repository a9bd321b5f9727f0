"""Demo people, beats and the supervisor behind make demo."""
