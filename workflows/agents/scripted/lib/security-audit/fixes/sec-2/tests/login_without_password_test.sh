. src/login.sh
APP_PASSWORD=
! may_enter '' || { echo "without a password set, everybody enters"; exit 1; }
