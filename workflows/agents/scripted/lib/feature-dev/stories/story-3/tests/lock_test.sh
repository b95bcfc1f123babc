. src/lock.sh
! locked 2 || { echo "locked after two failures"; exit 1; }
locked 3 || { echo "open after three failures"; exit 1; }
