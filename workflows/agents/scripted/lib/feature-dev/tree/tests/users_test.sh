. src/users.sh
known_user ada || { echo "ada is not known"; exit 1; }
! known_user mallory || { echo "mallory is known"; exit 1; }
