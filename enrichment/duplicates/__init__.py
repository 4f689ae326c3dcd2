"""When two texts say nearly the same, and how such texts are found among very many."""
