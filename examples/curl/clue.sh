#!/usr/bin/env bash
# CLUe's two documented calls, "Register User" and "Retrieve Logs", at a server of your own. What differs from a script for CLUe is the host and the key.
#   BASE_URL=http://127.0.0.1:8080 API_KEY=… PLACE_ID=178 ./clue.sh register
#   … ./clue.sh events
# USER_KEY, USER_NAME and CARD say whom register enrols; PHOTO names a JPEG or PNG of their face.
set -euo pipefail

: "${BASE_URL:?the address of your server, such as http://127.0.0.1:8080}" "${API_KEY:?your API key}" "${PLACE_ID:?the id of your place}"
USER_KEY=${USER_KEY:-1234567}
USER_NAME=${USER_NAME:-namehere}
CARD=${CARD:-12345}

# Epoch milliseconds. A window of events is at most seven days long.
now=$(($(date +%s) * 1000))
day=86400000

# The key stays off the command line, where every user of the machine could read it.
call() {
  curl --silent --show-error --location --header @- "$@" <<<"Authorization: Bearer $API_KEY"
  echo
}

register() {
  local body faces=""
  if [ -n "${PHOTO:-}" ]; then faces=", \"faceImages\": [\"$(base64 <"$PHOTO" | tr -d '\n')\"]"; fi
  body=$(mktemp)
  trap 'rm -f "$body"' RETURN
  cat >"$body" <<JSON
{
  "user": { "key": "$USER_KEY", "name": "$USER_NAME" },
  "auth": {
    "startTime": $((now - day)),
    "endTime": $((now + 365 * day)),
    "doorAccessType": "ALL_DOOR",
    "scheduleType": "ALWAYS",
    "credentials": { "cards": [{ "cardNumber": "$CARD", "formatType": "CSN" }]$faces },
    "activeStatus": "ACTIVE"
  }
}
JSON
  call "$BASE_URL/v1/be/places/$PLACE_ID/auths" --header 'Content-Type: application/json' --data @"$body"
}

events() {
  local window="startTime=$((now - 6 * day))&endTime=$((now + day / 2))"
  call "$BASE_URL/v1/be/events?$window&filterEvents=DEV_CARD_AUTH_SUCCESS%2CDEV_CARD_AUTH_FAIL%2CDEV_FACE_AUTH_SUCCESS%2CDEV_FACE_AUTH_FAIL%2CDEV_DOOR_RELAY_ON%2CDEV_DOOR_RELAY_OFF&page=0&size=200&sort=id%2Casc&placeId=$PLACE_ID"
}

case "${1:-}" in
  register | events) "$1" ;;
  *)
    echo "usage: $0 register | events" >&2
    exit 2
    ;;
esac
