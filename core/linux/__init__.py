"""One module a kernel facility: man-page names, no policy, OSError out. Standard library only."""
