"""What is done to sound and images: everything runs in a limited subprocess (``runner``)."""
