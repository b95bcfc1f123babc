. src/login.sh
APP_PASSWORD=open-sesame
may_enter open-sesame || { echo "the right password is refused"; exit 1; }
! may_enter wrong || { echo "a wrong password is taken"; exit 1; }
