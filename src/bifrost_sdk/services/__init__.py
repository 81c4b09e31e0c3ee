"""What can be done: use cases over the ports, one noun or verb a module."""
