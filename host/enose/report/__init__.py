"""One project as one page of HTML: gather -> figures -> page. Nothing in it is fetched from anywhere."""
