# Lines of sides,seed,side,count,expected.
BEGIN {
  srand(seed)
  for (i = 0; i < throws; i++) count[1 + int(sides * rand())]++
  for (side = 1; side <= sides; side++)
    printf "%d,%d,%d,%d,%.4f\n", sides, seed, side, count[side], throws / sides
}
