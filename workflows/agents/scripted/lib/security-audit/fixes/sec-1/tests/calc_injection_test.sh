. src/calc.sh
! calc '$(echo 1)' || { echo "a command is executed"; exit 1; }
