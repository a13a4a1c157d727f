# The largest count, as a share of what is expected, by kind of die.
BEGIN { FS = "," }
{ share = $4 / $5; if (share > worst[$1]) worst[$1] = share }
END {
  printf "{"
  for (sides in worst) names = names (names == "" ? "" : " ") sides
  n = split(names, list, " ")
  # In a fixed order: awk's own is none.
  for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (list[j] + 0 < list[i] + 0) { t = list[i]; list[i] = list[j]; list[j] = t }
  for (i = 1; i <= n; i++) printf "%s\"worst_of_%d\": %.4f", (i > 1 ? ", " : ""), list[i], worst[list[i]]
  print "}"
}
