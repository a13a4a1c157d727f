# A Vega-Lite figure of all counts.
BEGIN {
  FS = ","
  print "{\"$schema\": \"https://vega.github.io/schema/vega-lite/v6.json\","
  print " \"usermeta\": {\"pipe\": {\"title\": \"Counts by side\", \"caption\": \"A point per seed.\", \"section\": \"Dice\", \"order\": 1}},"
  printf " \"data\": {\"values\": ["
}
{ printf "%s\n  {\"sides\": %d, \"seed\": %d, \"side\": %d, \"share\": %.4f}", (NR > 1 ? "," : ""), $1, $2, $3, $4 / $5 }
END {
  print "\n ]},"
  print " \"mark\": \"point\","
  print " \"encoding\": {"
  print "  \"x\": {\"field\": \"side\", \"type\": \"quantitative\"},"
  print "  \"y\": {\"field\": \"share\", \"type\": \"quantitative\", \"title\": \"count, as a share of what is expected\"},"
  print "  \"color\": {\"field\": \"sides\", \"type\": \"nominal\"}}}"
}
