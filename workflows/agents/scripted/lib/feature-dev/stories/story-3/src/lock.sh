# locked FAILURES: true after three failures in a row.
locked() { [ "$1" -ge 3 ]; }
