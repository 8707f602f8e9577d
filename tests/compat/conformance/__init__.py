"""`make conformance`: pydockd judged by programs that nobody here wrote, in a table (docs/compatibility.md).

`golden.py` compares what Docker's command line shows with recordings of real dockerds, `compose.py` takes
Docker Compose through whole projects, `suites.py` runs other projects' own tests where a checkout of them is
named. `daemon.py` gives each its own daemon, `images.py` its images, `page.py` writes the table. The judges
lie outside this repository, in ../shared/conformance (or CONFORMANCE); what is not there is skipped by name.
"""
