. src/check.sh
check_code 123456 123456 || { echo "the right code is refused"; exit 1; }
! check_code 123457 123456 || { echo "a wrong code is taken"; exit 1; }
! check_code '' '' || { echo "an empty code is taken"; exit 1; }
