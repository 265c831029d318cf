"""Ways to combine task losses into one update, one file each."""
